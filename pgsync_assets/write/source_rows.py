"""The rows of a plan that has none of their images: read from the source, in its own snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from ..connect import pump
from ..errors import UnexpectedError
from ..model import ColumnMapping
from ..plan import PLACE, Plan, Planner, Streamed, between
from ..plan.keys import OPERATION, ROW
from ..sql import COMMA, column, column_list, statement
from .ledger import Reject
from .reject import too_long
from .rows import Reader
from .taken import Taken


class SourceRows:
    """The rows of a plan, as a snapshot of the source has them; see `PlanRows`.

    Args:
        streamed: holds the snapshot.
        planner: has the place of each row.
        plan: whose rows they are.
        mapping: which column goes where.
        longest: see `PlanRows`; of texts only.
        taken: see `PlanRows`.
    """

    def __init__(
        self,
        streamed: Streamed,
        planner: Planner,
        plan: Plan,
        mapping: ColumnMapping,
        longest: Mapping[str, int],
        taken: Taken,
    ) -> None:
        self._streamed = streamed
        self._planner = planner
        self._plan = plan
        self._mapping = mapping
        self._longest = longest
        self._taken = taken
        self.form = taken.form(self._sent(), streamed.reader.info.server_version)
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
        refused = [one.plan_row for one in self.refused(first, last)]
        return pump(
            self._streamed.reader,
            self._selected(first, last, stamps, refused, staged=staged),
            destination,
            into,
            reading="the model",
            form=self.form,
            expected=last - first - len(refused),
        )

    def refused(self, first: int, last: int) -> list[Reject]:
        """Rows with a text that is too long."""
        if not self._longest or first >= last:
            return []
        if not self._looked_at[0] <= first <= last <= self._looked_at[1]:
            self._looked_at, self._found = (first, last), self._too_long(first, last)
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

    def _too_long(self, first: int, last: int) -> list[Reject]:
        names = list(self._longest)
        conditions = [
            sql.SQL("pg_catalog.length(model.{}) > {}").format(
                column(name), sql.Literal(self._longest[name])
            )
            for name in names
        ]
        which = sql.SQL(" ").join(
            sql.SQL("WHEN {} THEN {}").format(condition, sql.Literal(number))
            for number, condition in enumerate(conditions)
        )
        rows = self._streamed.reader.execute(
            sql.SQL(
                "SELECT model.{row}, CASE {which} END FROM {stretch} WHERE ({any})"
                # Which counts bytes: what is too long for its column is found by the table then.
                " AND pg_catalog.getdatabaseencoding() <> 'SQL_ASCII' ORDER BY model.{row}"
            ).format(
                row=column(ROW),
                which=which,
                stretch=self._streamed.stretch((first, last), self._stretch(first, last)),
                any=sql.SQL(" OR ").join(conditions),
            )
        ).fetchall()
        targets = dict(zip(self._mapping.sources, self._mapping.targets, strict=True))
        return [too_long(row, targets[names[number]]) for row, number in rows]

    def _sent(self) -> list[int | None]:
        """Types of the columns that travel. The snapshot's lock on the table keeps them."""
        reader = self._streamed.reader
        values = {
            "relation": self._streamed.relation.as_string(reader),
            "columns": list(self._mapping.sources),
        }
        found = reader.execute(statement(__package__ or "", "copied_types.sql"), values).fetchone()
        assert found is not None  # noqa: S101 - an aggregate has one row
        return list(found[0])

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
