"""Whether source and destination are identical, every column, by the text of each value.

Where a program made a column of another type, values are compared as JSON, in which 1.50 is 1.500
and a uuid is its text; the verdict then says so.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from psycopg import sql

from pgsync_assets.embedded import Cluster

from .contender import TABLE

IDENTICAL = "identical"
Columns = dict[str, str]
"""Types by the names of columns."""
TEXTS = ("text", "character")
TYPES = (
    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
    " WHERE attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text))"
    " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)


def verdict(source: Cluster, destination: Cluster, target: tuple[str, str]) -> str:
    """What a comparison of both tables says, in a few words.

    Args:
        source: the server with `public.customers`.
        destination: the server with the target.
        target: its schema and table.

    Returns:
        `identical`; `same values, .. of another type`; or what is wrong.
    """
    here, there = _columns(source, TABLE), _columns(destination, target)
    missing = [name for name in here if name not in there]
    if missing:
        return f"lacks {_listed(missing)}"
    same = [name for name in here if here[name] == there[name]]
    others = [name for name in here if here[name] != there[name]]
    with ThreadPoolExecutor(2) as pool:
        sums = list(
            pool.map(
                lambda side: _sums(side[0], side[1], here, there, same, others),
                ((source, TABLE), (destination, target)),
            )
        )
    (rows_here, *here_sums), (rows_there, *there_sums) = sums
    if rows_here != rows_there:
        more = int(rows_there - rows_here)
        return f"{abs(more):,} rows too {'many' if more > 0 else 'few'}"
    named = ["the columns of the same type", *others]
    pairs = zip(named, here_sums, there_sums, strict=True)
    wrong = [name for name, one, other in pairs if one != other]
    if wrong:
        return f"differs: {_listed(wrong)}" if others else "differs"
    if others:
        return f"same values, {_listed(others)} of another type"
    return IDENTICAL


def _columns(cluster: Cluster, table: tuple[str, str]) -> Columns:
    with cluster.connect("bench") as connection:
        return dict(connection.execute(TYPES, table).fetchall())


def _sums(
    cluster: Cluster,
    table: tuple[str, str],
    here: Columns,
    there: Columns,
    same: list[str],
    others: list[str],
) -> tuple[Any, ...]:
    """Number of rows, a sum over what has the same type, one for each other column."""
    names = sql.SQL(", ").join(map(sql.Identifier, same))
    parts: list[sql.Composable] = [
        sql.SQL("count(*)"),
        sql.SQL("sum(hashtextextended(ROW({})::text, 0))").format(names),
    ]
    for name in others:
        as_json = _compared_as(here[name], there[name]).format(sql.Identifier(name))
        parts.append(
            sql.SQL("sum(jsonb_hash_extended(jsonb_build_array(id, {}), 0))").format(as_json)
        )
    query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(parts), sql.Identifier(*table))
    with cluster.connect("bench") as connection:
        try:
            return connection.execute(query).fetchone() or ()
        except psycopg.DataError:
            # A value that is no JSON any more: only the rows can be counted.
            counted = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table))
            row = connection.execute(counted).fetchone() or (0,)
            return (*row, *((f"not comparable {table}",) * (1 + len(others))))


def _compared_as(here: str, there: str) -> sql.SQL:
    """The JSON that stands for a value on both sides, by the types of its columns."""
    if not there.startswith(TEXTS):
        return sql.SQL("to_jsonb({})")
    return sql.SQL("{}::text::jsonb" if here.startswith("json") else "to_jsonb({}::text)")


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 4 else f"{len(names)} columns"
