"""A partition as a condition in SQL: the only place where slices become `WHERE`.

Bounds and values are literals without a type, so that each column reads them as its own type and
compares by its own operators. `slice_fit` has PostgreSQL read them all before anything runs.
"""

from __future__ import annotations

from psycopg import sql

from ..config import Bucket, Interval, Partition, Slice, Values
from ..sql import COMMA, all_of, column

_JOIN = sql.SQL(" || ',' || ")
_HASH_MASK = sql.Literal(2**63 - 1)


def predicate(partition: Partition, alias: str) -> sql.Composable:
    """True for the rows of a partition; false or NULL for every other one.

    Args:
        partition: the slice.
        alias: what its columns are read from: the model, or any table that has these columns with
            the same types (a snapshot has those of the key).
    """
    return condition(partition.slice, alias)


def condition(part: Slice, alias: str) -> sql.Composable:
    """True for the rows of a slice; false or NULL for every other one.

    Args:
        part: of a partition, or all that partitions cover together.
        alias: what its columns are read from.
    """
    if isinstance(part, Interval):
        return _between(part, alias)
    if isinstance(part, Values):
        return _among(part, alias)
    return _hashed(part, alias)


def _between(part: Interval, alias: str) -> sql.Composable:
    value = column(part.column, alias)
    bounds = []
    if part.lower is not None:
        bounds.append(sql.SQL("{} >= {}").format(value, sql.Literal(part.lower)))
    if part.upper is not None:
        bounds.append(sql.SQL("{} < {}").format(value, sql.Literal(part.upper)))
    return all_of(bounds or [sql.SQL("{} IS NOT NULL").format(value)])


def _among(part: Values, alias: str) -> sql.Composable:
    value = column(part.column, alias)
    literals = [sql.Literal(text) for text in part.values if text is not None]
    parts = []
    if literals:
        parts.append(sql.SQL("{} IN ({})").format(value, COMMA.join(literals)))
    if None in part.values:
        parts.append(sql.SQL("{} IS NULL").format(value))
    one_of = sql.SQL("({})").format(sql.SQL(" OR ").join(parts))
    return sql.SQL("{} IS NOT TRUE").format(one_of) if part.is_rest else one_of


def _hashed(part: Bucket, alias: str) -> sql.Composable:
    """The same bucket on every version and every little-endian machine, whatever its encoding.

    Each value is quoted, so that ('a', 'b,c') and ('a,b', 'c') are two keys, and NULL is NULL. What
    is hashed is ASCII: the bytes of UTF-8, with those above 127 spelt out.
    """
    quoted = _JOIN.join(
        sql.SQL("pg_catalog.quote_nullable({}::pg_catalog.text)").format(column(name, alias))
        for name in part.columns
    )
    return sql.SQL(
        "pg_catalog.mod(pg_catalog.hashtextextended("
        "pg_catalog.encode(pg_catalog.convert_to({quoted}, 'UTF8'), 'escape')"
        ' COLLATE pg_catalog."C", 0) & {mask}, {modulus}) = {remainder}'
    ).format(
        quoted=quoted,
        mask=_HASH_MASK,
        modulus=sql.Literal(part.modulus),
        remainder=sql.Literal(part.remainder),
    )
