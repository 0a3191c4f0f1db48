"""One try to write a range of rows: straight into the table, or through the stage, and counted.

Whoever tries holds a savepoint. What is left out is known afterwards; everything else was written,
or an error says why not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from ..connect import at_once
from ..errors import RowRefused, UnexpectedError
from ..plan.keys import OPERATION
from ..sql import column, column_list, statement
from .job import Job
from .ledger import Reject
from .mode import Statement
from .reject import ABSORBED, AMBIGUOUS, HIDDEN, MULTIPLIED, NO_MATCH, OUTSIDE
from .rows import Reader
from .same_table import SameTable
from .trace import shape
from .unchanged import unchanged

CONSTRAINTS = sql.Composed([sql.SQL("SET CONSTRAINTS ALL IMMEDIATE")])


class Attempt:
    """The ways of writing rows of one batch.

    `left_out`: rows of the last try that were taken out of the stage as they cannot be written.
    `bytes`: sent so far.

    Args:
        job: what is written where.
        source: reads the rows of the plan.
        destination: the batch's transaction.
        stamps: what the columns get that say when and by which run.
    """

    def __init__(
        self,
        job: Job,
        source: Reader,
        destination: psycopg.Connection[Any],
        stamps: tuple[str, ...],
    ) -> None:
        self._job = job
        self._trace = job.trace
        self._into = job.into
        self._source = source
        self._destination = destination
        self._stamps = stamps
        self._has_stage = self._is_fresh = self._is_kept = False
        self._same = SameTable(job.into.target, job.into.columns)
        self.left_out: list[Reject] = []
        self.bytes = 0

    def rows(self, first: int, last: int) -> int:
        """How many of the rows `first < row <= last` travel."""
        return last - first - len(self._job.refused_between(first, last))

    def prepare(self) -> None:
        """Makes the stage, where the mode has one. Not in the savepoint of a try: a refused row
        must not take the table with it."""
        if not self._has_stage and self._job.mode.is_staged:
            self._send("create", self._into.stage.create(self._into.target, self._columns))
            self._has_stage = self._is_fresh = True

    def finish(self) -> None:
        """Leaves nothing behind."""
        if self._has_stage and not self._into.stage.is_temporary:
            self._send("drop", self._into.stage.drop())

    def whole(self, first: int, last: int) -> None:
        """Writes rows as the mode does."""
        if self._job.mode.is_staged:
            self.stage(first, last)
            self.write(first, last)
        else:
            self.copy(first, last)

    def copy(self, first: int, last: int) -> None:
        """Copies rows straight into the table."""
        self.left_out = []
        relation = self._into.target.relation
        into = sql.SQL("{} ({})").format(relation, column_list(self._columns))
        copied = self._copy("copy", first, last, into, staged=False)
        _expect(copied, self.rows(first, last))

    def stage(self, first: int, last: int) -> None:
        """Copies rows to the stage."""
        stage = self._into.stage
        if not self._is_fresh:
            self._send("clear", stage.clear())
        self._is_fresh = False
        staged = self._copy("stage", first, last, stage.columns(self._columns), staged=True)
        planned = self.rows(first, last)
        if staged != planned:
            raise UnexpectedError(f"{self._job.target.name}: staged {staged} of {planned} rows")

    def settle(self) -> None:
        """Lets deferred constraints speak, while the savepoint can still undo (trap 23); and looks
        whether the table is still what rows were sent for, in the same message.

        Raises:
            Contention: it is another one, or a column of it is.
        """
        both = [
            sql.Composed([CONSTRAINTS, sql.SQL(";")]),
            statement(__package__ or "", "same_table.sql"),
        ]
        with self._trace.step("constraints", b"\n".join(map(shape, both))):
            found = at_once(self._destination, both, self._same.values)
        self._same.check(found[0])

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is staged stays at hand for the block, so that parts of it need not be sent again.

        Where the block is left by an error, so is the batch.
        """
        for one in self._into.stage.keep():
            self._send("keep", one)
        if self._is_joined:
            self._send("analyze", self._into.stage.analyze_kept())
        self._is_kept = True
        yield
        self._is_kept = False
        for one in self._into.stage.release():
            self._send("release", one)

    def write_kept(self, first: int, last: int) -> None:
        """Writes rows of those that are kept."""
        choose, rows = self._into.stage.choose(first, last)
        with self._trace.step("narrow", shape(choose)):
            self._destination.execute(choose, rows)
        self.write(first, last)

    def write(self, first: int, last: int) -> None:
        """Writes what is staged: these rows."""
        mode, into = self._job.mode, self._into
        self.left_out = []
        staged = self.rows(first, last)
        removals = self._job.removals_between(first, last)
        if (removals or self._is_joined) and not self._is_kept:
            self._send("analyze", into.stage.analyze())
        if mode.mark is not None:
            self._send("mark", mode.mark(into))
        if mode.ambiguous is not None:
            left_out = self._leave_out("ambiguous", mode.ambiguous, AMBIGUOUS)
            staged -= len(left_out)
            removals -= sum(row <= self._job.plan.counts.removed for row in left_out)
        if removals:
            self._remove(removals)
        planned = staged - removals
        if self._job.may_meet_equals:
            planned -= self._rows("unchanged", unchanged(into))
        if planned:
            self._write(planned)

    @property
    def _is_joined(self) -> bool:
        """Whether the stage is joined with the table, whatever is in it: it needs statistics."""
        return self._job.mode.needs_statistics or self._job.may_meet_equals

    @property
    def _columns(self) -> tuple[str, ...]:
        return self._into.columns

    def _leave_out(self, action: str, which: Statement, reason: str) -> list[int]:
        """Takes rows out of the stage that cannot be written; their numbers."""
        rows = [row for (row,) in self._send(action, which(self._into)).fetchall()]
        self._trace.counted(len(rows))
        self.left_out += [Reject(row, None, None, None, reason) for row in rows]
        return rows

    def _write(self, planned: int) -> None:
        mode, into = self._job.mode, self._into
        locked = self._count("lock", mode.lock(into)) if mode.lock is not None else 0
        if mode.unmatched is not None and locked < planned:
            planned -= len(self._leave_out("unmatched", mode.unmatched, NO_MATCH))
        counts = [self._counted("write", write(into)) for write in mode.write]
        written = sum(count for count, _ in counts)
        _expect(written, planned)
        if sum(inside for _, inside in counts) < written:
            raise RowRefused(None, OUTSIDE, None, None)
        if mode.shown is not None:
            _expect(self._count("look", mode.shown(into)), planned, HIDDEN)

    def _remove(self, removals: int) -> None:
        removal = self._job.removal
        assert removal is not None  # noqa: S101 - else removals do not travel (batch.py)
        # A partial index may lose them: what is marked as gone is often what it does not have.
        removed, inside = self._counted("remove", removal.remove(self._into))
        _expect(max(removed, removals), removals)
        # Some were gone already; or some trigger kept them, and may have counted them.
        is_kept_in_silence = self._job.mode.shown is not None and not removal.leaves_row
        if removed < removals or is_kept_in_silence:
            _expect(self._still_there(), inside if removal.leaves_row else 0, more=ABSORBED)

    def _counted(self, action: str, write: sql.Composed) -> tuple[int, int]:
        """Executes it: how many rows it wrote, and how many of those the arbiter has then."""
        counting = self._into.counting(write)
        if counting is None or self._job.mode.shown is not None:  # where it is asked afterwards
            written = self._rows(action, write)
            return written, written
        row = self._send(action, counting).fetchone()
        assert row is not None  # noqa: S101 - an aggregate has one row
        return self._trace.counted(row[0]), row[1]

    def _still_there(self) -> int:
        into = self._into
        return self._count(
            "look",
            sql.SQL("SELECT count(*) FROM {} AS t JOIN {} ON {} WHERE s.{} = 'r'").format(
                into.target.relation, into.beside, into.same_row(), column(OPERATION)
            ),
        )

    def _count(self, action: str, query: sql.Composed) -> int:
        row = self._send(action, query).fetchone()
        return self._trace.counted(int(row[0]) if row else 0)

    def _rows(self, action: str, write: sql.Composed) -> int:
        return self._trace.counted(self._send(action, write).rowcount)

    def _send(self, action: str, query: sql.Composed) -> psycopg.Cursor[Any]:
        text = query.as_bytes(self._destination)
        with self._trace.step(action, text):
            return self._destination.execute(text)

    def _copy(self, action: str, first: int, last: int, into: sql.Composed, *, staged: bool) -> int:
        """Copies rows into a relation; how many the destination counted."""
        option = self._source.form.option
        text = sql.SQL("COPY {} FROM STDIN{}").format(into, option).as_bytes(self._destination)
        with self._trace.step(action, text) as step:
            step.rows, step.bytes = rows, size = self._source.copy(
                first, last, self._stamps, self._destination, into, staged=staged
            )
        self.bytes += size
        return rows


def _expect(counted: int, planned: int, fewer: str = ABSORBED, more: str = MULTIPLIED) -> None:
    """Never trust silence: what PostgreSQL counted has to be what was planned (F49)."""
    if counted != planned:
        raise RowRefused(None, fewer if counted < planned else more, None, None)
