"""A fresh source and destination database for each test, with least-privilege roles.

The roles own their bookkeeping schemas and nothing else: a test grants what its sync needs with
`side.grant_table(...)`, so that a forgotten right fails here and not at a user's.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from psycopg import Connection, sql

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import (
    DESTINATION_ROLE,
    PLATFORM_ROLE,
    SOURCE_ROLE,
    create_login,
)

from .canaries import canary, look
from .fix_identities import check_identities

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
_numbers = itertools.count(1)

AnyConnection = Connection[tuple[Any, ...]]


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

    def execute(self, *statements: str) -> None:
        """Run statements as the superuser, each in a transaction of its own."""
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query answers to the superuser."""
        with self.connect() as connection:
            return connection.execute(query.encode()).fetchall()

    def grant_table(self, table: str, *privileges: str, schema: str = "public") -> None:
        """Grant the role USAGE on a schema and rights on one table (SELECT where none is named)."""
        words = sql.SQL(", ").join(sql.SQL(word) for word in privileges or ("SELECT",))
        role = sql.Identifier(self.user)
        with self.connect() as connection:
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
def database(cluster: Cluster, role: str, *owned_schemas: str) -> Iterator[Side]:
    """A fresh database for the length of the block, and its role, which owns the named schemas."""
    number = next(_numbers)
    name = f"test_{os.getpid()}_{number}"
    create_login(cluster, role, PASSWORD)
    _create(cluster, name)
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


def _create(cluster: Cluster, name: str) -> None:
    """As files: copied through the log, as by default since 15, it takes the server 3x the time."""
    with cluster.connect("postgres") as connection:
        may_say_so = connection.info.server_version >= 150_000
        query = "create database {} strategy file_copy" if may_say_so else "create database {}"
        connection.execute(sql.SQL(query).format(sql.Identifier(name)))


def look_into(side: Side) -> None:
    """Looks for secrets in every table of ours."""
    for (table,) in side.rows(OURS):
        look(f"table {table}", str(side.rows(f"select t::text from {table} as t limit 1000")))


def _drop(cluster: Cluster, name: str) -> None:
    """In two steps, as PostgreSQL 12 knows no DROP DATABASE .. WITH (FORCE)."""
    with cluster.connect("postgres") as connection:
        # It waits for those who still leave, in steps of 100 ms: they are gone in a few.
        while connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
        ).rowcount:
            time.sleep(0.002)
        connection.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))


def _prepare(side: Side, owned_schemas: tuple[str, ...]) -> None:
    database, role = sql.Identifier(side.database), sql.Identifier(side.user)
    with side.connect() as connection:
        connection.execute(sql.SQL("revoke all on database {} from public").format(database))
        connection.execute("revoke all on schema public from public")
        connection.execute(
            sql.SQL("grant connect, temporary on database {} to {}").format(database, role)
        )
        for schema in owned_schemas:
            connection.execute(
                sql.SQL("create schema {} authorization {}").format(sql.Identifier(schema), role)
            )
