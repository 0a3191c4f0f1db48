"""Writes the batches of a plan: from the first, or from where an earlier run stopped."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ..connect import Session
from ..errors import PgsyncError, TerminalError, TransientError
from ..failpoints import failpoint
from ..log import RunLog
from ..plan import Plan
from ..record import SentRecord, own_table
from ..sent import Sent
from ..write import (
    BatchWriter,
    Job,
    PlanRows,
    Rows,
    SourceRows,
    Taken,
    longest_texts,
    never_sent,
    stamped,
)
from .beside import beside
from .early_log import early_log
from .hooks import run_hooks
from .settle import settle
from .told import log_of, tell
from .work import Work

_log = logging.getLogger(__name__)


def write_plan(work: Work, plan: Plan, *, resumed: bool) -> Sent:
    """Fences the destination and writes batch after batch, each in its own transaction.

    Args:
        work: the run.
        plan: complete.
        resumed: an earlier run began to write it; go on behind its last batch.

    Returns:
        What was sent.

    Raises:
        TerminalError: batches that are in were settled, the rest was given up.
        TransientError: the next try goes on behind the last batch that is in.
        FencedOff: a newer run took over.
    """
    if not plan.batches:
        return Sent()
    work.show(plan.run.id)
    work.reporter.step("write", plan.counts.total)
    record = work.audit.sent(plan.run)
    try:
        with record.open():
            size = _write(work, plan, resumed, record)
        return record.came_to(size)
    except TerminalError as error:
        settle(work, plan, error)
        tell(work.sync, work.planner, work.state, work.ledger.session, error)
        raise
    except TransientError as error:
        tell(work.sync, work.planner, work.state, work.ledger.session, error)
        raise


def _write(work: Work, plan: Plan, resumed: bool, record: SentRecord) -> int:
    work.lock.check()
    done, _ = _fence(work, plan, resumed)
    failpoint("fenced")
    log = _begun(work, plan)
    if resumed:
        record.decide(done, is_exact=work.ledger.is_exact)
    if done:
        work.reporter.step("write", plan.counts.total, plan.rows_of(done)[1])
    hooks = work.sync.hooks
    run_hooks(work, "before", hooks.before, record.trace, 0, plan.rows_of(done)[1] if done else 0)
    with _rows(work, plan, done) as rows, early_log(work, plan):
        size = _batches(work, plan, done, rows, log, record)
    # Before the plan is settled: they are never left out.
    run_hooks(work, "after", hooks.after, record.trace, plan.batches + 1, plan.counts.total)
    return size


def _batches(
    work: Work, plan: Plan, done: int, rows: Rows, log: RunLog | None, record: SentRecord
) -> int:
    """Writes those that are not in. Bytes that were sent."""
    writer = BatchWriter(
        Job(
            work.sync,
            rows,
            work.ledger,
            work.state,
            plan,
            work.target,
            work.mapping,
            log,
            record.trace,
        )
    )
    for batch in range(done + 1, plan.batches + 1):
        work.lock.check()
        before = writer.bytes
        refused = writer.write(batch)
        work.reporter.sent(writer.bytes - before)
        record.write_if_due()
        work.reporter.rows(plan.rows_of(batch)[1], plan.counts.total, refused)
        if work.sync.sleep_ms and batch < plan.batches:
            time.sleep(work.sync.sleep_ms / 1000)
    return writer.bytes


@contextmanager
def _rows(work: Work, plan: Plan, done: int) -> Iterator[Rows]:
    """Where the rows of a plan are: at the source still, or in the planner.

    A streamed plan of an earlier run is only resumed where all of its batches are in.
    """
    columns = work.target.columns
    taken = Taken(
        tuple(columns[name] for name in work.mapping.targets),
        tuple(columns[name] for name in stamped(work.sync)),
        work.ledger.session.connection.info.server_version,
    )
    longest = longest_texts(work.relation, work.mapping, work.target)
    never = never_sent(work.relation, work.mapping, longest, work.sync.max_row_bytes)
    if plan.is_streamed and work.streamed is not None:
        yield SourceRows(work.streamed, work.planner, plan, work.mapping, never, taken)
        return
    with ExitStack() as stack:
        ahead = _reader(stack, work, plan, done)
        rows = PlanRows(work.planner, plan.run, work.mapping, never, taken, ahead)
        stack.callback(rows.close)
        yield rows


def _reader(stack: ExitStack, work: Work, plan: Plan, done: int) -> Session | None:
    """A session that reads the next batch while the last one is committed; None for the planner's.

    Of a plan as big as for a log beside, of two batches at least. A run that pauses holds nothing
    back meanwhile.
    """
    is_big = plan.counts.total >= own_table.OWN_TABLE and plan.batches - done > 1
    if not is_big or work.sync.sleep_ms or stamped(work.sync):
        return None
    try:
        return stack.enter_context(beside(work, "rows"))
    except PgsyncError as error:
        _log.info("batches are read one after the other: %s", error.message)
        return None


def _fence(work: Work, plan: Plan, resumed: bool) -> tuple[int, int]:
    """From here on only this run may write. Batches that are in, and rows they refused."""
    if not resumed:
        work.ledger.open(work.state, plan.run.id)
        return 0, 0
    work.ledger.take_over(work.state, plan.run.id)
    entry = work.ledger.read(work.state)
    return (entry.batch, entry.rejected) if entry else (0, 0)


def _begun(work: Work, plan: Plan) -> RunLog | None:
    """The log of the destination knows that the run writes; None where there is no log."""
    log = log_of(work.sync, work.state, work.ledger.session, work.mapping.targets)
    if log is None:
        return None
    run = RunLog(log, plan.run.id)
    run.begin(plan.run.partition, plan.batches, plan.counts.total)
    failpoint("log begun")
    return run
