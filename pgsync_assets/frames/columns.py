"""The columns of a load: their types as PostgreSQL understands them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from ..delivery.exact import Check, PartOfInterval, check_of_type
from ..sql import statement
from .refusal import refused

NO_TYPE = ("42", "23", "3F", "0A", "22")
"""Classes of SQLSTATE: there is none of that name, or a domain that takes no NULL."""
REMEDY = "write a type as a column definition has it, as in numeric(10,2)"


class Into(NamedTuple):
    """A column that is written.

    Args:
        name: of it.
        type: as PostgreSQL spells it.
        base: its name in pg_type.
        check: what a text has to fulfil to arrive as it is; None: nothing.
    """

    name: str
    type: str
    base: str
    check: Check | None


def columns_of(connection: psycopg.Connection[Any], types: Mapping[str, str]) -> list[Into]:
    """Asks PostgreSQL what types are; what a user wrote is never part of a definition.

    Args:
        connection: a transaction.
        types: by column.

    Raises:
        ModelError: there is no such type, or it would cut values.
    """
    known: dict[str, tuple[int, int]] = {}
    for name, written in types.items():
        if written not in known:
            known[written] = _type_of(connection, name, written)
    return [_column(connection, name, *known[written]) for name, written in types.items()]


def _type_of(connection: psycopg.Connection[Any], name: str, written: str) -> tuple[int, int]:
    """OID and modifier of a type, by the protocol: domains are taken off."""
    query = sql.SQL("SELECT NULL::{}").format(sql.SQL(written))
    try:
        with connection.transaction():
            # binary=True: one statement only, by protocol.
            result = connection.execute(query, binary=True).pgresult
    except psycopg.Error as error:
        if not (error.sqlstate or "").startswith(NO_TYPE):
            raise
        raise refused(
            name,
            f"types: {written!r} is no type here (SQLSTATE {error.sqlstate})",
            remedy=REMEDY,
        ) from None
    assert result is not None  # noqa: S101 - a statement that did not raise has a result
    if result.nfields != 1:
        raise refused(name, f"types: {written!r} is no type", remedy=REMEDY)
    return result.ftype(0), result.fmod(0)


def _column(connection: psycopg.Connection[Any], name: str, type: int, modifier: int) -> Into:
    query = statement(__package__, "frame_type.sql")
    row = connection.execute(query, {"type": type, "modifier": modifier}).fetchone()
    assert row is not None  # noqa: S101 - PostgreSQL has just named it
    spelled, base = row
    try:
        return Into(name, spelled, base, check_of_type(base, modifier))
    except PartOfInterval:
        raise refused(
            name,
            f"types: {spelled} would cut the other fields of an interval",
            remedy="make it a plain interval",
        ) from None
