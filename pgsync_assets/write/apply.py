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

from ..connect import is_row_level, pump
from ..errors import RowRefused, UnexpectedError
from ..sql import column, column_list
from .job import Job
from .ledger import Reject
from .reject import ABSORBED, refusal
from .remove import same_row
from .stage import STAGE, clear_stage, create_stage, stage_columns


class Application:
    """The rows of one batch on their way into the table, inside one transaction.

    Args:
        job: what is written where.
        source: a transaction that reads the plan.
        destination: the batch's transaction.
        directly: try COPY straight into the table first.
    """

    def __init__(
        self,
        job: Job,
        source: psycopg.Connection[Any],
        destination: psycopg.Connection[Any],
        *,
        directly: bool,
    ) -> None:
        self._job = job
        self._source = source
        self._destination = destination
        self._has_stage = False
        self.directly = directly
        self.rejects: list[Reject] = []
        self.bytes = 0

    def apply(self, first: int, last: int) -> None:
        """Writes the rows `first < row <= last` of the plan, or records why not.

        Raises:
            TooManyRejectedRows: more than `max_rejected_rows` in this batch alone.
            psycopg.Error: what is not a row's fault.
        """
        if first >= last:
            return
        if self.directly:
            if self._refused(self._copy, first, last) is None:
                return
            self.directly = False
        self._make_stage()
        refused = self._refused(self._stage_and_write, first, last)
        if refused is None:
            return
        if last - first == 1:
            self._reject(last, refused)
            return
        middle = (first + last) // 2
        self.apply(first, middle)
        self.apply(middle, last)

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

    def _copy(self, first: int, last: int) -> None:
        into = sql.SQL("{} ({})").format(
            self._job.target.relation, column_list(self._job.mapping.targets)
        )
        rows = self._job.rows_between(first, last)
        copied, size = pump(self._source, rows, self._destination, into)
        _expect(copied, last - first)
        self.bytes += size

    def _make_stage(self) -> None:
        # Outside the savepoint of a try: a refused row must not take the table with it.
        if not self._has_stage:
            self._destination.execute(create_stage(self._job.target, self._job.mapping.targets))
            self._has_stage = True

    def _stage_and_write(self, first: int, last: int) -> None:
        self._destination.execute(clear_stage())
        rows = self._job.rows_between(first, last, "_pgsync_op")
        into = stage_columns(self._job.mapping.targets)
        staged, size = pump(self._source, rows, self._destination, into)
        if staged != last - first:
            raise UnexpectedError(
                f"{self._job.target.name}: staged {staged} of {last - first} rows"
            )
        self.bytes += size
        removals = self._job.removals_between(first, last)
        if removals:
            self._remove(removals)
        if removals < staged:
            written = self._destination.execute(self._job.apply_statement()).rowcount
            _expect(written, staged - removals)

    def _remove(self, removals: int) -> None:
        removal = self._job.removal
        assert removal is not None  # noqa: S101 - else removals do not travel (batch.py)
        # Without statistics the planner may scan the whole table instead of probing its index.
        self._destination.execute(sql.SQL("ANALYZE {}").format(STAGE))
        statement = removal(self._job.target, self._job.mapping.match)
        removed = self._destination.execute(statement).rowcount
        if removed < removals:  # some were gone already; or some trigger kept them
            _expect(self._left_over(), 0)

    def _left_over(self) -> int:
        row = self._destination.execute(
            sql.SQL("SELECT count(*) FROM {} AS t JOIN {} AS s ON {} WHERE s.{} = 'r'").format(
                self._job.target.relation,
                STAGE,
                same_row(self._job.target, self._job.mapping.match),
                column("_pgsync_op"),
            )
        ).fetchone()
        return int(row[0]) if row else 0

    def _reject(self, row: int, refused: RowRefused) -> None:
        self.rejects.append(
            Reject(row, refused.sqlstate, refused.constraint, refused.column, refused.reason)
        )
        if len(self.rejects) > self._job.sync.max_rejected_rows:
            raise self._job.too_many(refused.reason)


def _expect(counted: int, planned: int) -> None:
    """Never trust silence: what PostgreSQL counted has to be what was planned (F49)."""
    if counted != planned:
        raise RowRefused(None, ABSORBED, None, None)
