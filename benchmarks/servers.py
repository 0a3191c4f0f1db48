"""Two clusters with equal settings (fsync on), a fresh table, and a run of a sync between them."""

from __future__ import annotations

import json
import os
import signal
import subprocess  # noqa: S404 - measures child processes
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from psycopg import sql

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import locate

from .tables import CUSTOMERS, Shape, fill

SETTINGS = {
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}
FILLED, EMPTY = "bench_filled", "bench_empty"
NEVER_COMPILED = "PYTHONDONTWRITEBYTECODE"
FILE_COPY_SINCE = 150_000  # server version: older ones know no other way to copy a database


@contextmanager
def clusters(more: Mapping[str, str] | None = None) -> Iterator[tuple[Cluster, Cluster]]:
    """Source and destination, for the length of the block; SIGTERM ends it as Ctrl-C does.

    Args:
        more: settings of both servers, beside `SETTINGS`.
    """
    with started(("source", "destination"), more) as (source, destination):
        yield source, destination


@contextmanager
def started(names: Sequence[str], more: Mapping[str, str] | None = None) -> Iterator[list[Cluster]]:
    """Servers of their own, as `clusters` has two.

    Args:
        names: of their folders.
        more: settings of all, beside `SETTINGS`.
    """
    with ExitStack() as stack:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        stack.callback(signal.signal, signal.SIGTERM, before)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pgsync-bench-"))
        Path(folder).chmod(0o755)  # noqa: S103 - the server may run as another user
        servers = [Cluster(Path(folder, name)) for name in names]
        for cluster in servers:
            stack.callback(cluster.stop, "immediate")
            cluster.start(SETTINGS | dict(more or {}))
        yield servers


def fresh(
    source: Cluster, destination: Cluster, rows: int, shape: Shape = CUSTOMERS, *, made: bool = True
) -> None:
    """New databases: the filled table at the source, an empty one at the destination.

    The table is generated once for each size and copied from then on: every contender meets the
    same pages, vacuumed, as a table in use is.

    Args:
        source: the server with the filled table.
        destination: the server with the empty table, and with the platform's database.
        rows: of the table.
        shape: its columns.
        made: whether the destination has the table already.
    """
    _copied(source, FILLED, shape, rows)
    _copied(destination, EMPTY, shape, 0)
    database(source, "bench", FILLED)
    database(destination, "bench", EMPTY if made else None)
    database(destination, "platform", None)
    for cluster in (source, destination):
        with cluster.connect("postgres") as connection:
            connection.execute("CHECKPOINT")


def _copied(cluster: Cluster, name: str, shape: Shape, rows: int) -> None:
    """The database that others are copied from, made where it is another one or not there."""
    wanted = f"{shape.name}, {rows} rows"
    with cluster.connect("postgres") as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [name],
        ).fetchone()
        if found == (wanted,):
            return
    database(cluster, name, None)
    with cluster.connect(name) as connection:
        fill(connection, shape, rows)
        connection.execute("VACUUM (ANALYZE)")
        connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(name), sql.Literal(wanted)
            )
        )


def database(cluster: Cluster, name: str, template: str | None) -> None:
    """Makes a database anew.

    Args:
        cluster: where.
        name: of the database; one that is there is dropped.
        template: a database to copy; None: an empty one.
    """
    made_anew = sql.Identifier(name)
    with cluster.connect("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(made_anew))
        made = sql.SQL("CREATE DATABASE {}").format(made_anew)
        if template:
            made += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
            if connection.info.server_version >= FILE_COPY_SINCE:
                made += sql.SQL(" STRATEGY FILE_COPY")
        connection.execute(made)


def psql(source: Cluster, destination: Cluster) -> float:
    """Seconds of `psql | psql`, the practical limit of the two servers."""
    reading, writing = copy_commands("text")
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own binaries
        reading, env=libpq(source), stdout=subprocess.PIPE
    ) as reader:
        subprocess.run(  # noqa: S603
            writing, env=libpq(destination), stdin=reader.stdout, check=True
        )
    return time.perf_counter() - began


def copy_commands(form: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The two commands of `psql | psql`.

    Args:
        form: of COPY, `text` or `binary`.
    """
    program = str(locate().directory / "psql")
    statements = (
        sql.SQL("COPY public.customers {} (FORMAT {})").format(sql.SQL(way), sql.SQL(form))
        for way in ("TO STDOUT", "FROM STDIN")
    )
    reading, writing = ((program, "-X", "-q", "-c", one.as_string(None)) for one in statements)
    return reading, writing


def sync(source: Cluster, destination: Cluster, fields: dict[str, Any]) -> dict[str, Any]:
    """One run in a process of its own, timed inside, as psql is timed without its installation."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "benchmarks.one_sync"],
        env=sync_environment(source, destination, fields),
        check=True,
        capture_output=True,
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def sync_environment(
    source: Cluster,
    destination: Cluster,
    fields: Mapping[str, Any],
    platform: Cluster | None = None,
) -> dict[str, str]:
    """The environment of `benchmarks.one_sync`.

    Modules are compiled once, as installed ones are: where the variable that forbids it is set,
    each run would compile them anew, in the middle of what is timed.

    Args:
        source: the server with the filled table.
        destination: the server that it goes to.
        fields: of the sync, as in YAML.
        platform: the server with the platform's database; the destination, if none is given.
    """
    beside = platform or destination
    told = {
        "BENCH_SYNC": json.dumps(dict(fields)),
        "BENCH_SOURCE": json.dumps([source.port, source.password]),
        "BENCH_DESTINATION": json.dumps([destination.port, destination.password]),
        "BENCH_PLATFORM": json.dumps([beside.port, beside.password]),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    return {name: value for name, value in os.environ.items() if name != NEVER_COMPILED} | told


def libpq(cluster: Cluster, database: str = "bench") -> dict[str, str]:
    """The environment of a libpq program that connects there, as a superuser."""
    return os.environ | {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(cluster.port),
        "PGUSER": cluster.superuser,
        "PGPASSWORD": cluster.password,
        "PGDATABASE": database,
    }


def address(cluster: Cluster, database: str = "bench", options: str = "") -> str:
    """The same as a URL, for programs that take nothing else; the password has no odd letters."""
    told = f"{cluster.superuser}:{cluster.password}@127.0.0.1:{cluster.port}/{database}"
    return f"postgresql://{told}{options}"
