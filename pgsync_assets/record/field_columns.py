"""The values of a big run in columns of its log: of their own types, until somebody asks for JSON.

JSON made of each row costs more than all else that a log costs. A table of `changelog_columns` has
so many columns of each type that PostgreSQL writes as JSON without a doubt; `columns` says whose
values each of them has, by its place, and the view `sync_changelog` makes of it what `fields_of`
would have made. What finds no column is made JSON at once.

No type of a user's own is among them: the log stands in the way of no DROP TYPE.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from ..plan import Shape
from .fields import as_json, is_plain, shown
from .row_names import RowNames

UTC = frozenset({"UTC", "Etc/UTC"})  # elsewhere the offset is part of what is shown
_INSTANT, _LOCAL = "timestamp with time zone", "timestamp without time zone"
_MODIFIER = re.compile(r"\(-?\d+(,-?\d+)?\)")


@dataclass(frozen=True)
class Kind:
    """Columns of one type.

    Args:
        name: of the first one, less its number.
        type: as it is written.
        count: how many there are.
        takes: types whose values go there, without their modifiers.
        value: a value as one of this type, without the modifier that its own may have.
    """

    name: str
    type: str
    count: int
    takes: tuple[str, ...]
    value: str


# In the order of the view (migrations/010_columns.sql).
KINDS = (
    Kind("integer", "bigint", 12, ("smallint", "integer", "bigint"), "({0})::bigint"),
    # A cast to the type itself would keep the modifier: `numeric(10, 2)`.
    Kind("numeric", "numeric", 8, ("numeric",), "pg_catalog.numeric_uplus({0})"),
    Kind("double", "double precision", 4, ("double precision",), "({0})::double precision"),
    Kind("boolean", "boolean", 8, ("boolean",), "({0})::boolean"),
    Kind("date", "date", 4, ("date",), "({0})::date"),
    Kind("timestamp", "timestamp", 4, (_LOCAL,), "pg_catalog.timestamp_larger({0}, {0})"),
    Kind("instant", "timestamptz", 6, (_INSTANT,), "pg_catalog.timestamptz_larger({0}, {0})"),
    Kind("uuid", "uuid", 4, ("uuid",), "({0})::uuid"),
    Kind("jsonb", "jsonb", 4, ("jsonb",), "({0})::jsonb"),
    Kind(
        "text",
        'text COLLATE pg_catalog."C"',
        24,
        ("text", "character varying"),
        '({0})::text COLLATE pg_catalog."C"',
    ),
)
_TEXT = KINDS[-1]


class FieldColumns:
    """Which column of the log has the values of which column of a plan.

    Args:
        shape: columns of the plan.
        alias: of the relation that holds them.
        names: how values are shown.
        time_zone: of the transaction that writes them.
    """

    def __init__(self, shape: Shape, alias: str, names: RowNames, time_zone: str) -> None:
        self._values: dict[str, sql.Composable] = {}
        self._whose: dict[str, str] = {}
        taken: dict[str, int] = defaultdict(int)
        rest: list[tuple[str, sql.Composable]] = []
        for name, spelled, stored in zip(shape.columns, shape.types, shape.stored, strict=True):
            if (value := shown(name, spelled, stored, alias, names)) is None:
                continue
            is_text = names.privacy.shows(name) == "hash" or not is_plain(spelled)
            kind = _TEXT if is_text else _kind(stored, time_zone)
            if kind is None or taken[kind.name] == kind.count:
                rest.append((name, value))
                continue
            taken[kind.name] += 1
            place = f"{kind.name}_{taken[kind.name]}"
            self._whose[place] = name
            self._values[place] = sql.SQL(kind.value).format(value)
        if rest:
            self._values["fields"] = as_json(rest)

    @property
    def selected(self) -> sql.Composable:
        """What a SELECT of the relation has to name, each after a comma."""
        return sql.SQL("").join(
            sql.SQL(", {} AS {}").format(value, sql.Identifier(place))
            for place, value in self._values.items()
        )

    @property
    def added(self) -> Iterator[sql.Composable]:
        """Columns that such a table gets afterwards: what none of its rows has costs it nothing."""
        whose = [self._whose.get(place) for place, _ in places()]
        yield sql.SQL("columns text[] DEFAULT {}::text[]").format(sql.Literal(whose))
        for place, spelled in (("fields", "jsonb"), *places()):
            if place not in self._values:
                yield sql.SQL("{} {}").format(sql.Identifier(place), sql.SQL(spelled))


def places() -> Iterator[tuple[str, str]]:
    """Names and types of the columns, in the order in which `columns` tells of them."""
    for kind in KINDS:
        for number in range(1, kind.count + 1):
            yield f"{kind.name}_{number}", kind.type


def _kind(stored: str, time_zone: str) -> Kind | None:
    """Where values of a type go; None where only JSON has them."""
    base = _MODIFIER.sub("", stored)
    if base == _INSTANT and time_zone not in UTC:
        return None
    return next((kind for kind in KINDS if base in kind.takes), None)
