"""One run per sync: an advisory lock in an open transaction on a connection of its own.

The transaction is READ COMMITTED and does nothing else, so it holds back no vacuum. A lock of the
transaction, not of the session, works behind a pooler in transaction mode too (trap 57). A whole
sync is locked exclusively; a partition locks itself, and the sync in shared mode. Partitions that
share one state take turns: each waits for the one before it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from ..connect import READ_ONLY, Session
from ..errors import AlreadyRunning, ConnectionLost
from ..sql import relation, statement

EXCLUSIVE = "SELECT pg_catalog.pg_try_advisory_xact_lock(%s)"
SHARED = "SELECT pg_catalog.pg_try_advisory_xact_lock_shared(%s)"
TURN = "\0turn"  # no partition has such a name
SECONDS_BETWEEN_LOOKS = 0.2


class Lock:
    """A held lock; `check` tells whether it still is."""

    def __init__(self, name: str, connection: psycopg.Connection[Any]) -> None:
        self._name = name
        self._connection = connection

    def check(self) -> None:
        """Makes sure that the lock is still ours.

        Raises:
            ConnectionLost: the connection that held it is gone.
        """
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            raise ConnectionLost(f"{self._name}: the connection that held the lock is gone") from (
                None
            )

    def keep(self, schema: str, table: str) -> None:
        """Keeps a table of the planner's database from being dropped, as long as the lock is held.

        Args:
            schema: its schema.
            table: its name.

        Raises:
            psycopg.Error: it is gone already.
        """
        query = sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(relation(schema, table))
        self._connection.execute(query)


@contextmanager
def locked(
    session: Session, planner: str, sync: str, partition: str, *, in_turns: bool = False
) -> Iterator[Lock]:
    """Holds the lock of a sync, or of one partition, for the length of the block.

    Args:
        session: a session on the planner's database, for nothing else.
        planner: name of the planner's schema.
        sync: name of the sync.
        partition: name of the partition; empty for the whole sync.
        in_turns: wait for other partitions of the sync.

    Raises:
        AlreadyRunning: somebody else holds it. Nothing was touched.
    """
    name = f"{sync}[{partition}]" if partition else sync
    is_done = False
    try:
        with session.transaction(f"holding the lock of {name}") as connection:
            if partition:
                _take(connection, SHARED, lock_key(planner, sync, ""), name)
            _take(connection, EXCLUSIVE, lock_key(planner, sync, partition), name)
            if in_turns:
                await_turn(connection, lock_key(planner, sync, TURN))
            yield Lock(name, connection)
            is_done = True
    except ConnectionLost:
        if not is_done:  # else what it protected is settled: there is nothing to do again
            raise


def lock_key(planner: str, sync: str, partition: str) -> int:
    """The 64-bit number that stands for a sync or a partition in pg_locks."""
    text = "\0".join(("pgsync", planner, sync, partition))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


def held_locks(session: Session) -> frozenset[int]:
    """Numbers of the locks that somebody holds in a database: see `lock_key`. None is taken.

    Args:
        session: on the planner's database.
    """
    query = statement(__package__ or "", "running.sql")
    with session.transaction("looking for runs under way", READ_ONLY) as connection:
        return frozenset(number for (number,) in connection.execute(query))


def _take(connection: psycopg.Connection[Any], query: str, key: int, name: str) -> None:
    if not _is_free(connection, query, key):
        raise AlreadyRunning(f"{name}: another run of it is under way; nothing was touched")


def await_turn(connection: psycopg.Connection[Any], key: int) -> None:
    """Takes a lock that others hold for a while; it is held to the end of the transaction.

    Args:
        connection: in a transaction.
        key: of the lock.
    """
    # Looked at again and again, so that a cancelled run stops waiting.
    while not _is_free(connection, EXCLUSIVE, key):
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _is_free(connection: psycopg.Connection[Any], query: str, key: int) -> bool:
    row = connection.execute(query, [key]).fetchone()
    return bool(row and row[0])
