"""A plan for people: its changes row by row, before and after, as text.

Where the snapshot holds rows, it knows what was there before. Of a digest only the key is left, and
of a row that is marked to be sent again the image may be another one, or none: then `Row.before` is
empty, and the key finds the row at the destination.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql

from ..connect import READ_ONLY
from ..sql import COMMA, column
from .keys import NAMES, OPERATION, ROW, SEND_AGAIN, row_id, same_key
from .run import Plan
from .shape import Shape
from .state import Planner, State

Image = Mapping[str, str | None]


@dataclass(frozen=True)
class Row:
    """A row of a plan, as text that PostgreSQL's output functions write.

    Args:
        row_id: the key, as the audit has it.
        operation: `added`, `changed` or `removed`.
        key: value of each key column, in the order of the shape.
        before: the row as it was, where the snapshot knows.
        after: the row as it will be; None for a removal.
    """

    row_id: str
    operation: str
    key: tuple[str | None, ...]
    before: Image | None
    after: Image | None


class Preview:
    """The rows of one plan.

    Args:
        planner: where plan and snapshot are.
        state: that it was compared with.
        plan: complete, not settled.
    """

    def __init__(self, planner: Planner, state: State, plan: Plan) -> None:
        self._planner = planner
        self._state = state
        self._plan = plan
        same_rows = state.shape is not None and state.shape.has_rows_of(plan.shape)
        old = state.shape if same_rows else None
        self._old = old if old and old.holds == "rows" else None

    def rows(self, first: int, last: int) -> list[Row]:
        """The rows `first < number <= last`, in the order in which they are written."""
        shape, old = self._plan.shape, self._old
        query = sql.SQL(
            "SELECT {row_id}, p.{op}, ARRAY[{key}]::text[], {before}, {after} FROM {plan} AS p"
            " {join} WHERE p.{row} > {first} AND p.{row} <= {last} ORDER BY p.{row}"
        ).format(
            row_id=row_id(shape, "p"),
            op=column(OPERATION),
            key=COMMA.join(as_text(column(name, "p")) for name in shape.key),
            before=_before(old) if old else sql.SQL("NULL"),
            after=image(shape.columns, "p"),
            plan=self._planner.plan_table(self._plan.run),
            join=self._snapshot() if old else sql.SQL(""),
            row=column(ROW),
            first=sql.Literal(first),
            last=sql.Literal(last),
        )
        with self._planner.session.transaction("reading the plan", READ_ONLY) as connection:
            found = connection.execute(query).fetchall()
        return [
            Row(
                key,
                NAMES[operation],
                tuple(values),
                before if operation != "a" else None,
                after if operation != "r" else None,
            )
            for key, operation, values, before, after in found
        ]

    def _snapshot(self) -> sql.Composable:
        return sql.SQL("LEFT JOIN {} AS s ON {}").format(
            self._planner.snapshot_table(self._state), same_key(self._plan.shape, "s", "p")
        )


def _before(old: Shape) -> sql.Composable:
    return sql.SQL("CASE WHEN s.{} IS DISTINCT FROM {} THEN {} END").format(
        column(OPERATION), sql.Literal(SEND_AGAIN), image(old.columns, "s")
    )


def image(names: tuple[str, ...], alias: str) -> sql.Composable:
    """A row as a JSON object of texts.

    Args:
        names: of its columns.
        alias: of the relation that has them.
    """
    return labelled([(name, column(name, alias)) for name in names])


def labelled(values: list[tuple[str, sql.Composable]]) -> sql.Composable:
    """A JSON object of texts.

    Args:
        values: name and expression of each.
    """
    return sql.SQL("pg_catalog.json_object(ARRAY[{}]::text[], ARRAY[{}]::text[])").format(
        COMMA.join(sql.Literal(name) for name, _ in values),
        COMMA.join(as_text(value) for _, value in values),
    )


def as_text(value: sql.Composable) -> sql.Composable:
    """What COPY writes for a value: a cast to text may write another one (boolean, char(n))."""
    return sql.SQL("CASE WHEN {value} IS NOT NULL THEN pg_catalog.concat({value}) END").format(
        value=value
    )
