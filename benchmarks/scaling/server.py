"""What one server does while a sync runs: CPU, WAL, sizes, and how many sessions it serves.

CPU is that of its own processes (`/proc`), so that company on the machine does not count.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import psycopg

from benchmarks.meter import tree
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.data import read_lock_file

PAUSE_SECONDS = 0.2  # between two looks at the sessions of a server
MB = 1e6
SESSIONS = """
    SELECT count(*), count(*) FILTER (WHERE state <> 'idle'),
        COALESCE(extract(epoch FROM max(now() - xact_start)
            FILTER (WHERE backend_xmin IS NOT NULL)), 0)::float8,
        pg_database_size(current_database()) / 1e6::float8
    FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND datname = current_database()
        AND pid <> pg_backend_pid()
"""
SCHEMA = """
    SELECT COALESCE(sum(pg_total_relation_size(c.oid)), 0)::float8 / 1e6
    FROM pg_class AS c WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind = 'r'
"""


@dataclass
class Used:
    """What a server did in a run.

    Args:
        cpu: seconds of CPU of all of its processes.
        wal: MB of WAL.
        temp: MB of temporary files.
        grown: MB that the database was larger at most than before.
        sessions: of clients, at most at once.
        busy: of them in a statement or a transaction, at most at once: what a pooler of
            transactions needs of connections.
        snapshot: seconds that the longest transaction held a snapshot, which vacuum waits for.
    """

    cpu: float = 0.0
    wal: float = 0.0
    temp: float = 0.0
    grown: float = 0.0
    sessions: int = 0
    busy: int = 0
    snapshot: float = 0.0

    def kept(self) -> list[tuple[str, float]]:
        """Its figures by name, as precise as they are true."""
        return [(one.name, round(getattr(self, one.name), 4)) for one in fields(self)]


@contextmanager
def used(cluster: Cluster, database: str) -> Iterator[Used]:
    """Watches a server; what is yielded is complete after the block.

    Args:
        cluster: the server.
        database: where the sync connects.
    """
    found = Used()
    ended = threading.Event()
    with cluster.connect(database) as connection:
        size = _look(connection, found, 0.0)
        cpu, (wal, temp) = cpu_seconds(cluster), _written(connection)
        found.grown = 0.0

        def watch() -> None:
            while not ended.wait(PAUSE_SECONDS):
                _look(connection, found, size)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            ended.set()
            thread.join()
        _look(connection, found, size)
        connection.execute("SELECT pg_stat_clear_snapshot()")
        wal_after, temp_after = _written(connection)
        found.cpu = cpu_seconds(cluster) - cpu
        found.wal, found.temp = wal_after - wal, temp_after - temp


def schema_mb(cluster: Cluster, database: str, schema: str) -> float:
    """Tables of a schema with their indexes, in MB; 0 where it is not there."""
    with cluster.connect(database) as connection:
        row = connection.execute(SCHEMA, [schema]).fetchone()
    return float(row[0]) if row else 0.0


def cpu_seconds(cluster: Cluster) -> float:
    """Of a server since its start: its processes, and those that it waited for.

    Args:
        cluster: that runs.
    """
    lock = read_lock_file(cluster.data)
    return tree_seconds(lock.pid) if lock else 0.0


def tree_seconds(pid: int) -> float:
    """CPU of a process, of those that it has started and waited for, and of those that live.

    Args:
        pid: of the first of them.
    """
    return sum(map(_seconds, tree(pid)))


def _seconds(pid: int) -> float:
    """Of a process and its children that have ended, user and system; 0 where it has, too."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(tick) for tick in after_name[11:15]) / os.sysconf("SC_CLK_TCK")


def _look(connection: psycopg.Connection[tuple[object, ...]], found: Used, before: float) -> float:
    sessions, busy, snapshot, size = connection.execute(SESSIONS).fetchone() or (0, 0, 0.0, 0.0)
    found.sessions = max(found.sessions, int(str(sessions)))
    found.busy = max(found.busy, int(str(busy)))
    found.snapshot = max(found.snapshot, float(str(snapshot)))
    found.grown = max(found.grown, float(str(size)) - before)
    return float(str(size))


def _written(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[float, float]:
    query = (
        "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn,"
        " (SELECT sum(temp_bytes) FROM pg_stat_database)"
    )
    wal, temp = connection.execute(query).fetchone() or (0, 0)
    return float(str(wal)) / MB, float(str(temp or 0)) / MB
