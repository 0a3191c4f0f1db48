"""Where the rows of a plan are read from: any range of them, and as often as it takes.

A batch that is refused is narrowed and read again, so whoever has the rows keeps them until they
are in: the planner in a table, a delivery in a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import psycopg
from psycopg import sql

from ..connect import READ_ONLY, pump
from ..plan import Planner, Run
from ..plan.keys import OPERATION, ROW
from ..sql import COMMA, column, column_list, statement
from .ledger import Reject


class Reader(Protocol):
    """Reads rows for the length of a batch."""

    def copy(
        self,
        first: int,
        last: int,
        stamps: tuple[str, ...],
        destination: psycopg.Connection[Any],
        into: sql.Composable,
        *,
        staged: bool,
    ) -> tuple[int, int]:
        """Copies the rows `first < row <= last`, without those that were refused before.

        Args:
            first: before the first.
            last: the last.
            stamps: what the columns behind those of the row get.
            destination: the batch's transaction.
            into: relation and column list.
            staged: number and operation go in front of each row.

        Returns:
            Rows that the destination counted, and bytes sent.

        Raises:
            psycopg.Error: what the destination answered.
        """


class Rows(Protocol):
    """The rows of a plan, numbered from 1."""

    def opened(self) -> AbstractContextManager[Reader]:
        """Ready to be read for the length of the block."""

    def refused(self, first: int, last: int, /) -> list[Reject]:
        """Those of the rows `first < row <= last` that never travel, and why."""


class PlanRows:
    """The rows of a plan in the planner's schema.

    Args:
        planner: that has it.
        run: that it belongs to.
        columns: of the model, in the order of the destination's.
    """

    def __init__(self, planner: Planner, run: Run, columns: tuple[str, ...]) -> None:
        self._planner = planner
        self._run = run
        self._columns = columns

    @contextmanager
    def opened(self) -> Iterator[Reader]:
        """Reads in one transaction."""
        with self._planner.session.transaction("reading the plan", READ_ONLY) as source:
            source.execute(statement(__package__ or "", "read_plan.sql"), {})
            yield _PlanReader(source, self._planner.plan_table(self._run), self._columns)

    def refused(self, _first: int, _last: int) -> list[Reject]:
        """None: what cannot be sent is not in a plan."""
        return []


class _PlanReader:
    def __init__(
        self, source: psycopg.Connection[Any], table: sql.Composable, columns: tuple[str, ...]
    ) -> None:
        self._source = source
        self._table = table
        self._columns = columns

    def copy(
        self,
        first: int,
        last: int,
        stamps: tuple[str, ...],
        destination: psycopg.Connection[Any],
        into: sql.Composable,
        *,
        staged: bool,
    ) -> tuple[int, int]:
        extra = (ROW, OPERATION) if staged else ()
        columns = [
            column_list((*extra, *self._columns), "p"),
            *(sql.Literal(stamp) for stamp in stamps),
        ]
        query = sql.SQL("SELECT {} FROM {} AS p WHERE p.{row} > {} AND p.{row} <= {}").format(
            COMMA.join(columns),
            self._table,
            sql.Literal(first),
            sql.Literal(last),
            row=column(ROW),
        )
        return pump(self._source, query, destination, into)
