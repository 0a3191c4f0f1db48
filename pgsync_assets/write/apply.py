"""Rows of a batch are applied as a set; where one is refused, the set is halved until it is found.

Each try runs in a savepoint. The row that stands alone in the end is recorded with its reason,
its neighbours are written (F47). Only the SQLSTATEs that `connect.failures` lists count as a
row's fault; everything else ends the run. The plan keeps the images, so that halves are simply
read again: nothing of a batch is held in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from ..connect import is_row_level
from ..errors import RowRefused, UnexpectedError
from ..plan.keys import OPERATION
from ..sql import column, column_list
from .job import Job
from .ledger import Reject
from .mode import Statement
from .reject import (
    ABSORBED,
    AMBIGUOUS,
    DEPENDS_ON_OTHERS,
    HIDDEN,
    MULTIPLIED,
    NO_MATCH,
    OUTSIDE,
    refusal,
)
from .rows import Reader


class Application:
    """The rows of one batch on their way into the table, inside one transaction.

    Args:
        job: what is written where.
        source: reads the rows of the plan.
        destination: the batch's transaction.
        stamps: what the columns get that say when and by which run.
        directly: try COPY straight into the table first, although the mode would stage.
    """

    def __init__(
        self,
        job: Job,
        source: Reader,
        destination: psycopg.Connection[Any],
        stamps: tuple[str, ...],
        *,
        directly: bool,
    ) -> None:
        self._job = job
        self._source = source
        self._destination = destination
        self._stamps = stamps
        self._has_stage = False
        self._unmatched: list[Reject] = []
        self.directly = directly
        self.rejects: list[Reject] = []
        self.bytes = 0

    def apply(self, first: int, last: int) -> None:
        """Writes the rows `first < row <= last` of the plan, or records why not.

        Raises:
            TooManyRejectedRows: more than `max_rejected_rows` in this batch alone.
            psycopg.Error: what is not a row's fault.
        """
        self._apply(first, last)
        self._try_again()
        if self._has_stage and not self._job.into.stage.is_temporary:
            self._destination.execute(self._job.into.stage.drop())

    def _apply(self, first: int, last: int) -> None:
        if first >= last or not self._travelling(first, last):
            return
        if self.directly and self._refused(self._copy, first, last) is None:
            return
        self.directly = False
        self._make_stage()
        refused = self._refused(self._write, first, last)
        if refused is None:
            self._reject(*self._unmatched)
            return
        if last - first == 1:
            self._reject(_rejected(last, refused))
            return
        middle = (first + last) // 2
        self._apply(first, middle)
        self._apply(middle, last)

    def _try_again(self) -> None:
        """Rows that stood in each other's way: a value that the next row gives up, a parent that
        comes later. As long as one gets in, the others may follow; last ones first, as a chain of
        values that move on by one is free at its end."""
        while waiting := [one for one in self.rejects if one.sqlstate in DEPENDS_ON_OTHERS]:
            unmatched: list[Reject] = []
            applied = set()
            for one in reversed(waiting):
                if self._refused(self._write, one.plan_row - 1, one.plan_row) is None:
                    applied.add(one.plan_row)
                    unmatched += self._unmatched
            if not applied:
                return
            left = [one for one in self.rejects if one.plan_row not in applied]
            self.rejects = sorted(left + unmatched, key=lambda one: one.plan_row)

    def _make_stage(self) -> None:
        # Outside the savepoint of a try: a refused row must not take the table with it.
        if not self._has_stage and self._job.mode.is_staged:
            into = self._job.into
            self._destination.execute(into.stage.create(into.target, into.columns))
            self._has_stage = True

    def _refused(
        self, write: Callable[[int, int], None], first: int, last: int
    ) -> RowRefused | None:
        """Tries a way of writing in a savepoint; the refusal where a row is to blame."""
        try:
            with self._destination.transaction():
                write(first, last)
                # Deferred constraints speak now, while the savepoint can still undo (trap 23).
                self._destination.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except RowRefused as refused:
            return refused
        except psycopg.Error as error:
            if not is_row_level(error):
                raise
            return refusal(error, self._job.mapping.targets)
        return None

    def _write(self, first: int, last: int) -> None:
        self._unmatched = []
        if self._job.mode.is_staged:
            self._stage_and_write(first, last)
        else:
            self._copy(first, last)

    def _copy(self, first: int, last: int) -> None:
        into = sql.SQL("{} ({})").format(
            self._job.target.relation, column_list(self._job.into.columns)
        )
        copied, size = self._source.copy(
            first, last, self._stamps, self._destination, into, staged=False
        )
        _expect(copied, self._travelling(first, last))
        self.bytes += size

    def _stage_and_write(self, first: int, last: int) -> None:
        mode, into = self._job.mode, self._job.into
        staged = self._stage(first, last)
        removals = self._job.removals_between(first, last)
        if removals or mode.needs_statistics:
            self._destination.execute(into.stage.analyze())
        if mode.mark is not None:
            self._destination.execute(mode.mark(into))
        if mode.ambiguous is not None:
            left_out = self._leave_out(mode.ambiguous, AMBIGUOUS)
            staged -= len(left_out)
            removals -= sum(row <= self._job.plan.counts.removed for row in left_out)
        if removals:
            self._remove(removals)
        if removals < staged:
            self._write_staged(staged - removals)

    def _leave_out(self, which: Statement, reason: str) -> list[int]:
        """Takes rows out of the stage that cannot be written; their numbers."""
        rows = [row for (row,) in self._destination.execute(which(self._job.into)).fetchall()]
        self._unmatched += [Reject(row, None, None, None, reason) for row in rows]
        return rows

    def _stage(self, first: int, last: int) -> int:
        stage = self._job.into.stage
        self._destination.execute(stage.clear())
        into = stage.columns(self._job.into.columns)
        staged, size = self._source.copy(
            first, last, self._stamps, self._destination, into, staged=True
        )
        planned = self._travelling(first, last)
        if staged != planned:
            raise UnexpectedError(f"{self._job.target.name}: staged {staged} of {planned} rows")
        self.bytes += size
        return staged

    def _travelling(self, first: int, last: int) -> int:
        return last - first - len(self._job.refused_between(first, last))

    def _write_staged(self, planned: int) -> None:
        mode, into = self._job.mode, self._job.into
        if mode.lock is not None:
            self._destination.execute(mode.lock(into))
        if mode.unmatched is not None:
            planned -= len(self._leave_out(mode.unmatched, NO_MATCH))
        counts = [self._counted(write(into)) for write in mode.write]
        written = sum(count for count, _ in counts)
        _expect(written, planned)
        if sum(inside for _, inside in counts) < written:
            raise RowRefused(None, OUTSIDE, None, None)
        if mode.shown is not None:
            _expect(self._count(mode.shown(into)), planned, HIDDEN)

    def _remove(self, removals: int) -> None:
        removal = self._job.removal
        assert removal is not None  # noqa: S101 - else removals do not travel (batch.py)
        # A partial index may lose them: what is marked as gone is often what it does not have.
        removed, inside = self._counted(removal.remove(self._job.into))
        _expect(max(removed, removals), removals)
        # Some were gone already; or some trigger kept them, and may have counted them.
        is_kept_in_silence = self._job.mode.shown is not None and not removal.leaves_row
        if removed < removals or is_kept_in_silence:
            _expect(self._still_there(), inside if removal.leaves_row else 0, more=ABSORBED)

    def _counted(self, write: sql.Composed) -> tuple[int, int]:
        """Executes it: how many rows it wrote, and how many of those the arbiter has then."""
        counting = self._job.into.counting(write)
        if counting is None or self._job.mode.shown is not None:  # where it is asked afterwards
            written = self._destination.execute(write).rowcount
            return written, written
        row = self._destination.execute(counting).fetchone()
        assert row is not None  # noqa: S101 - an aggregate has one row
        return row[0], row[1]

    def _still_there(self) -> int:
        into = self._job.into
        return self._count(
            sql.SQL("SELECT count(*) FROM {} AS t JOIN {} ON {} WHERE s.{} = 'r'").format(
                into.target.relation, into.beside, into.same_row(), column(OPERATION)
            )
        )

    def _count(self, query: sql.Composed) -> int:
        row = self._destination.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _reject(self, *rejects: Reject) -> None:
        self.rejects.extend(rejects)
        if self._job.exceeds(len(self.rejects)):
            raise self._job.too_many(self.rejects[-1].reason)


def _rejected(row: int, refused: RowRefused) -> Reject:
    return Reject(row, refused.sqlstate, refused.constraint, refused.column, refused.reason)


def _expect(counted: int, planned: int, fewer: str = ABSORBED, more: str = MULTIPLIED) -> None:
    """Never trust silence: what PostgreSQL counted has to be what was planned (F49)."""
    if counted != planned:
        raise RowRefused(None, fewer if counted < planned else more, None, None)
