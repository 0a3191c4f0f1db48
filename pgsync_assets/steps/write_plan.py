"""Writes the batches of a plan: from the first, or from where an earlier run stopped."""

from __future__ import annotations

import time

from ..errors import TerminalError
from ..failpoints import failpoint
from ..plan import Plan
from ..write import BatchWriter, Job, PlanRows, longest_texts
from .hooks import run_hooks
from .settle import settle
from .work import Work


def write_plan(work: Work, plan: Plan, *, resumed: bool) -> int:
    """Fences the destination and writes batch after batch, each in its own transaction.

    Args:
        work: the run.
        plan: complete.
        resumed: an earlier run began to write it; go on behind its last batch.

    Returns:
        Bytes of row data sent.

    Raises:
        TerminalError: batches that are in were settled, the rest was given up.
        TransientError: the next try goes on behind the last batch that is in.
        FencedOff: a newer run took over.
    """
    if not plan.batches:
        return 0
    work.show(plan.run.id)
    work.reporter.step("write", plan.counts.total)
    try:
        return _write(work, plan, resumed)
    except TerminalError as error:
        settle(work, plan, error.message)
        raise


def _write(work: Work, plan: Plan, resumed: bool) -> int:
    work.lock.check()
    done, refused = _fence(work, plan, resumed)
    failpoint("fenced")
    longest = longest_texts(work.relation, work.mapping, work.target)
    rows = PlanRows(work.planner, plan.run, work.mapping, longest)
    job = Job(work.sync, rows, work.ledger, work.state, plan, work.target, work.mapping)
    writer = BatchWriter(job)
    run_hooks(work, "before", work.sync.hooks.before)
    for batch in range(done + 1, plan.batches + 1):
        work.lock.check()
        refused = writer.write(batch)
        work.reporter.rows(plan.rows_of(batch)[1], plan.counts.total, refused)
        if work.sync.sleep_ms and batch < plan.batches:
            time.sleep(work.sync.sleep_ms / 1000)
    run_hooks(work, "after", work.sync.hooks.after)  # before the plan is settled: never left out
    return writer.bytes


def _fence(work: Work, plan: Plan, resumed: bool) -> tuple[int, int]:
    """From here on only this run may write. Batches that are in, and rows they refused."""
    if not resumed:
        work.ledger.open(work.state, plan.run.id)
        return 0, 0
    work.ledger.take_over(work.state, plan.run.id)
    entry = work.ledger.read(work.state)
    return (entry.batch, entry.rejected) if entry else (0, 0)
