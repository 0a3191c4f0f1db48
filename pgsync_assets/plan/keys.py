"""Comparing keys and rows inside planner statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from psycopg import sql

from ..sql import COMMA, all_of, any_of, column, same_or_null
from .digest import has_one_text, is_text
from .shape import DIGEST, Shape

ROW = "_pgsync_row"
OPERATION = "_pgsync_op"
SEND_AGAIN = "x"  # operation of a snapshot row whose newest image the destination has not
NAMES = {"a": "added", "c": "changed", "r": "removed"}


def same_key(shape: Shape, left: str, right: str) -> sql.Composable:
    """`left.k = right.k` for every key column, by the operator that an index on it uses."""
    return equal_keys(shape.key, shape.key_operators, left, right, shape.nullable_key)


def equal_keys(
    names: Iterable[str],
    operators: Iterable[str],
    left: str,
    right: str,
    nullable: Collection[str],
) -> sql.Composable:
    """`left.k = right.k` for every named column.

    Args:
        names: of the columns.
        operators: schema of the equality operator of each.
        left: alias of one relation.
        right: alias of the other one.
        nullable: columns in which NULL is a key.
    """
    return all_of(
        same_or_null(column(name, left), column(name, right))
        if name in nullable
        else sql.SQL("{} OPERATOR({}.=) {}").format(
            column(name, left), sql.Identifier(schema), column(name, right)
        )
        for name, schema in zip(names, operators, strict=True)
    )


def has_key(shape: Shape, alias: str) -> sql.Composable:
    """No key column is NULL that may not be."""
    return all_of(
        sql.SQL("{} IS NOT NULL").format(column(name, alias))
        for name in shape.key
        if name not in shape.nullable_key
    )


def row_id(shape: Shape, alias: str) -> sql.Composable:
    """The key as text: its value, or a JSON array where it has several columns."""
    columns = [column(name, alias) for name in shape.key]
    if len(columns) == 1:
        return sql.SQL("coalesce({}::text, '(null)')").format(columns[0])
    return sql.SQL("pg_catalog.jsonb_build_array({})::text").format(COMMA.join(columns))


def images_differ(shape: Shape, left: str, right: str) -> sql.Composable:
    """Whether two rows differ in any byte: by image, never by `=` (numeric 1.0 is not 1.00)."""
    if shape.holds == "digest":
        sides = [column(DIGEST, alias) for alias in (left, right)]
        return sql.SQL("{} IS DISTINCT FROM {}").format(*sides)
    typed = list(zip(shape.columns, shape.types, strict=True))
    plain = [
        _values_differ(name, left, right, spelled) for name, spelled in typed if _is_image(spelled)
    ]
    others = [name for name, spelled in typed if not _is_image(spelled)]
    return any_of([*plain, *([_images_differ(others, left, right)] if others else [])])


def _is_image(spelled: str) -> bool:
    """Whether equal values of a type, or of an array of it, are one image.

    Arrays are equal where their bounds and all of their elements are.
    """
    return has_one_text(spelled.removesuffix("[]"))


def _values_differ(name: str, left: str, right: str, spelled: str) -> sql.Composable:
    """Of a type whose equal values are one image: no row has to be made of it."""
    collation = sql.SQL(' COLLATE pg_catalog."C"' if is_text(spelled.removesuffix("[]")) else "")
    # Not IS DISTINCT FROM: which operator that means, is looked up by name.
    return sql.SQL(
        "(({left}{collation} OPERATOR(pg_catalog.=) {right}{collation}) IS NOT TRUE"
        " AND ({left} IS NOT NULL OR {right} IS NOT NULL))"
    ).format(left=column(name, left), right=column(name, right), collation=collation)


def _images_differ(names: Iterable[str], left: str, right: str) -> sql.Composable:
    sides = [
        sql.SQL("ROW({})").format(COMMA.join(column(name, alias) for name in names))
        for alias in (left, right)
    ]
    return sql.SQL("pg_catalog.record_image_ne({}, {})").format(*sides)


def operation(alias: str) -> sql.Composable:
    """`added`, `changed` or `removed`, as the audit spells it."""
    cases = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(sql.Literal(short), sql.Literal(long))
        for short, long in NAMES.items()
    )
    return sql.SQL("CASE {} {} END").format(column(OPERATION, alias), cases)


def row_key(shape: Shape, alias: str) -> sql.Composable:
    """The key as an array of texts, from which it can be read again as what it is."""
    return sql.SQL("ARRAY[{}]").format(
        COMMA.join(sql.SQL("{}::text").format(column(name, alias)) for name in shape.key)
    )
