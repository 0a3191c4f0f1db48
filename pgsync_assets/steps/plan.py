"""What a run would do now, as a plan that is held."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ..config import Partition, SyncConfig
from ..connect import READ_ONLY, Endpoint
from ..errors import TerminalError
from ..outcome import PlanPreview
from ..plan import Part, Plan, invalid_keys
from .changes import changes
from .ends import Ends
from .hold import hold, reason_to_hold
from .make_plan import make_plan
from .progress import Reporter, silent
from .recover import recover, refuse_unfinished
from .settle import left_note, parked_note
from .work import Work, opened


def plan(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    partition: Partition | None = None,
    full_resync: bool = False,
    row_limit: int | None = None,
    limit: int = 20,
    known: Collection[str] | None = None,
) -> PlanPreview:
    """Shows what a run would do now, and holds that plan: `apply` writes it, and nothing else.

    Writes nothing but the plan in the planner. A plan is held until another one replaces it, or a
    run writes; one that would write the same rows again keeps its number.

    Args:
        sync: what the user wrote, with the model's SQL loaded.
        source: where the model is read.
        destination: where the table is; it is only looked at.
        platform: see `run`.
        partition: only this slice of the model.
        full_resync: send every row of the model again.
        row_limit: plan so many changes at most; see `run`.
        limit: changes to show row by row, at the most.
        known: see `run`.

    Raises:
        UnfinishedRun: an interrupted run comes first.
        PgsyncError: see `pgsync_assets.sync.run`.
    """
    part = Part(row_limit)
    part.check(full_resync=full_resync)
    reporter = Reporter(sync.name, partition.name if partition else None, silent)
    ends = Ends(source, destination, platform, known)
    with opened(sync, ends, partition, reporter, making="try") as work:
        refuse_unfinished(work)
        work, _ = recover(work, full_resync)
        run = work.planner.begin(work.state, work.slice)
        try:
            work, made = make_plan(work, run, full_resync=full_resync, part=part)
        except TerminalError:
            work.planner.drop(work.state, run, "failed")
            raise
        held = hold(work, made, reason_to_hold(work, made, full_resync))
        return _preview(work, replace(held, left_out=made.left_out), limit)


def _preview(work: Work, held: Plan, limit: int) -> PlanPreview:
    with work.planner.session.transaction("reading the plan", READ_ONLY) as connection:
        key, named = held.shape.key, work.audit.privacy.name
        keys = invalid_keys(work.planner, connection, held.run, key, named)
    return PlanPreview(
        held.run.id,
        work.sync.name,
        held.run.partition or None,
        held.counts,
        held.invalid,
        tuple(
            changes(
                work.planner,
                work.state,
                held,
                lambda: work.ledger.session,
                work.audit.privacy,
                limit,
            )
        ),
        keys,
        (*work.notes, *left_note(held), *parked_note(work.sync.name, held.left_out)),
        held.reason,
        left=held.left.total,
    )
