"""A 64-bit digest of a row that differs where the text of any column differs.

`hash_record_extended` (PostgreSQL 14+) hashes by equality: 1.0 and 1.00 are one to it (trap 64).
So only types whose equality is identity go in as they are; the others as their output text, which
is what travels. Before 14 the text of the whole row is hashed. Both have the same value on every
server of the versions tried; where a server should answer otherwise after an upgrade, rows are
sent once more, never too few. Only rows of one key are compared: a change is missed with
probability 2^-64.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from psycopg import sql

from ..sql import COMMA, column

Algorithm = Literal["record", "text"]

# As format_type spells them: equal values of these have one text only.
_IDENTITY = re.compile(
    r"smallint|integer|bigint|boolean|uuid|date|bytea|oid|inet|cidr|macaddr8?|pg_lsn"
    r"|(time|timestamp)(\(\d\))? (with|without) time zone"
    r"|numeric\(\d+,-?\d+\)"  # a fixed scale: 1.0 is always 1.00 there
)
_OUTPUTS = {
    "character": "bpcharout",
    "interval": "interval_out",
    "json": "json_out",
    "jsonb": "jsonb_out",
    "numeric": "numeric_out",
}
"""Output functions of frequent types. By name they cost 0.7 times what they do within a row."""
_TEXT = re.compile(r"text|character varying(\(\d+\))?|name")


def has_one_text(spelled: str) -> bool:
    """Whether equal values of a type have one text, unless a collation says otherwise.

    Args:
        spelled: as format_type writes it.
    """
    return bool(_IDENTITY.fullmatch(spelled) or _TEXT.fullmatch(spelled))


def is_text(spelled: str) -> bool:
    """Whether values of a type are texts, which are one where they are byte by byte.

    Args:
        spelled: as format_type writes it.
    """
    return bool(_TEXT.fullmatch(spelled))


def newest_algorithm(server_version: int) -> Algorithm:
    """The fastest one that a server has.

    Args:
        server_version: as libpq tells it, 140005 for 14.5.
    """
    return "record" if server_version >= 140_000 else "text"


def digest(columns: Iterable[tuple[str, str]], alias: str, algorithm: Algorithm) -> sql.Composable:
    """The digest of a row as an expression of type bigint; never NULL.

    Args:
        columns: name and type of each column, as `format_type` spells it.
        alias: of the relation that has them.
        algorithm: as the state has it.
    """
    return _DIGESTS[algorithm](list(columns), alias)


def _of_record(columns: list[tuple[str, str]], alias: str) -> sql.Composable:
    values = COMMA.join(_exact(column(name, alias), spelled) for name, spelled in columns)
    return sql.SQL("pg_catalog.hash_record_extended(ROW({}), 0)").format(values)


def _of_text(columns: list[tuple[str, str]], alias: str) -> sql.Composable:
    # Output functions all the way: NULL and '' differ in the text of a row.
    values = COMMA.join(column(name, alias) for name, _ in columns)
    return sql.SQL('pg_catalog.hashtextextended(ROW({})::text COLLATE pg_catalog."C", 0)').format(
        values
    )


_DIGESTS = {"record": _of_record, "text": _of_text}


def _exact(value: sql.Composable, spelled: str) -> sql.Composable:
    if _IDENTITY.fullmatch(spelled):
        return value
    if _TEXT.fullmatch(spelled):
        return sql.SQL('({} COLLATE pg_catalog."C")').format(value)
    if spelled == "double precision":
        return sql.SQL("pg_catalog.float8send({})").format(value)  # faster than text; -0 is not 0
    if spelled == "real":
        return sql.SQL("pg_catalog.float4send({})").format(value)
    output = "array_out" if spelled.endswith("[]") else _OUTPUTS.get(spelled.split("(")[0])
    if output is not None:
        return sql.SQL('(pg_catalog.textin(pg_catalog.{}({})) COLLATE pg_catalog."C")').format(
            sql.Identifier(output), value
        )
    # As a one-column row: that calls the output function, where a cast to text may not.
    return sql.SQL('(ROW({})::text COLLATE pg_catalog."C")').format(value)
