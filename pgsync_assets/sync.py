"""The story of a row, from the model to the destination table.

    connect -> lock -> recover -> plan -> guard -> write -> advance and record

Each step commits something of its own, and each can be interrupted anywhere: the next run finds
out from the planner and the ledger what is in, and goes on. ARCHITECTURE.md draws it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from .config import Partition, SyncConfig
from .connect import READ_ONLY, Endpoint
from .errors import AlreadyRunning, GuardError, TerminalError, TransientError
from .failpoints import failpoint
from .outcome import Listener, Outcome, PlanPreview, Verification
from .plan import Plan, Run, guard, invalid_keys, preview
from .steps.check import check
from .steps.ends import Ends
from .steps.make_plan import make_plan
from .steps.progress import Reporter, silent
from .steps.recover import recover, refuse_unfinished
from .steps.settle import outcome, settle
from .steps.verify import verify as verified
from .steps.work import Work, opened
from .steps.write_plan import write_plan

__all__ = ["check", "plan", "run", "verify"]

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
    compare_all: bool = False,
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
        on_progress: is told where the run is.

    Raises:
        AlreadyRunning: another run of this sync is under way; nothing was touched.
        TerminalError: somebody has to act; what is in is advanced and recorded.
        TransientError: it failed several times; the next run goes on where this one stopped.
        FencedOff: a newer run took over.
    """
    ends = Ends(source, destination, platform)
    reporter = Reporter(sync.name, partition.name if partition else None, on_progress)
    for pause in (*PAUSES_S, None):
        try:
            with opened(sync, ends, partition, reporter) as work:
                return _run(work, full_resync, compare_all)
        except TransientError:
            if pause is None:
                raise
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def plan(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    partition: Partition | None = None,
    limit: int = 20,
) -> PlanPreview:
    """Shows what a run would do now. Writes nothing but its own plan in the planner.

    Args:
        sync: what the user wrote, with the model's SQL loaded.
        source: where the model is read.
        destination: where the table is; it is only looked at.
        platform: see `run`.
        partition: only this slice of the model.
        limit: changes to show row by row, at the most.

    Raises:
        UnfinishedRun: an interrupted run comes first.
        PgsyncError: see `run`.
    """
    reporter = Reporter(sync.name, partition.name if partition else None, silent)
    with opened(sync, Ends(source, destination, platform), partition, reporter) as work:
        refuse_unfinished(work)
        work, _ = recover(work, full_resync=False)
        run = work.planner.begin(work.state, work.slice)
        try:
            work, planned = make_plan(work, run, full_resync=False)
        except TerminalError:
            work.planner.drop(work.state, run, "failed")
            raise
        work.planner.keep(work.state, run)
        changes = preview(work.planner, work.state, planned, limit)
        with work.planner.session.transaction("reading the plan", READ_ONLY) as connection:
            invalid = invalid_keys(work.planner, connection, run, work.shape.key)
    return PlanPreview(
        planned.run.id,
        sync.name,
        partition.name if partition else None,
        planned.counts,
        planned.invalid,
        changes,
        invalid,
        work.notes,
    )


def verify(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    partition: Partition | None = None,
    limit: int = 20,
    values: bool = False,
    on_progress: Listener = silent,
) -> Verification:
    """Compares the destination with the model, row by row. Changes nothing; no run goes on beside.

    Args:
        sync: what the user wrote, with the model's SQL loaded.
        source: where the model is read.
        destination: where the table is.
        platform: see `run`.
        partition: only this slice of the model.
        limit: differences to list at the most.
        values: list values of the rows that differ; else none leaves its server.
        on_progress: is told where the comparison is.

    Raises:
        AlreadyRunning: a run is under way.
        PgsyncError: see `run`.
    """
    reporter = Reporter(sync.name, partition.name if partition else None, on_progress)
    try:
        ends = Ends(source, destination, platform)
        with opened(sync, ends, partition, reporter, records_refusal=False) as work:
            return verified(work, limit=limit, with_values=values)
    except AlreadyRunning:
        raise AlreadyRunning(
            f"{sync.name}: a run is under way", "verify it when that has ended"
        ) from None


def _run(work: Work, full_resync: bool, compare_all: bool) -> Outcome:
    work.reporter.step("recover")
    work, recovered = recover(work, full_resync)
    run = work.planner.begin(work.state, work.slice)
    failpoint("run begun")
    with _recorded(work, run):
        work.reporter.step("plan")
        work, plan = make_plan(work, run, full_resync=full_resync, compare_all=compare_all)
    work.reporter.step("guard")
    _guard(work, plan)
    sent = write_plan(work, plan, resumed=False)
    work.reporter.step("advance")
    settlement = settle(work, plan)
    return replace(outcome(work, plan, settlement, sent), recovered=recovered)


def _guard(work: Work, plan: Plan) -> None:
    try:
        guard(plan, work.state, work.sync.guard)
    except GuardError as error:
        work.audit.fail(work.state, plan.run, error.message, plan.counts, status="held")
        work.planner.keep(work.state, plan.run, reason=error.message)
        raise


@contextmanager
def _recorded(work: Work, run: Run) -> Iterator[None]:
    """A run that fails before it writes is a failed run in the audit, and leaves no plan."""
    try:
        yield
    except TerminalError as error:
        work.audit.fail(work.state, run, error.message)
        work.planner.drop(work.state, run, "failed")
        raise
