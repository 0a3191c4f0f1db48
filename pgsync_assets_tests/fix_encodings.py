"""A database that stores text in another encoding than UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from psycopg import sql

from .fix_databases import LEDGER_SCHEMA, Side


@contextmanager
def of_encoding(there: Side, encoding: str) -> Iterator[Side]:
    """A destination beside another one, dropped at the end of the block.

    Args:
        there: its server and role.
        encoding: as PostgreSQL calls it.
    """
    name = sql.Identifier(f"{there.database}_{encoding.lower()}")
    with there.cluster.connect("postgres") as connection:
        connection.execute(
            sql.SQL(
                "create database {} encoding {} locale_provider libc"
                " lc_collate 'C' lc_ctype 'C' template template0"
            ).format(name, sql.Literal(encoding))
        )
    try:
        side = replace(there, database=f"{there.database}_{encoding.lower()}")
        side.execute(f"create schema {LEDGER_SCHEMA} authorization {there.user}")
        yield side
    finally:
        with there.cluster.connect("postgres") as connection:
            connection.execute(sql.SQL("drop database {}").format(name))
