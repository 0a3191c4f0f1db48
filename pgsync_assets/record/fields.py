"""The values of a row as JSON, for audit level `full`."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from ..plan import Shape
from ..sql import COMMA, column, size_of
from .row_names import RowNames

# Types that to_jsonb always takes. Everything else goes as text: json may hold \u0000, which
# jsonb refuses (22P05), and a log must not fail on a value that was delivered.
PLAIN = (
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "real",
    "double precision",
    "boolean",
    "text",
    "character varying",
    "date",
    "timestamp",
    "uuid",
    "jsonb",
)
_OF_ANY_SIZE = ("text", "character varying", "jsonb")
MOST_BYTES = 16 * 2**20
"""Of a value in a log. jsonb holds 256 MB, and a log must not fail on what was delivered."""


def fields_of(shape: Shape, alias: str, names: RowNames) -> sql.Composable:
    """`{"column": value, ..}` as jsonb; values that are hashed as their hash, others not at all.

    Args:
        shape: its columns.
        alias: of the relation that holds them.
        names: how they are shown.
    """
    return as_json(
        (name, value)
        for name, spelled, stored in zip(shape.columns, shape.types, shape.stored, strict=True)
        if (value := shown(name, spelled, stored, alias, names)) is not None
    )


def as_json(values: Iterable[tuple[str, sql.Composable]]) -> sql.Composable:
    """`{"name": value, ..}` as jsonb.

    Args:
        values: by name.
    """
    # A row at once takes two thirds of the time of jsonb_build_object, and has no 100 arguments.
    return sql.SQL("(SELECT pg_catalog.to_jsonb(f.*) FROM (SELECT {}) AS f)").format(
        COMMA.join(sql.SQL("{} AS {}").format(one, sql.Identifier(name)) for name, one in values)
    )


def shown(
    name: str, spelled: str, stored: str, alias: str, names: RowNames
) -> sql.Composable | None:
    """What is shown of the values of a column; None where they are omitted.

    Args:
        name: of the column.
        spelled: its type in the model.
        stored: its type in the relation.
        alias: of the relation that holds it.
        names: how values are shown.
    """
    how = names.privacy.shows(name)
    if how == "omit":
        return None
    if how == "hash":
        return names.value(name, alias)
    value = column(name, alias)
    as_told = value if is_plain(spelled) else sql.SQL("{}::text").format(value)
    if is_plain(spelled) and not stored.startswith(_OF_ANY_SIZE):
        return as_told
    size = size_of(value, stored, MOST_BYTES)
    instead = sql.SQL("pg_catalog.concat('(', {}, ' bytes, not kept)')").format(size)
    if is_plain(spelled) and stored == "jsonb":
        instead = sql.SQL("pg_catalog.to_jsonb({})").format(instead)
    return sql.SQL("CASE WHEN {size} > {most} THEN {instead} ELSE {value} END").format(
        size=size, most=sql.Literal(MOST_BYTES), instead=instead, value=as_told
    )


def is_plain(spelled: str) -> bool:
    """Whether values of a type are shown as JSON has them; others are as text.

    Args:
        spelled: the type in the model.
    """
    return spelled.startswith(PLAIN) and not spelled.endswith("[]")
