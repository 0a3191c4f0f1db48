"""The story of a row, from the model to the destination table.

    connect -> lock -> recover -> plan -> guard -> write -> advance and record

Each step commits something of its own, and each can be interrupted anywhere: the next run finds
out from the planner and the ledger what is in, and goes on. ARCHITECTURE.md draws it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from .config import Partition, SyncConfig
from .connect import Endpoint
from .errors import TerminalError, TransientError
from .failpoints import failpoint
from .outcome import Listener, Outcome, PlanPreview
from .plan import Run
from .steps.apply_plan import Application
from .steps.changes import changes
from .steps.check import check
from .steps.discard import discard
from .steps.ends import Ends
from .steps.hold import hold, reason_to_hold, stopped
from .steps.make_plan import make_plan
from .steps.progress import Reporter, silent
from .steps.recover import recover, refuse_unfinished
from .steps.settle import outcome, settle
from .steps.show_plan import show_plan
from .steps.work import Work, opened
from .steps.write_plan import write_plan

__all__ = ["apply", "check", "discard", "plan", "run", "show_plan"]

PAUSES_S = (1.0, 2.0, 4.0)
"""Seconds before the same again, after a failure that may pass."""


def run(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    partition: Partition | None = None,
    full_resync: bool = False,
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
        on_progress: is told where the run is.

    Raises:
        AlreadyRunning: another run of this sync is under way; nothing was touched.
        GuardError: the plan looks like an accident; it is held, and nothing was written.
        TerminalError: somebody has to act; what is in is advanced and recorded.
        TransientError: it failed several times; the next run goes on where this one stopped.
        FencedOff: a newer run took over.
    """
    ends = Ends(source, destination, platform)
    return _tried(sync, ends, partition, on_progress, lambda work: _run(work, full_resync))


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
    ends = Ends(source, destination, platform)
    return _tried(sync, ends, partition, on_progress, Application(plan_id, by))


def plan(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    partition: Partition | None = None,
    full_resync: bool = False,
    limit: int = 20,
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
        limit: changes to show row by row, at the most.

    Raises:
        UnfinishedRun: an interrupted run comes first.
        PgsyncError: see `run`.
    """
    reporter = Reporter(sync.name, partition.name if partition else None, silent)
    with opened(sync, Ends(source, destination, platform), partition, reporter) as work:
        refuse_unfinished(work)
        work, _ = recover(work, full_resync)
        run = work.planner.begin(work.state, work.slice)
        try:
            work, made = make_plan(work, run, full_resync)
        except TerminalError:
            work.planner.drop(work.state, run, "failed")
            raise
        held = hold(work, made, reason_to_hold(work, made, full_resync))
        shown = tuple(changes(work.planner, work.state, held, work.ledger.session, limit))
    name = held.run.partition or None
    return PlanPreview(held.run.id, sync.name, name, held.counts, held.invalid, shown, held.reason)


def _tried(
    sync: SyncConfig,
    ends: Ends,
    partition: Partition | None,
    on_progress: Listener,
    do: Callable[[Work], Outcome],
) -> Outcome:
    """Does it, and again where a failure may pass; what is in is found by reading the ledger."""
    reporter = Reporter(sync.name, partition.name if partition else None, on_progress)
    for pause in (*PAUSES_S, None):
        try:
            with opened(sync, ends, partition, reporter) as work:
                return do(work)
        except TransientError:
            if pause is None:
                raise
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def _run(work: Work, full_resync: bool) -> Outcome:
    work.reporter.step("recover")
    work, recovered = recover(work, full_resync)
    run = work.planner.begin(work.state, work.slice)
    failpoint("run begun")
    with _recorded(work, run):
        work.reporter.step("plan")
        work, plan = make_plan(work, run, full_resync)
    work.reporter.step("guard")
    reason = reason_to_hold(work, plan, full_resync)
    if reason is not None:
        raise stopped(work, plan, reason)
    sent = write_plan(work, plan, resumed=False)
    work.reporter.step("advance")
    settlement = settle(work, plan)
    return replace(outcome(work, plan, settlement, sent), recovered=recovered, carried=work.carried)


@contextmanager
def _recorded(work: Work, run: Run) -> Iterator[None]:
    """A run that fails before it writes is a failed run in the audit, and leaves no plan."""
    try:
        yield
    except TerminalError as error:
        work.audit.fail(work.state, run, error.message)
        work.planner.drop(work.state, run, "failed")
        raise
