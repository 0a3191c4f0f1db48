"""The values of a row as JSON, for audit level `full`."""

from __future__ import annotations

from psycopg import sql

from ..plan import Shape
from ..sql import column

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
AT_ONCE = 50  # a function takes 100 arguments at most, two for each column


def fields_of(shape: Shape, alias: str) -> sql.Composable:
    """`{"column": value, ..}` as jsonb.

    Args:
        shape: its columns.
        alias: of the relation that holds them.
    """
    pairs = [
        sql.SQL("{}, {}").format(sql.Literal(name), _value(name, spelled, alias))
        for name, spelled in zip(shape.columns, shape.types, strict=True)
    ]
    objects = [
        sql.SQL("pg_catalog.jsonb_build_object({})").format(
            sql.SQL(", ").join(pairs[start : start + AT_ONCE])
        )
        for start in range(0, len(pairs), AT_ONCE)
    ]
    return sql.SQL(" || ").join(objects)


def _value(name: str, spelled: str, alias: str) -> sql.Composable:
    value = column(name, alias)
    is_plain = spelled.startswith(PLAIN) and not spelled.endswith("[]")
    return value if is_plain else sql.SQL("{}::text").format(value)
