"""A database that stores text in another encoding than UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from psycopg import sql

from .fix_databases import LEDGER_SCHEMA, Side
from .fix_identities import check_identities


@contextmanager
def of_encoding(there: Side, encoding: str, *schemas: str) -> Iterator[Side]:
    """A database beside another one, dropped at the end of the block.

    Args:
        there: its server and role.
        encoding: as PostgreSQL calls it.
        schemas: that the role owns there; none: that of a destination's ledger.
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
        with there.cluster.connect("postgres") as connection:  # of the tests' own sessions
            connection.execute(
                sql.SQL("alter database {} set client_encoding to 'UTF8'").format(name)
            )
        side = replace(there, database=f"{there.database}_{encoding.lower()}")
        for schema in schemas or (LEDGER_SCHEMA,):
            side.execute(f"create schema {schema} authorization {there.user}")
        yield side
        if schemas:
            check_identities(side)
    finally:
        with there.cluster.connect("postgres") as connection:
            connection.execute(sql.SQL("drop database {}").format(name))
