"""How many bytes a value takes, found without reading it wherever that can be told."""

from __future__ import annotations

from psycopg import sql

PACKED = 256  # no value is stored in less than this share of its bytes (pglz 1/90, lz4 1/255)
_AS_IT_IS = ("bytea", "text", "character varying", "character(")


def size_of(value: sql.Composable, spelled: str, most: int, among: int = 1) -> sql.Composable:
    """Bytes of a value: of text and bytea as they are, of anything else as text.

    How long a text is stands before it, however it is stored. Anything else is only made text where
    that may matter: neither where it cannot come to `most` bytes, nor where it takes more than that
    as it is stored, which then is its size. Of NULL it is NULL.

    Args:
        value: of a row.
        spelled: its type, as PostgreSQL spells it.
        most: bytes that the size, or a sum of sizes, is compared with.
        among: how many sizes are added.
    """
    if spelled.startswith(_AS_IT_IS) and not spelled.endswith("[]"):
        return sql.SQL("pg_catalog.octet_length({})").format(value)
    return sql.SQL(
        "CASE WHEN pg_catalog.pg_column_size({value}) BETWEEN {packed} AND {most}"
        " THEN pg_catalog.octet_length({value}::text) ELSE pg_catalog.pg_column_size({value}) END"
    ).format(value=value, packed=sql.Literal(most // PACKED // among), most=sql.Literal(most))
