"""How a statement finds the row of a key at the destination, so that its index is used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

from psycopg import sql

from ..sql import all_of, any_of, column
from .target import Target


def same_key(
    target: Target, values: Mapping[str, sql.Composable], nullable: Collection[str]
) -> sql.Composable:
    """The row `t` has a key, by the operators of the index.

    PostgreSQL looks nothing up by IS NOT DISTINCT FROM. Where NULL is a key, there is an
    alternative for each set of columns that may be NULL, and one bitmap scan of the index for each.

    Args:
        target: the destination table.
        values: by column, in its type.
        nullable: columns of which NULL is a key (NULLS NOT DISTINCT).
    """
    may_be = [name for name in values if name in nullable]
    sets = (nulls for size in range(len(may_be) + 1) for nulls in combinations(may_be, size))
    return any_of(all_of(_conditions(target, values, nulls)) for nulls in sets)


def _conditions(
    target: Target, values: Mapping[str, sql.Composable], nulls: Collection[str]
) -> Iterator[sql.Composable]:
    """Those columns are NULL, and all others are not and equal."""
    are_null = all_of(sql.SQL("{} IS NULL").format(values[name]) for name in nulls)
    # NULL on the right side of `=` ends the scan of an alternative that does not apply, at once.
    template = "CASE WHEN {applies} THEN {value} END" if nulls else "{value}"
    for name, value in values.items():
        if name in nulls:
            yield sql.SQL("{} IS NULL").format(column(name, "t"))
        else:
            yield sql.SQL("{} OPERATOR({}.=) {}").format(
                column(name, "t"),
                sql.Identifier(target.columns[name].equality),
                sql.SQL(template).format(applies=are_null, value=value),
            )
    if len(nulls) == len(values):
        yield are_null
