"""Names of relations and columns, always quoted by psycopg."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

COMMA = sql.SQL(", ")
AND = sql.SQL(" AND ")


def relation(schema: str, table: str) -> sql.Composable:
    """`"schema"."table"`."""
    return sql.Identifier(schema, table)


def column(name: str, alias: str | None = None) -> sql.Composable:
    """`"name"` or `alias."name"`."""
    return sql.Identifier(alias, name) if alias else sql.Identifier(name)


def column_list(names: Iterable[str], alias: str | None = None) -> sql.Composable:
    """`alias."a", alias."b"`."""
    return COMMA.join(column(name, alias) for name in names)


def same_or_null(left: sql.Composable, right: sql.Composable) -> sql.Composable:
    """Both are equal, or both NULL; unlike IS NOT DISTINCT FROM a FULL JOIN can be made by it.

    Within rows NULLs are equal, and values are by the operator that an index on them uses. The
    casts keep PostgreSQL from taking the rows apart again.
    """
    return sql.SQL("ROW({})::record OPERATOR(pg_catalog.=) ROW({})::record").format(left, right)


def any_of(conditions: Iterable[sql.Composable]) -> sql.Composable:
    """Conditions joined by OR, in brackets."""
    return sql.SQL("({})").format(sql.SQL(" OR ").join(conditions))


def all_of(conditions: Iterable[sql.Composable]) -> sql.Composable:
    """Conditions joined by AND, in brackets; `(true)` where there is none."""
    return sql.SQL("({})").format(AND.join(list(conditions) or [sql.SQL("true")]))
