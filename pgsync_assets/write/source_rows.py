"""The rows of a plan that has none of their images: read from the source, in its own snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from ..connect import Outgoing, hand_on, translated
from ..errors import UnexpectedError
from ..model import ColumnMapping
from ..plan import PLACE, Plan, Planner, Streamed, between
from ..plan.keys import OPERATION, ROW
from ..sql import COMMA, column, column_list, statement
from .ledger import Reject
from .never_sent import NeverSent
from .rows import Reader
from .taken import Taken


class SourceRows:
    """The rows of a plan, as a snapshot of the source has them; see `PlanRows`.

    Args:
        streamed: holds the snapshot.
        planner: has the place of each row.
        plan: whose rows they are.
        mapping: which column goes where.
        never: see `PlanRows`.
        taken: see `PlanRows`.
    """

    def __init__(
        self,
        streamed: Streamed,
        planner: Planner,
        plan: Plan,
        mapping: ColumnMapping,
        never: NeverSent,
        taken: Taken,
    ) -> None:
        self._streamed = streamed
        self._planner = planner
        self._plan = plan
        self._mapping = mapping
        self._never = never
        self._taken = taken
        types, self._apart = self._sent()
        self.form = taken.form(types, streamed.reader.info.server_version)
        self._places = self._asked(
            {row for batch in range(1, plan.batches + 1) for row in _ends(plan.rows_of(batch))}
        )
        self._looked_at = (0, 0)
        self._found: list[Reject] = []

    @contextmanager
    def opened(self) -> Iterator[Reader]:
        """The snapshot is open already."""
        self._looked_at = (0, 0)
        yield self

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
        """See `Reader`.

        Raises:
            UnexpectedError: the stretch has more or fewer rows than the plan.
        """
        rows = self._streamed.ahead.take((first, last, stamps, staged))
        rows = rows or self._outgoing(first, last, stamps, staged=staged)
        return hand_on(rows, destination, into, form=self.form)

    def ahead(self, first: int, last: int, *, staged: bool) -> None:
        """See `Reader`. The sockets hold what comes; what does not fit, the server keeps back."""
        if first < last and not self._never.may_be(self._apart):
            rows = self._outgoing(first, last, (), staged=staged)
            self._streamed.ahead.ask((first, last, (), staged), rows)

    def _outgoing(
        self, first: int, last: int, stamps: tuple[str, ...], *, staged: bool
    ) -> Outgoing:
        refused = [one.plan_row for one in self.refused(first, last)]
        return Outgoing(
            self._streamed.reader,
            self._selected(first, last, stamps, refused, staged=staged),
            self.form,
            "the model",
            last - first - len(refused),
        )

    def refused(self, first: int, last: int) -> list[Reject]:
        """Rows that never travel."""
        if first >= last or not self._never.may_be(self._apart):
            return []
        if not self._looked_at[0] <= first <= last <= self._looked_at[1]:
            self._looked_at, self._found = (first, last), self._find(first, last)
        return [one for one in self._found if first < one.plan_row <= last]

    def _selected(
        self,
        first: int,
        last: int,
        stamps: tuple[str, ...],
        refused: list[int],
        *,
        staged: bool,
    ) -> sql.Composable:
        numbered = (ROW, OPERATION) if staged else ()
        columns = COMMA.join(
            [
                column_list((*numbered, *self._mapping.sources), "model"),
                *self._taken.stamped(stamps),
            ]
        )
        places = self._stretch(first, last)
        if not staged and not refused:
            return sql.SQL("SELECT {} FROM {} WHERE {}").format(
                columns, self._streamed.table, between(places)
            )
        return sql.SQL("SELECT {} FROM {} WHERE model.{} <> ALL ({}::bigint[])").format(
            columns,
            self._streamed.stretch((first, last), places),
            column(ROW),
            sql.Literal(refused),
        )

    def _find(self, first: int, last: int) -> list[Reject]:
        rows = self._streamed.stretch((first, last), self._stretch(first, last))
        return self._never.find(self._streamed.reader, "model", rows, self._apart)

    def _sent(self) -> tuple[list[int | None], int]:
        """Types of the columns that travel; bytes of the values that are stored apart.

        The snapshot's lock on the table keeps the types.
        """
        reader = self._streamed.reader
        values = {
            "relation": self._streamed.relation.as_string(reader),
            "columns": list(self._mapping.sources),
        }
        query = statement(__package__ or "", "copied_types.sql")
        with translated("reading the model", reader):
            found = reader.execute(query, values).fetchone()
        assert found is not None  # noqa: S101 - an aggregate has one row
        types, apart = found
        return list(types), apart

    def _stretch(self, first: int, last: int) -> tuple[str, str]:
        """The places of the rows `first < row <= last`: of the first one, and of the last."""
        ends = _ends((first, last))
        if not self._places.keys() >= {*ends}:
            self._places |= self._asked({*ends})  # a batch is narrowed
        return self._places[ends[0]], self._places[ends[1]]

    def _asked(self, numbers: set[int]) -> dict[int, str]:
        """The places of some rows."""
        query = sql.SQL(
            "SELECT p.{row}, p.{place}::text FROM {plan} AS p"
            " JOIN unnest({numbers}::bigint[]) AS wanted (number) ON wanted.number = p.{row}"
        ).format(
            row=column(ROW),
            place=column(PLACE),
            plan=self._planner.plan_table(self._plan.run),
            numbers=sql.Literal(sorted(numbers)),
        )
        asked = self._planner.session.at_once("looking for places", [query], {})
        found = {int(number): str(place) for number, place in asked}
        if found.keys() != numbers:
            raise UnexpectedError(
                f"plan {self._plan.run.id} has not the rows that it should have",
                "nothing more was written; please report it",
            )
        return found


def _ends(rows: tuple[int, int]) -> tuple[int, int]:
    """Of `first < row <= last`: the first row, and the last."""
    return rows[0] + 1, rows[1]
