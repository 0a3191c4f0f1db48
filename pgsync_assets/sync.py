"""The story of a row, from the model to the destination table.

    connect -> lock -> recover -> plan -> guard -> write -> advance and record

Each step commits something of its own, and each can be interrupted anywhere: the next run finds
out from the planner and the ledger what is in, and goes on. ARCHITECTURE.md draws it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

from .config import Partition, SyncConfig
from .connect import Endpoint, tried
from .errors import TerminalError
from .failpoints import failpoint
from .outcome import Listener, Outcome
from .plan import Part, Run
from .steps.apply_plan import Application
from .steps.check import check
from .steps.discard import discard
from .steps.ends import Ends
from .steps.hold import reason_to_hold, stopped
from .steps.mapping import mapping
from .steps.plan import plan
from .steps.progress import Reporter, silent
from .steps.recover import recover
from .steps.settle import outcome, settle
from .steps.show_plan import show_plan
from .steps.standing import drift_now, standing
from .steps.told import telling
from .steps.try_connection import try_connection
from .steps.verification import verify
from .steps.wanted import Wanted
from .steps.work import Work, opened
from .steps.write_plan import write_plan

__all__ = [
    "apply",
    "check",
    "discard",
    "drift_now",
    "mapping",
    "plan",
    "run",
    "show_plan",
    "standing",
    "try_connection",
    "verify",
    "weaknesses",
]

_log = logging.getLogger(__name__)


def run(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    partition: Partition | None = None,
    full_resync: bool = False,
    compare_all: bool = False,
    retry_rejected: bool = False,
    row_limit: int | None = None,
    only_rejected: bool = False,
    known: Collection[str] | None = None,
    by: str | None = None,
    on_progress: Listener = silent,
) -> Outcome:
    """Brings the destination table to what the model says. Sends changed rows only.

    Args:
        sync: what the user wrote, with the model's SQL loaded.
        source: where the model is read; engine lightning keeps planner and audit there.
        destination: where the table is.
        platform: where engine standard keeps them; also looked at when the engine was switched.
        partition: only this slice of the model.
        full_resync: send every row of the model again; removals are still computed.
        compare_all: compare the whole model, whatever the cursor says.
        retry_rejected: rows that are parked (`retry_rejected: false`) are tried once more.
        row_limit: send so many changes at most; the others are left to the next run. An unfinished
            run is finished in its place.
        only_rejected: send only rows that are refused now, parked ones as well; other changes are
            left to the next run.
        known: names of all syncs of the project: a first run beside the state of another name for
            the same rows is refused. None: not known; it is a note of the run then.
        by: who runs it, for those who find that it is running.
        on_progress: is told where the run is.

    Raises:
        AlreadyRunning: another run of this sync is under way; nothing was touched.
        GuardError: the plan looks like an accident; it is held, and nothing was written.
        TerminalError: somebody has to act; what is in is advanced and recorded.
        TransientError: it failed several times; the next run goes on where this one stopped.
        FencedOff: a newer run took over.
    """

    part = Part(row_limit, only_rejected)
    part.check(full_resync=full_resync)
    wanted = Wanted(full_resync, compare_all, retry_rejected, part)
    ends = Ends(source, destination, platform, known, by)
    return _tried(sync, ends, partition, on_progress, lambda work: _run(work, wanted))


def apply(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    plan_id: int,
    *,
    platform: Endpoint | None = None,
    partition: Partition | None = None,
    by: str | None = None,
    on_progress: Listener = silent,
) -> Outcome:
    """Writes exactly the rows of a held plan, even where the source has changed since.

    Args:
        sync: whose plan it is, with the model's SQL loaded.
        source: where the model is read.
        destination: where the table is.
        plan_id: number of the plan, as `plan` or a guarded run told it.
        platform: see `run`.
        partition: the slice of the model that the plan is about.
        by: who approves the plan, where nobody has yet.
        on_progress: is told where the run is.

    Raises:
        StalePlan: it cannot be applied, and the message says why; nothing was written.
        UnfinishedRun: another run was interrupted while it wrote.
        PgsyncError: see `run`.
    """
    ends = Ends(source, destination, platform, by=by)
    return _tried(sync, ends, partition, on_progress, Application(plan_id, by))


def weaknesses(
    sync: SyncConfig, source: Endpoint, destination: Endpoint, *, platform: Endpoint | None = None
) -> tuple[str, ...]:
    """Which connections of a sync are weaker than `sslmode: verify-full`, and what that means.

    Args:
        sync: the sync.
        source: where the model is read.
        destination: where the table is.
        platform: see `run`.

    Returns:
        A sentence for each such connection; a run logs them, and has them among its notes.

    Raises:
        ConfigurationError: its engine needs a platform, or the variable of a host is not set.
    """
    return Ends(source, destination, platform).weaknesses(sync)


def _tried(
    sync: SyncConfig,
    ends: Ends,
    partition: Partition | None,
    on_progress: Listener,
    do: Callable[[Work], Outcome],
) -> Outcome:
    """Does it, and again where a failure may pass; what is in is found by reading the ledger."""
    reporter = Reporter(sync.name, partition.name if partition else None, on_progress)
    for weakness in ends.weaknesses(sync):
        _log.warning("sync %s: %s", sync.name, weakness)

    def once() -> Outcome:
        with opened(sync, ends, partition, reporter, making="keep") as work:
            return do(work)

    with reporter.pulsing():
        return tried(once)


def _run(work: Work, wanted: Wanted) -> Outcome:
    work.reporter.step("recover")
    work, recovered = recover(work, wanted.full_resync)
    ends = work.planner, work.state, work.ledger.session
    return telling(work.sync, *ends, lambda: _planned(work, wanted, recovered))


def _planned(work: Work, wanted: Wanted, recovered: Outcome | None) -> Outcome:
    done = wanted.done_before(work, recovered)
    if done is not None:
        return done
    run = work.planner.begin(work.state, work.slice)
    wanted.begun(run)
    failpoint("run begun")
    with _recorded(work, run):
        work.reporter.step("plan")
        work, plan = wanted.plan(work, run)
    with work.holding_rows():
        work.reporter.step("guard")
        reason = reason_to_hold(work, plan, wanted.full_resync)
        if reason is not None:
            raise stopped(work, plan, reason)
        sent = write_plan(work, plan, resumed=False)
    work.reporter.step("advance")
    settlement = settle(work, plan, seen=work.sides)
    return replace(outcome(work, plan, settlement, sent), recovered=recovered)


@contextmanager
def _recorded(work: Work, run: Run) -> Iterator[None]:
    """A run that fails before it writes is a failed run in the audit, and leaves no plan."""
    try:
        yield
    except TerminalError as error:
        work.audit.fail(work.state, run, error)
        work.planner.drop(work.state, run, "failed")
        raise
