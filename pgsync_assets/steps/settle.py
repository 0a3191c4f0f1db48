"""The end of a plan, in one planner transaction: refused rows, audit, snapshot, state.

What the ledger says decides: batches that are in are advanced as planned; rows behind them were
never tried and are planned anew. All of it commits together, so there is no step between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from typing import Protocol

from ..config import SyncConfig
from ..errors import UnexpectedError
from ..failpoints import failpoint
from ..outcome import Counts, InvalidKeys, Outcome, Rejection
from ..plan import Advance, Plan, Planner, Sides, State, invalid_keys, settle_refused, silent_rows
from ..record import Audit, Error, Fate
from ..sent import Sent
from ..write import SILENT, Entry, Ledger
from .drift import drift
from .work import Work


class Books(Protocol):
    """Who is asked, and told, when a plan is settled."""

    @property
    def sync(self) -> SyncConfig:
        """What the user wrote."""

    @property
    def planner(self) -> Planner:
        """What was planned."""

    @property
    def ledger(self) -> Ledger:
        """What is in."""

    @property
    def audit(self) -> Audit:
        """What happened."""

    @property
    def state(self) -> State:
        """As claimed."""


@dataclass(frozen=True)
class Settlement:
    """What a settled plan came to.

    Args:
        state: as it is now.
        fate: what became of the rows.
        applied: rows that the destination's ledger counted.
        rejections: a sample of the refused ones.
        invalid_keys: those that were refused for their key.
        parked: rows that it left out, as earlier runs were refused them.
        absorbed: rows that the destination takes in silence and does not keep.
    """

    state: State
    fate: Fate
    applied: int
    rejections: tuple[Rejection, ...]
    invalid_keys: InvalidKeys
    parked: int
    absorbed: int


def settle(
    work: Books, plan: Plan, error: Error | None = None, *, seen: Sides | None = None
) -> Settlement:
    """Settles a plan by what the ledger says of it.

    Args:
        work: the run that settles, which may be another than the one that planned.
        plan: complete; written in whole, in part or not at all.
        error: why the rest of it is given up, if it is.
        seen: what both ends look like to the run that ends well with it; None: of an earlier run.

    Raises:
        UnexpectedError: the ledger counted other rows than the plan; nothing was settled.
        FencedOff: a newer run took over.
    """
    entry = work.ledger.read(work.state)
    is_ours = entry is not None and entry.run == plan.run.id
    committed = plan.rows_of(entry.batch)[1] if entry and is_ours and entry.batch else 0
    rejects = work.ledger.rejects(work.state, plan.run.id)
    with work.planner.hold(work.state, "settling the run") as connection:
        work.planner.reject(connection, plan, [astuple(r) for r in rejects])
        failed, invalid = work.planner.failures(connection, plan.run)
        aborted = Counts()
        if committed < plan.counts.total:
            aborted = work.planner.planned(connection, plan.run, behind=committed)
        fate = Fate(plan.counts + invalid, failed, aborted)
        if is_ours:
            _agree(entry, fate, invalid)
        parks = not work.sync.retry_rejected
        parked = settle_refused(work.planner, connection, work.state, plan, committed, parks=parks)
        work.audit.rows(connection, work.state, plan, committed)
        failpoint("audit written")
        advance = Advance(
            work.planner, connection, work.state, plan, committed, failed.total - invalid.total
        )
        advanced = _advanced(work.state, plan, fate, entry if is_ours else None)
        state = replace(advanced, row_count=advance.apply(), columns=seen or work.state.columns)
        failpoint("snapshot advanced")
        work.audit.run(
            connection,
            state,
            plan.run,
            fate,
            batches=plan.batches,
            error=error,
            parked=parked,
            left=plan.left.total,
        )
        rejections = work.audit.privacy.rejections(work.planner.sample(connection, plan.run))
        bad_keys = invalid_keys(
            work.planner, connection, plan.run, plan.shape.key, work.audit.privacy.name
        )
        absorbed = silent_rows(work.planner, connection, work.state, plan, SILENT)
        work.planner.settled(connection, state, plan)
        failpoint("run closed")
    failpoint("settled")
    applied = entry.applied if entry and is_ours else 0
    return Settlement(state, fate, applied, rejections, bad_keys, parked, absorbed)


def _advanced(state: State, plan: Plan, fate: Fate, entry: Entry | None) -> State:
    """What the state knows after a plan; the entry is that of its run, if it wrote."""
    return replace(
        state,
        shape=plan.shape,
        ledger=plan.shape.ledger,
        ledger_run=entry.run if entry else state.ledger_run,
        ledger_batch=entry.batch if entry else state.ledger_batch,
        cursor=_cursor(state, plan, fate),
    )


def outcome(work: Work, plan: Plan, settlement: Settlement, sent: Sent) -> Outcome:
    """What a run did, for people.

    Args:
        work: the run.
        plan: its plan.
        settlement: how it ended.
        sent: to the destination.
    """
    fate = settlement.fate
    return Outcome(
        run_id=plan.run.id,
        sync=work.sync.name,
        partition=plan.run.partition or None,
        status="succeeded" if not fate.aborted.total else "failed",
        planned=fate.planned,
        succeeded=fate.succeeded,
        failed=fate.failed,
        aborted=fate.aborted,
        applied=settlement.applied,
        invalid=plan.invalid,
        invalid_keys=settlement.invalid_keys,
        rejections=settlement.rejections,
        parked=settlement.parked,
        left=plan.left.total,
        row_count=settlement.state.row_count,
        bytes=sent.bytes,
        sent=sent.batches,
        seconds=work.reporter.finish(),
        columns=tuple(work.target.columns[name].column for name in work.mapping.targets),
        carried=work.carried,
        notes=(
            *work.notes,
            *sent.notes,
            *left_note(plan),
            *parked_note(work.sync.name, settlement.parked),
        ),
        bytes_read=work.bytes_read,
        orphans=work.orphans,
        absorbed=settlement.absorbed,
        drift=drift(work.sync, work.state.columns, work.sides),
        batches=plan.batches,
    )


def left_note(plan: Plan) -> Iterator[str]:
    """What is said where a part of the changes was asked for.

    Args:
        plan: that has the part.
    """
    if plan.left.total:
        yield (
            f"{plan.left.total:,} of {plan.found.total:,} changes are left to the next run: "
            "a part of them was asked for"
        )


def parked_note(sync: str, parked: int) -> Iterator[str]:
    """What is said where rows were left out.

    Args:
        sync: its name.
        parked: how many.
    """
    if parked:
        yield (
            f"{parked:,} rejected rows are parked and were not tried (retry_rejected: false); "
            f"to see them: pgsync-assets rejected {sync}; to try them again: --retry"
        )


def _agree(entry: Entry | None, fate: Fate, invalid: Counts) -> None:
    """No run may hide a row that was neither applied nor rejected (I4, I6)."""
    refused = fate.failed.total - invalid.total
    if entry and (entry.applied, entry.rejected) != (fate.succeeded.total, refused):
        raise UnexpectedError(
            f"the ledger counted {entry.applied} applied and {entry.rejected} refused rows, "
            f"the plan {fate.succeeded.total} and {refused}",
            "nothing was settled; please report it",
        )


def _cursor(state: State, plan: Plan, fate: Fate) -> str | None:
    """Moves on only when every row behind it is in: the next run looks at the others again.

    Those that a comparison of the whole model found may lie before any cursor.
    """
    if not (fate.failed.total or fate.aborted.total or plan.left.total):
        return plan.cursor
    return None if plan.is_whole else state.cursor
