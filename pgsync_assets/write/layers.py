"""The relations that a row passes on its way: views, and what is behind them in the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg

from ..sql import statement
from .view_query import ViewQuery, view_query

EVENTS = {"UPDATE": 1 << 2, "INSERT": 1 << 3, "DELETE": 1 << 4}
"""Bits of `pg_relation_is_updatable`."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Layer:
    """A relation that rows are written to or through.

    Args:
        oid: of it.
        schema: its schema.
        table: its name.
        kind: `relkind` of pg_class; `f` for a partitioned table with foreign partitions, too.
        role: with whose rights it is reached: ours, or those of the owner of the view in front.
        may_delete: the role has DELETE.
        has_row_security: policies apply to the role: writes could vanish silently (trap 25).
        by_itself: events that it takes without a trigger.
        takes: events that it takes.
        has_instead_of: it is a view with INSTEAD OF triggers.
        has_rules: it has rules for writing (trap 3).
        replaced: events that a rule always replaces by something else.
        check_option: `local` or `cascaded` where a view refuses rows that it would not show.
        query: of a view.
        columns: as `target_columns.sql` says, by number.
        child: one that inherits from it; None for none, and of a partitioned table.
        shown: names of its columns, by name of the column that the target shows them as.
    """

    oid: int
    schema: str
    table: str
    kind: str
    role: str
    may_delete: bool
    has_row_security: bool
    by_itself: frozenset[str]
    takes: frozenset[str]
    has_instead_of: bool
    has_rules: bool
    replaced: frozenset[str]
    check_option: str | None
    query: ViewQuery | None
    child: str | None
    columns: dict[int, Row]
    shown: dict[str, str]

    @property
    def name(self) -> str:
        """`schema.table`, for messages."""
        return f"{self.schema}.{self.table}"

    @property
    def required(self) -> list[str]:
        """Columns without which no row can be inserted."""
        return [
            name
            for name, _, is_nullable, is_generated, _, has_default, *_ in self.columns.values()
            if not (is_nullable or is_generated or has_default)
        ]

    def stored(self, name: str) -> Row | None:
        """The column that the target shows under a name; None where that one is computed.

        Args:
            name: of the target's column.
        """
        wanted = self.shown.get(name)
        return None if wanted is None else self._by_name.get(wanted)

    @cached_property
    def _by_name(self) -> dict[str, Row]:
        return {one[0]: one for one in self.columns.values()}

    def missing(self, name: str) -> list[str]:
        """Which of INSERT, UPDATE, SELECT the role lacks on a column.

        Args:
            name: what the target shows the column as.
        """
        stored = self.stored(name)
        held = stored[9:12] if stored else ()
        rights = ("INSERT", "UPDATE", "SELECT")
        return [right for right, is_held in zip(rights, held, strict=False) if not is_held]

    @property
    def behind(self) -> int | None:
        """OID of the relation that PostgreSQL itself passes rows on to; None where it does not."""
        if self.query is None or self.has_instead_of or self.replaced or not self.by_itself:
            return None
        return next((relation for relation, _ in self.query.origins.values()), None)


def read_layers(connection: psycopg.Connection[Any], oid: int, role: str) -> tuple[Layer, ...]:
    """Reads a relation, and what is behind it where that is a view.

    Args:
        connection: a transaction on the destination.
        oid: of the relation.
        role: ours.
    """
    layer, reaches_on_as = _read(connection, oid, role, None)
    layers = [layer]
    while layer.behind is not None:
        layer, reaches_on_as = _read(connection, layer.behind, reaches_on_as, layer)
        layers.append(layer)
    return tuple(layers)


def _read(
    connection: psycopg.Connection[Any], oid: int, role: str, front: Layer | None
) -> tuple[Layer, str]:
    """A layer, and with whose rights what is behind it is reached."""
    key = {"relation": oid, "role": role}
    row = connection.execute(statement(__package__ or "", "target_layer.sql"), key).fetchone()
    assert row is not None  # noqa: S101 - this transaction has just seen it
    rows = connection.execute(statement(__package__ or "", "target_columns.sql"), key).fetchall()
    columns: dict[int, Row] = {one[-1]: one for one in rows}
    layer = Layer(
        oid=oid,
        schema=row[0],
        table=row[1],
        kind=row[2],
        role=role,
        may_delete=row[3],
        has_row_security=row[4],
        by_itself=_events(row[5]),
        takes=_events(row[6]),
        has_instead_of=row[7],
        has_rules=row[8],
        replaced=_events(row[9]),
        check_option=row[10],
        query=view_query(row[12]) if row[12] else None,
        child=row[13],
        columns=columns,
        shown=_shown(front, columns),
    )
    return layer, row[11]


def _shown(front: Layer | None, columns: dict[int, Row]) -> dict[str, str]:
    """Which of a layer's columns the target shows, and as what."""
    if front is None or front.query is None:
        return {one[0]: one[0] for one in columns.values()}
    behind = {
        front.columns[number][0]: columns[origin][0]
        for number, (_, origin) in front.query.origins.items()
    }
    return {name: behind[shown] for name, shown in front.shown.items() if shown in behind}


def _events(bits: int) -> frozenset[str]:
    return frozenset(name for name, bit in EVENTS.items() if bits & bit)
