"""What Dagster adds to a sync: loading definitions, the start of a run, and rows in its event log.

    python -m benchmarks.dagster_overhead [--syncs 1 --syncs 500] [--start] [--json]

For each size of a project, in processes of their own: seconds and memory of loading it, as a code
server and each run do. `--start`: Dagster's daemon runs one of its syncs by a schedule of each
minute, and what Dagster and the audit have noted says when: tick, run, step, first row.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess  # noqa: S404 - measures child processes
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import yaml
from rich.console import Console
from rich.table import Table

from pgsync_assets.embedded import Cluster

from .meter import tree
from .servers import clusters, fresh

TOP = Path(__file__).parents[1]
ROWS = 10_000
SYNCS_PER_FILE = 100
PATIENCE_S = 240.0
LOAD = """
import json, resource, time
began = time.perf_counter()
from pgsync_assets.assets.defs_folder import chosen_folder, load_folder
import pgsync_assets.definitions
imported, cpu = time.perf_counter() - began, time.process_time()
def peak():
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
before = peak()
began = time.perf_counter()
load_folder(chosen_folder()).get_repository_def()
print(json.dumps({
    "import": imported, "load": time.perf_counter() - began,
    "cpu": time.process_time() - cpu, "memory_mb": peak() - before,
}))
"""


def main() -> None:
    """Runs the benchmark and prints its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--syncs", type=int, action="append")
    parser.add_argument("--start", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found: dict[int, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="pgsync-bench-") as above, clusters() as ends:
        for syncs in arguments.syncs or [1, 500]:
            folder = Path(above, str(syncs))
            write(folder, syncs, *ends, is_scheduled=arguments.start)
            found[syncs] = load(folder)
            if arguments.start:
                found[syncs] |= start(folder, *ends)
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    for syncs, figures in found.items():
        table = Table("what", "", title=f"{syncs:,} syncs")
        for name, value in figures.items():
            table.add_row(name, f"{value:.2f}" if isinstance(value, float) else str(value))
        Console().print(table)


def write(
    folder: Path, syncs: int, source: Cluster, destination: Cluster, *, is_scheduled: bool
) -> None:
    """A project: the first sync is real, the others have tables that are not there."""
    ends = {"source": source, "destination": destination}
    connect(folder, ends)
    written = [_sync(number) for number in range(syncs)]
    if is_scheduled:
        written[0]["schedule"] = {"cron": "* * * * *", "status": "RUNNING"}
    for first in range(0, syncs, SYNCS_PER_FILE):
        chosen = written[first : first + SYNCS_PER_FILE]
        component(folder / f"syncs_{first}", "PgSyncComponent", syncs=chosen)


def connect(folder: Path, ends: Mapping[str, Cluster]) -> None:
    """Writes the connections of a project.

    Args:
        folder: of the project.
        ends: servers by the names of connections.
    """
    connections = {
        name: {
            "host": "127.0.0.1",
            "port": cluster.port,
            "database": "bench",
            "user": cluster.superuser,
            "password": f"$BENCH_{name.upper()}",
        }
        for name, cluster in ends.items()
    }
    component(folder / "connections", "PgConnectionsComponent", connections=connections)


def component(folder: Path, kind: str, /, **attributes: object) -> None:
    """Writes one component.

    Args:
        folder: of its file, made here.
        kind: its class.
        attributes: of it.
    """
    folder.mkdir(parents=True)
    document = {"type": f"pgsync_assets.{kind}", "attributes": attributes}
    (folder / "defs.yaml").write_text(yaml.safe_dump(document))


def _sync(number: int) -> dict[str, Any]:
    made = sync_of(number, delete="delete_row")
    if number == 0:
        made |= {"model": {"table": "public.customers", "key": ["id"]}, "table": "public.customers"}
    return made


def sync_of(number: int, **more: Any) -> dict[str, Any]:
    """A sync of a table of its own.

    Args:
        number: of both.
        more: of the sync.
    """
    return {
        "name": f"sync_{number}",
        "source": "source",
        "model": {"table": f"public.customers_{number}", "key": ["id"]},
        "destination": "destination",
        "table": f"public.customers_{number}",
        **more,
    }


def load(folder: Path) -> dict[str, Any]:
    """Seconds and memory of loading a project, in a fresh process."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "ignore", "-c", LOAD],
        env=os.environ | {"PGSYNC_DEFS": str(folder)},
        check=True,
        capture_output=True,
    )
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def start(folder: Path, source: Cluster, destination: Cluster) -> dict[str, Any]:
    """Seconds from the tick of a schedule on, and rows of events, of the first run of a sync."""
    fresh(source, destination, ROWS)
    with source.connect("postgres") as connection:
        connection.execute("DROP DATABASE IF EXISTS dagster WITH (FORCE)")
        connection.execute("CREATE DATABASE dagster")
    with daemon(folder, source, destination):
        _wait(source)
    with source.connect("dagster") as connection:
        noted = dict(_noted(connection))
        events = connection.execute(
            "SELECT dagster_event_type, count(*) FROM event_logs"
            " WHERE run_id = (SELECT run_id FROM runs ORDER BY id LIMIT 1) GROUP BY 1 ORDER BY 1"
        ).fetchall()
    with source.connect("bench") as connection:
        row = connection.execute(
            "SELECT extract(epoch FROM min(started_at))::float8 FROM hightouch_audit.sync_batches"
        ).fetchone()
    noted["first row"] = row[0] if row else 0.0
    tick = noted.pop("tick")
    after = {f"tick to {name} (s)": at - tick for name, at in noted.items()}
    return after | {
        "event rows": sum(count for _, count in events),
        "events": ", ".join(f"{name or 'log line'} {count}" for name, count in events),
    }


def _noted(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, float]]:
    """When, by Dagster's own notes: seconds of the epoch."""
    query = (
        "SELECT extract(epoch FROM min(timestamp))::float8 FROM job_ticks WHERE status = 'SUCCESS'"
    )
    for (at,) in connection.execute(query):
        yield "tick", at
    query = (
        "SELECT dagster_event_type, extract(epoch FROM min(timestamp))::float8 FROM event_logs"
        " WHERE run_id = (SELECT run_id FROM runs ORDER BY id LIMIT 1) GROUP BY 1"
    )
    at = dict(connection.execute(query).fetchall())
    for name, event in (
        ("run queued", "PIPELINE_ENQUEUED"),
        ("run launched", "PIPELINE_STARTING"),
        ("run started", "PIPELINE_START"),
        ("step started", "STEP_START"),
        ("run ended", "PIPELINE_SUCCESS"),
    ):
        yield name, at[event]


@contextmanager
def daemon(
    folder: Path, source: Cluster, destination: Cluster, most_runs: int | None = None
) -> Iterator[int]:
    """Dagster's daemon of a project, with its instance at the source; ended after the block.

    Args:
        folder: of the project.
        source: the server with the database `dagster`, too.
        destination: the other server.
        most_runs: at once; None: as `dagster.yaml` says; 0: runs stay in the queue.

    Yields:
        The number of its process.
    """
    home = folder / "home"
    home.mkdir()
    instance = yaml.safe_load((TOP / "dagster.yaml").read_text())
    if most_runs is not None:
        instance["concurrency"]["runs"]["max_concurrent_runs"] = most_runs
    (home / "dagster.yaml").write_text(yaml.safe_dump(instance))
    variables = {
        "DAGSTER_HOME": str(home),
        "DAGSTER_PG_HOST": "127.0.0.1",
        "DAGSTER_PG_PORT": str(source.port),
        "DAGSTER_PG_USERNAME": source.superuser,
        "DAGSTER_PG_PASSWORD": source.password,
        "DAGSTER_PG_DB": "dagster",
        "PGSYNC_DEFS": str(folder),
        "BENCH_SOURCE": source.password,
        "BENCH_DESTINATION": destination.password,
    }
    command = [sys.executable, "-m", "dagster._daemon", "run", "-w", str(TOP / "workspace.yaml")]
    with (home / "daemon.log").open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter
            command,
            env=os.environ | variables,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield child.pid
    except BaseException:
        print((home / "daemon.log").read_text()[-4000:], file=sys.stderr)
        raise
    finally:
        descended = [pid for pid in tree(child.pid) if pid != child.pid]
        os.killpg(child.pid, signal.SIGINT)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
        for pid in descended:  # a code server may outlive its daemon
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def _wait(source: Cluster) -> None:
    """Until the first run has ended well."""
    query = "SELECT status FROM runs ORDER BY id LIMIT 1"
    (status,) = answered(source, query, lambda row: row[0] in ("SUCCESS", "FAILURE"), PATIENCE_S)
    if status != "SUCCESS":
        raise SystemExit("the run failed")


def answered(
    source: Cluster,
    query: str,
    is_so: Callable[[tuple[Any, ...]], bool],
    seconds: float,
    pause_s: float = 0.5,
) -> tuple[Any, ...]:
    """Asks Dagster's storage until something is so: the row that says it.

    Args:
        source: the server with the database `dagster`, whose tables need not be there yet.
        query: of one row.
        is_so: whether that is what is waited for.
        seconds: at the most; then this program ends.
        pause_s: between two questions.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(pause_s)
        with source.connect("dagster") as connection:
            try:
                row = connection.execute(query.encode()).fetchone()
            except psycopg.errors.UndefinedTable:
                continue
        if row and is_so(row):
            return row
    raise SystemExit(f"Dagster did not come to it in {seconds:.0f} s: {query}")


if __name__ == "__main__":
    main()
