"""Rows of a batch are applied as a set; where one is refused, the set is narrowed to find it.

Each try runs in a savepoint. The row that stands alone in the end is recorded with its reason,
its neighbours are written (F47). Only the SQLSTATEs that `connect.failures` lists count as a
row's fault; everything else ends the run.

COPY says at which row it stopped, so that this row is tried alone. Where rows were staged and it is
the table that refuses one, quarters are tried, and taken from what is staged. A set is tried before
its parts, so a batch costs about twice as much for its first bad row and less for each other one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import psycopg

from ..connect import is_row_level
from ..errors import RowRefused
from .attempt import Attempt
from .job import Job
from .ledger import Reject
from .reject import DEPENDS_ON_OTHERS, IS_THERE, refusal
from .rows import Reader

PARTS = 4  # as many statements for a bad row as with 2, and a third less to write again
FEW = 1_000  # rows that may be sent for nothing: another statement costs as much

Way = Callable[[int, int], None]


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
        self._trace = job.trace
        self._destination = destination
        self._attempt = Attempt(job, source, destination, stamps)
        self.directly = directly
        self.rejects: list[Reject] = []

    @property
    def bytes(self) -> int:
        """Sent so far."""
        return self._attempt.bytes

    def apply(self, first: int, last: int) -> None:
        """Writes the rows `first < row <= last` of the plan, or records why not.

        Raises:
            TooManyRejectedRows: more than `max_rejected_rows` in this batch alone.
            psycopg.Error: what is not a row's fault.
        """
        removals = self._job.removals_between(first, last)
        self._trace.travel(self._attempt.rows(first, last), removals)
        self._apply(first, last)
        self._try_again()
        self._attempt.finish()

    def _apply(self, first: int, last: int) -> None:
        if not self._attempt.rows(first, last):
            return
        is_staged = self._job.mode.is_staged
        if self.directly or not is_staged:
            refused = self._refused(self._attempt.copy, first, last)
            if refused is None or not is_staged or refused.sqlstate != IS_THERE:
                self._narrow(self._apply, first, last, refused)
                return
            self.directly = False  # the table is not empty: rows have to be looked for
        self._attempt.prepare()
        refused = self._refused(self._attempt.stage, first, last)
        if refused is not None:
            self._narrow(self._apply, first, last, refused)
            return
        refused = self._refused(self._attempt.write, first, last)
        if refused is None or last - first == 1:
            self._narrow(self._apply, first, last, refused)
            return
        with self._attempt.kept():
            self._narrow(self._apply_kept, first, last, refused)

    def _apply_kept(self, first: int, last: int) -> None:
        if self._attempt.rows(first, last):
            refused = self._refused(self._attempt.write_kept, first, last)
            self._narrow(self._apply_kept, first, last, refused)

    def _narrow(self, way: Way, first: int, last: int, refused: RowRefused | None) -> None:
        """Goes on after a try: rows are in, one is found, or parts are tried the same way."""
        if refused is None:
            self._reject(*self._attempt.left_out)
        elif last - first == 1:
            self._reject(_rejected(last, refused))
        else:
            for before, end in _parts(first, last, refused.line):
                with self._trace.part(before, end):
                    way(before, end)

    def _try_again(self) -> None:
        """Rows that stood in each other's way: a value that the next row gives up, a parent that
        comes later. As long as one gets in, the others may follow; last ones first, as a chain of
        values that move on by one is free at its end."""
        while waiting := [one for one in self.rejects if one.sqlstate in DEPENDS_ON_OTHERS]:
            self._attempt.prepare()
            left_out: list[Reject] = []
            applied = set()
            for one in reversed(waiting):
                only = one.plan_row - 1, one.plan_row
                with self._trace.part(*only):
                    refused = self._refused(self._attempt.whole, *only)
                if refused is None:
                    applied.add(one.plan_row)
                    left_out += self._attempt.left_out
            if not applied:
                return
            left = [one for one in self.rejects if one.plan_row not in applied]
            self.rejects = sorted(left + left_out, key=lambda one: one.plan_row)

    def _refused(self, way: Way, first: int, last: int) -> RowRefused | None:
        """Tries a way of writing in a savepoint; the refusal where a row is to blame."""
        try:
            with self._destination.transaction():
                way(first, last)
                self._attempt.settle()
        except RowRefused as refused:
            self._trace.refused(refused.reason)
            return refused
        except psycopg.Error as error:
            if not is_row_level(error):
                raise
            job = self._job
            self._trace.refused(refusal(error, job.mapping.targets).reason)  # without values
            return refusal(error, job.mapping.targets, detail=job.sync.audit.server_detail)
        return None

    def _reject(self, *rejects: Reject) -> None:
        self.rejects.extend(rejects)
        if self._job.exceeds(len(self.rejects)):
            raise self._job.too_many(self.rejects[-1].reason)


def _parts(first: int, last: int, line: int | None) -> Iterator[tuple[int, int]]:
    """Cuts `first < row <= last`: around the row that COPY stopped at, and the rest into quarters.

    A line may be another row than it seems to be, where some do not travel: it is tried anyway.
    """
    row = first + (line or 0)
    is_known = first < row <= last
    known = [first, row - 1, row] if is_known else [first]
    step = max(FEW if is_known else 1, -(-(last - known[-1]) // PARTS))
    ends = [*known, *range(known[-1] + step, last, step), last]
    yield from ((before, end) for before, end in pairwise(ends) if before < end)


def _rejected(row: int, refused: RowRefused) -> Reject:
    return Reject(row, refused.sqlstate, refused.constraint, refused.column, refused.reason)
