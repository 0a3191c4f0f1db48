"""Two clusters with equal settings (fsync on), a fresh table, and a run of a sync between them."""

from __future__ import annotations

import json
import os
import subprocess  # noqa: S404 - measures child processes
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import locate
from pgsync_assets.sql import statement

SETTINGS = {
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}


@contextmanager
def clusters() -> Iterator[tuple[Cluster, Cluster]]:
    """Source and destination, for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="pgsync-bench-") as folder:
        Path(folder).chmod(0o755)  # noqa: S103 - the server may run as another user
        source, destination = (Cluster(Path(folder, name)) for name in ("source", "destination"))
        for cluster in (source, destination):
            cluster.start(SETTINGS)
        try:
            yield source, destination
        finally:
            for cluster in (source, destination):
                cluster.stop()


def fresh(source: Cluster, destination: Cluster, rows: int) -> None:
    """New databases: the filled table at the source, an empty one at the destination."""
    for cluster, database, filled in (
        (source, "bench", rows),
        (destination, "bench", 0),
        (destination, "platform", None),
    ):
        with cluster.connect("postgres") as connection:
            name = sql.Identifier(database)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        if filled is None:
            continue
        with cluster.connect(database) as connection:
            # Several statements: psycopg sends values with one statement only.
            with psycopg.ClientCursor(connection) as cursor:
                cursor.execute(statement("benchmarks", "table.sql"), {"rows": filled})
            connection.execute("CHECKPOINT")


def psql(source: Cluster, destination: Cluster) -> float:
    """Seconds of `psql | psql`, the practical limit of the two servers."""
    program = locate().directory / "psql"
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own binaries
        [program, "-X", "-q", "-c", "COPY public.customers TO STDOUT"],
        env=_environment(source),
        stdout=subprocess.PIPE,
    ) as reader:
        subprocess.run(  # noqa: S603
            [program, "-X", "-q", "-c", "COPY public.customers FROM STDIN"],
            env=_environment(destination),
            stdin=reader.stdout,
            check=True,
        )
    return time.perf_counter() - began


def sync(source: Cluster, destination: Cluster, fields: dict[str, Any]) -> dict[str, Any]:
    """One run in a process of its own, timed inside, as psql is timed without its installation."""
    environment = os.environ | {
        "BENCH_SYNC": json.dumps(fields),
        "BENCH_SOURCE": json.dumps([source.port, source.password]),
        "BENCH_DESTINATION": json.dumps([destination.port, destination.password]),
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "benchmarks.one_sync"],
        env=environment,
        check=True,
        capture_output=True,
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _environment(cluster: Cluster) -> dict[str, str]:
    return os.environ | {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(cluster.port),
        "PGUSER": cluster.superuser,
        "PGPASSWORD": cluster.password,
        "PGDATABASE": "bench",
    }
