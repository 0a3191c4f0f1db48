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

from ..connect import READ_ONLY, Format, pump
from ..model import ColumnMapping
from ..plan import Planner, Run
from ..plan.keys import OPERATION, ROW
from ..sql import COMMA, column, column_list, statement
from .ledger import Reject
from .never_sent import NeverSent
from .taken import Taken


class Reader(Protocol):
    """Reads rows for the length of a batch."""

    @property
    def form(self) -> Format:
        """The format of COPY that they travel in."""

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
        mapping: which column goes where.
        never: which of them never travel.
        taken: what they are read as.
    """

    def __init__(
        self,
        planner: Planner,
        run: Run,
        mapping: ColumnMapping,
        never: NeverSent,
        taken: Taken,
    ) -> None:
        self._table = planner.plan_table(run)
        self.taken = taken
        self._session = planner.session
        self._mapping = mapping
        self._never = never
        self._apart = 0
        self._source: psycopg.Connection[Any] | None = None
        self._looked_at = (0, 0)
        self._found: list[Reject] = []

    @contextmanager
    def opened(self) -> Iterator[Reader]:
        """Reads in one transaction."""
        settings = statement(__package__ or "", "read_plan.sql")
        plan = {"plan": self._table.as_string(self._session.connection)}
        doing = "reading the plan"
        with self._session.begun(doing, READ_ONLY, [settings], plan) as (source, (found,)):
            *_, names, types, self._apart = found[0]
            known = dict(zip(names, types, strict=True))
            sent = [known.get(name) for name in self._mapping.sources]
            form = self.taken.form(sent, source.info.server_version)
            self._source, self._looked_at = source, (0, 0)
            columns = self._mapping.sources
            yield _PlanReader(self, source, self._table, columns, form)

    def refused(self, first: int, last: int) -> list[Reject]:
        """Rows that never travel. Asked while they are `opened`."""
        if first >= last or not self._never.may_be(self._apart):
            return []
        if not self._looked_at[0] <= first <= last <= self._looked_at[1]:
            self._looked_at, self._found = (first, last), self._find(first, last)
        return [one for one in self._found if first < one.plan_row <= last]

    def _find(self, first: int, last: int) -> list[Reject]:
        assert self._source is not None  # noqa: S101 - see `refused`
        rows = sql.SQL(
            "{table} AS p WHERE p.{row} > {first} AND p.{row} <= {last} AND p.{op} <> 'r'"
        ).format(
            row=column(ROW),
            table=self._table,
            first=sql.Literal(first),
            last=sql.Literal(last),
            op=column(OPERATION),
        )
        return self._never.find(self._source, "p", rows, self._apart)


class _PlanReader:
    def __init__(
        self,
        rows: PlanRows,
        source: psycopg.Connection[Any],
        table: sql.Composable,
        columns: tuple[str, ...],
        form: Format,
    ) -> None:
        self._rows = rows
        self.form = form
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
            *self._rows.taken.stamped(stamps),
        ]
        refused = [one.plan_row for one in self._rows.refused(first, last)]
        others = sql.SQL(" AND p.{} <> ALL ({})").format(column(ROW), sql.Literal(refused))
        query = sql.SQL("SELECT {} FROM {} AS p WHERE p.{row} > {} AND p.{row} <= {}{}").format(
            COMMA.join(columns),
            self._table,
            sql.Literal(first),
            sql.Literal(last),
            others if refused else sql.SQL(""),
            row=column(ROW),
        )
        return pump(self._source, query, destination, into, form=self.form)
