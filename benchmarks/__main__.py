"""Ratios in one run: our sync beside `psql | psql`, the practical limit of the two servers.

    python -m benchmarks [--rows 1000000] [--repeat 3]

Two clusters with equal settings (fsync on) on this machine; interleaved repeats, medians. Only the
ratios mean something elsewhere. Our client's memory is the peak of its own process, in which
Dagster is not imported, above the peak of a bare interpreter.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess  # noqa: S404 - measures child processes
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

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


def main() -> None:
    """Runs the benchmark and prints its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pgsync-bench-") as folder:
        Path(folder).chmod(0o755)  # noqa: S103 - the server may run as another user
        source, destination = (Cluster(Path(folder, name)) for name in ("source", "destination"))
        for cluster in (source, destination):
            cluster.start(SETTINGS)
        try:
            report = measure(source, destination, arguments.rows, arguments.repeat)
        finally:
            for cluster in (source, destination):
                cluster.stop()
    show(report, arguments.json)


def measure(source: Cluster, destination: Cluster, rows: int, repeat: int) -> dict[str, object]:
    """Times each case `repeat` times, interleaved."""
    times: dict[str, list[float]] = {"psql": [], "first": [], "second": [], "unchanged": []}
    memory: list[float] = []
    for number in range(repeat):
        _fresh(source, destination, rows)
        times["psql"].append(_psql(source, destination))
        _fresh(source, destination, rows, only_destination=True)
        first = _sync(source, destination)
        _edit(source, rows, number + 1)
        second = _sync(source, destination)
        unchanged = _sync(source, destination)
        for name, result in (("first", first), ("second", second), ("unchanged", unchanged)):
            times[name].append(result["seconds"])
            memory.append(result["memory_mb"])
        if not _identical(source, destination):
            raise SystemExit("source and destination differ after the second sync")
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {
        "rows": rows,
        "seconds": times,
        "ratios": {name: medians[name] / medians["psql"] for name in medians},
        "client_memory_mb": max(memory),
        "last": {"first": first, "second": second},
    }


def _fresh(
    source: Cluster, destination: Cluster, rows: int, *, only_destination: bool = False
) -> None:
    for cluster in (destination,) if only_destination else (source, destination):
        with cluster.connect("postgres") as connection:
            connection.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
            connection.execute("CREATE DATABASE bench")
        with cluster.connect("bench") as connection:
            definition = statement("benchmarks", "table.sql")
            filled = rows if cluster is source else 0
            # Several statements: psycopg sends values with one statement only.
            with psycopg.ClientCursor(connection) as cursor:
                cursor.execute(definition, {"rows": filled})
            connection.execute("CHECKPOINT")


def _edit(source: Cluster, rows: int, number: int) -> None:
    with source.connect("bench") as connection, psycopg.ClientCursor(connection) as cursor:
        cursor.execute(statement("benchmarks", "edits.sql"), {"rows": rows, "round": number})
        connection.execute("CHECKPOINT")


def _psql(source: Cluster, destination: Cluster) -> float:
    psql = locate().directory / "psql"
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own binaries
        [psql, "-X", "-q", "-c", "COPY public.customers TO STDOUT"],
        env=_environment(source),
        stdout=subprocess.PIPE,
    ) as reader:
        subprocess.run(  # noqa: S603
            [psql, "-X", "-q", "-c", "COPY public.customers FROM STDIN"],
            env=_environment(destination),
            stdin=reader.stdout,
            check=True,
        )
    return time.perf_counter() - began


def _sync(source: Cluster, destination: Cluster) -> dict[str, float]:
    """One run in a process of its own, timed inside, as psql is timed without its installation."""
    environment = os.environ | {
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


def _identical(source: Cluster, destination: Cluster) -> bool:
    query = "SELECT count(*), sum(hashtextextended(c::text, 0)) FROM public.customers AS c"
    answers = []
    for cluster in (source, destination):
        with cluster.connect("bench") as connection:
            answers.append(connection.execute(query).fetchone())
    return answers[0] == answers[1]


def show(report: dict[str, object], as_json: bool) -> None:
    """Prints the ratios."""
    if as_json:
        print(json.dumps(report, indent=2))
        return
    table = Table("case", "seconds (each run)", "x psql | psql", title=f"{report['rows']:,} rows")
    for name, values in report["seconds"].items():  # type: ignore[attr-defined]
        ratio = report["ratios"][name]  # type: ignore[index]
        table.add_row(name, "  ".join(f"{value:.2f}" for value in values), f"{ratio:.2f}")
    console = Console()
    console.print(table)
    console.print(f"client memory above a bare interpreter: {report['client_memory_mb']:.0f} MB")


if __name__ == "__main__":
    main()
