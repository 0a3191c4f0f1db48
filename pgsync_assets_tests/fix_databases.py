"""A fresh source and destination database for each test, with least-privilege roles.

The roles own their bookkeeping schemas and nothing else: a test grants what its sync needs with
`side.grant_table(...)`, so that a forgotten right fails here and not at a user's.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from psycopg import sql

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import (
    DESTINATION_ROLE,
    PLATFORM_ROLE,
    SOURCE_ROLE,
    create_login,
)

from .canaries import canary, look
from .fix_identities import check_identities
from .sessions import POSTGRES, leave, session, stay
from .sessions import AnyConnection as AnyConnection

# Every character that a URL or a shell would trip over.
PASSWORD = canary("p@ss:w/rd %'\\\"$ü")
ONE_IN = 19  # databases is searched for secrets; odd, as most tests have two
PLANNER_SCHEMA = "hightouch_planner"
AUDIT_SCHEMA = "hightouch_audit"
LEDGER_SCHEMA = "pgsync_ledger"
READER_ROLE = "pgsync_reader"
OURS = """
    select format('%I.%I', schemaname, tablename) from pg_tables
    where schemaname like 'hightouch_%' or schemaname like 'pgsync_%'
"""
# A copy has everything but who may do what with the database itself.
SAME_RIGHTS = """
    update pg_database as copy set datacl = original.datacl from pg_database as original
    where original.datname = %s and copy.datname = %s
"""
OID = "select oid from pg_database where datname = %s"
VERIFIER = "select rolpassword from pg_authid where rolname = %s and rolcanlogin"
_verifiers: set[tuple[Any, ...]] = set()
"""Of passwords that we have set: hashing one again takes an older server some milliseconds."""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Side:
    """One database and the role that a sync uses there.

    `user` and `password` are the role's; `connect()` is the superuser's way in.
    """

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    cluster: Cluster = field(repr=False)

    def connect(self, *, autocommit: bool = True) -> AnyConnection:
        """Open a connection as the superuser."""
        return self.cluster.connect(self.database, autocommit=autocommit)

    def connect_as_role(self, *, autocommit: bool = False) -> AnyConnection:
        """Open a connection as the sync's own role."""
        return self.cluster.connect(self.database, self.user, self.password, autocommit=autocommit)

    def session(self) -> AbstractContextManager[AnyConnection]:
        """A session of the superuser, which may be kept for whoever asks next."""
        return session(self.cluster, self.database)

    def leave(self) -> None:
        """Ends the superuser's idle sessions, and keeps none from now on.

        For who counts sessions, or copies, renames or drops the database.
        """
        leave(self.cluster, self.database)

    def execute(self, *statements: str) -> None:
        """Run statements as the superuser, each in a transaction of its own."""
        with self.session() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query answers to the superuser."""
        with self.session() as connection:
            return connection.execute(query.encode()).fetchall()

    def grant_table(self, table: str, *privileges: str, schema: str = "public") -> None:
        """Grant the role USAGE on a schema and rights on one table (SELECT where none is named)."""
        words = sql.SQL(", ").join(sql.SQL(word) for word in privileges or ("SELECT",))
        role = sql.Identifier(self.user)
        with self.session() as connection:
            connection.execute(
                sql.SQL("grant usage on schema {} to {}").format(sql.Identifier(schema), role)
            )
            connection.execute(
                sql.SQL("grant {} on table {} to {}").format(
                    words, sql.Identifier(schema, table), role
                )
            )


@dataclass(frozen=True)
class Pair:
    """The two databases of one test."""

    source: Side
    destination: Side


@pytest.fixture
def database_pair(source_server: Cluster, destination_server: Cluster) -> Iterator[Pair]:
    """Fresh databases on two servers, dropped after the test."""
    with (
        database(source_server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(destination_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        yield Pair(source, destination)


@pytest.fixture
def platform_side(destination_server: Cluster) -> Iterator[Side]:
    """A fresh database for the state of engine standard."""
    with database(destination_server, PLATFORM_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as side:
        yield side


@pytest.fixture
def reader_pair(source_server: Cluster, destination_server: Cluster) -> Iterator[Pair]:
    """As `database_pair`, but at the source the role owns nothing and may create nothing."""
    with (
        database(source_server, READER_ROLE) as source,
        database(destination_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        source.execute(f'revoke temporary on database "{source.database}" from {READER_ROLE}')
        yield Pair(source, destination)


@contextmanager
def database(
    cluster: Cluster, role: str, *owned_schemas: str, name: str | None = None
) -> Iterator[Side]:
    """A fresh database for the length of the block, and its role, which owns the named schemas."""
    number = next(_numbers)
    name = name or f"test_{os.getpid()}_{number}"
    _create(cluster, name, role)
    stay(name)
    side = Side(cluster.host, cluster.port, name, role, PASSWORD, cluster)
    _prepare(side, owned_schemas)
    yield side
    if number % ONE_IN == 1:
        look_into(side)
    try:
        if owned_schemas != (LEDGER_SCHEMA,):  # no audit can be there
            check_identities(side)
    finally:
        _drop(cluster, name)


def _create(cluster: Cluster, name: str, role: str) -> None:
    with session(cluster, POSTGRES) as connection:
        verifier = connection.execute(VERIFIER, [role]).fetchone()
        if verifier is None or verifier not in _verifiers:
            create_login(cluster, role, PASSWORD)
            _verifiers.update(connection.execute(VERIFIER, [role]).fetchall())
        copy(connection, "template1", name)


def copy(connection: AnyConnection, old: str, new: str, oid: int | None = None) -> None:
    """As files: copied through the log, as by default since 15, it takes the server 3x the time."""
    may_say_so = connection.info.server_version >= 150_000
    query = "create database {} template {}" + (" strategy file_copy" if may_say_so else "")
    named = sql.SQL(query).format(sql.Identifier(new), sql.Identifier(old))
    connection.execute(named + sql.SQL(" oid {}").format(oid) if oid else named)


def look_into(side: Side) -> None:
    """Looks for secrets in every table of ours."""
    for (table,) in side.rows(OURS):
        look(f"table {table}", str(side.rows(f"select t::text from {table} as t limit 1000")))


def _drop(cluster: Cluster, name: str) -> None:
    """Drops a database, whoever is in it, and the copy of it that `keep` made."""
    with session(cluster, POSTGRES) as connection:
        empty(connection, cluster, name)
        for one in (name, kept(name)):
            connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(one)))


def keep(side: Side) -> None:
    """Keeps a copy of a database, as it is now, until it is dropped."""
    with session(side.cluster, POSTGRES) as connection:
        empty(connection, side.cluster, side.database)
        copy(connection, side.database, kept(side.database))
        connection.execute(SAME_RIGHTS, [side.database, kept(side.database)])
    stay(side.database)


def put_back(side: Side) -> None:
    """Makes a database again what it was when it was kept; whoever is in it is put out.

    It keeps its number, by which a database without a ledger is told from another (from 15 on).
    """
    with session(side.cluster, POSTGRES) as connection:
        empty(connection, side.cluster, side.database)
        oid = connection.execute(OID, [side.database]).fetchone()
        connection.execute(sql.SQL("drop database {}").format(sql.Identifier(side.database)))
        copy(connection, kept(side.database), side.database, *oid or ())
        connection.execute(SAME_RIGHTS, [kept(side.database), side.database])
    stay(side.database)


def kept(name: str) -> str:
    """The name of the copy of a database."""
    return f"{name}_kept"


def empty(connection: AnyConnection, cluster: Cluster, name: str) -> None:
    """Puts everybody out of a database."""
    leave(cluster, name)
    # DROP DATABASE waits for those who still leave, in steps of 100 ms: they are gone in a few.
    while connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
    ).rowcount:
        time.sleep(0.002)


def _prepare(side: Side, owned_schemas: tuple[str, ...]) -> None:
    database, role = sql.Identifier(side.database), sql.Identifier(side.user)
    with side.session() as connection:
        connection.execute(sql.SQL("revoke all on database {} from public").format(database))
        connection.execute("revoke all on schema public from public")
        connection.execute(
            sql.SQL("grant connect, temporary on database {} to {}").format(database, role)
        )
        for schema in owned_schemas:
            connection.execute(
                sql.SQL("create schema {} authorization {}").format(sql.Identifier(schema), role)
            )
