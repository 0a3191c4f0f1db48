"""Where the rows of a plan are read from: any range of them, and as often as it takes.

A batch that is refused is narrowed and read again, so whoever has the rows keeps them until they
are in: the planner in a table, a delivery in a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any, Protocol

import psycopg
from psycopg import sql

from ..connect import READ_ONLY, Ahead, Format, Outgoing, Session, hand_on
from ..errors import PgsyncError
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

    def ahead(self, first: int, last: int, *, staged: bool) -> None:
        """Is told which rows are copied next, without stamps: they may set out by now.

        Args:
            first: before the first.
            last: the last.
            staged: see `copy`.
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
        beside: a session that does nothing else; None: the planner's reads, batch by batch.
    """

    def __init__(
        self,
        planner: Planner,
        run: Run,
        mapping: ColumnMapping,
        never: NeverSent,
        taken: Taken,
        beside: Session | None = None,
    ) -> None:
        self._table = planner.plan_table(run)
        self.taken = taken
        self._session = planner.session
        self._mapping = mapping
        self._never = never
        self._beside = beside
        self._held = ExitStack()
        self._ahead = Ahead()
        self._next: _PlanReader | None = None
        self._apart = 0
        self._source: psycopg.Connection[Any] | None = None
        self._looked_at = (0, 0)
        self._found: list[Reject] = []

    @contextmanager
    def opened(self) -> Iterator[Reader]:
        """Reads in one transaction, which may have begun with the batch before."""
        reader = self._next or self._begun()
        self._next = None
        try:
            yield reader
        except BaseException:
            self.close()
            raise
        if self._next is None:
            self.close()

    def close(self) -> None:
        """Reads no more."""
        self._next = None
        with suppress(PgsyncError):  # nothing was written there
            self._ahead.close()
        with suppress(PgsyncError):
            self._held.close()

    def ahead(self, first: int, last: int, *, staged: bool) -> None:
        """The next batch has a transaction of its own: what this one held back is let go."""
        if self._beside is None or first >= last or self._never.may_be(self._apart):
            return
        self._held.close()
        self._next = self._begun()
        rows = self._next.outgoing(first, last, (), staged=staged)
        self._ahead.ask((first, last, (), staged), rows)

    def _begun(self) -> _PlanReader:
        settings = statement(__package__ or "", "read_plan.sql")
        session = self._beside or self._session
        plan = {"plan": self._table.as_string(session.connection)}
        begun = session.begun("reading the plan", READ_ONLY, [settings], plan)
        source, (found,) = self._held.enter_context(begun)
        *_, names, types, self._apart = found[0]
        known = dict(zip(names, types, strict=True))
        sent = [known.get(name) for name in self._mapping.sources]
        form = self.taken.form(sent, source.info.server_version)
        self._source, self._looked_at = source, (0, 0)
        return _PlanReader(self, source, self._table, self._mapping.sources, form, self._ahead)

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
        asked: Ahead,
    ) -> None:
        self._rows = rows
        self._asked = asked
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
        rows = self._asked.take((first, last, stamps, staged))
        rows = rows or self.outgoing(first, last, stamps, staged=staged)
        return hand_on(rows, destination, into, form=self.form)

    def ahead(self, first: int, last: int, *, staged: bool) -> None:
        """See `Reader`."""
        self._rows.ahead(first, last, staged=staged)

    def outgoing(self, first: int, last: int, stamps: tuple[str, ...], *, staged: bool) -> Outgoing:
        """The rows of a batch, not asked for yet; see `copy`."""
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
        return Outgoing(self._source, query, self.form)
