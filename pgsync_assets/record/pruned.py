"""What a pass of retention took from one database, and what is left there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from ..connect import READ_ONLY, Session
from ..sql import relation, statement

COUNTED = 1 << 30
"""Bytes of a table whose rows are counted; larger ones have PostgreSQL's estimate."""

BY_RUN = ("sync_runs", "sync_changelog", "sync_batches")
"""Tables of the audit in which an index finds the oldest run."""


@dataclass(frozen=True)
class Place:
    """Which audit it is, by whichever connection, and what the role may do there.

    Args:
        database: its name.
        server: when the server began.
        schema: of the audit.
        may_delete: the role may; the same audit for one that may not is the same place.
    """

    database: str
    server: str
    schema: str
    may_delete: bool = field(compare=False)


def place_of(session: Session, audit: str) -> Place:
    """Which audit a connection leads to.

    Args:
        session: on a database that has one.
        audit: name of its schema.
    """
    query = statement(__package__, "whose.sql")
    with session.transaction("looking at the audit", READ_ONLY) as connection:
        row = connection.execute(query, {"schema": audit}).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return Place(row[0], row[1], audit, row[2])


@dataclass(frozen=True)
class PrunedTable:
    """A table of audit or planner.

    Args:
        name: with its schema.
        deleted: rows that went; of a dry run, that would go.
        left: rows that are there; of a large table as PostgreSQL estimates.
        bytes: on disk, with indexes.
        oldest: when the oldest run ended of which it has something; None where it has nothing, or
            no index that says so.
    """

    name: str
    deleted: int
    left: int
    bytes: int
    oldest: dt.datetime | None

    @property
    def reusable(self) -> int:
        """Bytes on disk, about, that new rows can take once autovacuum has passed."""
        return self.bytes * self.deleted // (self.deleted + self.left) if self.deleted else 0


@dataclass(frozen=True)
class Pruned:
    """What a pass took from one database.

    Args:
        tables: of audit and planner.
        is_done: whether it came to the end before its time was up.
    """

    tables: Sequence[PrunedTable]
    is_done: bool

    @property
    def deleted(self) -> int:
        """Rows of all tables."""
        return sum(one.deleted for one in self.tables)


def measured(
    connection: psycopg.Connection[Any],
    audit: str,
    schema: str,
    deleted: Mapping[str, int],
    *,
    is_dry: bool,
) -> list[PrunedTable]:
    """Tables of a schema as they are now.

    Args:
        connection: in a transaction on the database.
        audit: name of the audit's schema.
        schema: of the tables.
        deleted: how many rows of each went.
        is_dry: they did not, but would.
    """
    values = {"schema": schema, "tables": list(deleted)}
    sizes = connection.execute(statement(__package__, "kept_sizes.sql"), values).fetchall()
    found = []
    for name, size, believed in sizes:
        rows = believed if size > COUNTED else _count(connection, schema, name)
        left = max(rows - deleted[name], 0) if is_dry else rows
        oldest = _oldest(connection, audit, name) if name in BY_RUN and schema == audit else None
        found.append(PrunedTable(f"{schema}.{name}", deleted[name], left, size, oldest))
    return found


def _count(connection: psycopg.Connection[Any], schema: str, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(relation(schema, table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _oldest(connection: psycopg.Connection[Any], audit: str, table: str) -> dt.datetime | None:
    query = sql.SQL(
        "SELECT finished_at FROM {runs} WHERE sync_run_id = (SELECT min(sync_run_id) FROM {table})"
    ).format(runs=relation(audit, "sync_runs"), table=relation(audit, table))
    row = connection.execute(query).fetchone()
    return row[0] if row else None
