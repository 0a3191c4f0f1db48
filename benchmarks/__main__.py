"""Ratios in one run: our sync beside `psql | psql`, the practical limit of the two servers.

    python -m benchmarks [--rows 1000000] [--repeat 3] [--engine lightning]

Two clusters with equal settings (fsync on) on this machine; interleaved repeats, medians. Only the
ratios mean something elsewhere. Our client's memory is the peak of its own process, in which
Dagster is not imported, above the peak of a bare interpreter.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from pgsync_assets.embedded import Cluster
from pgsync_assets.sql import statement

from .servers import clusters, fresh, psql, sync


@dataclass
class Report:
    """What was measured.

    Args:
        rows: of the table.
        limit: seconds of `psql | psql`.
        scan: seconds of a scan that hashes.
        runs: figures of each run, by engine and case.
        state: bytes a row, by engine.
    """

    rows: int
    limit: list[float] = field(default_factory=list)
    scan: list[float] = field(default_factory=list)
    runs: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    state: dict[str, float] = field(default_factory=dict)

    def add(self, engine: str, case: str, figures: dict[str, Any]) -> None:
        """Keeps the figures of a run."""
        self.runs.setdefault((engine, case), []).append(figures)


def main() -> None:
    """Runs the benchmark and prints its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--engine", choices=list(ENGINES), action="append")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    engines = arguments.engine or list(ENGINES)
    with clusters() as (source, destination):
        report = measure(source, destination, arguments.rows, arguments.repeat, engines)
    show(report, arguments.json)


DELETES = {"delete": "delete_row"}
ENGINES: dict[str, dict[str, str]] = {
    "lightning": DELETES | {"engine": "lightning"},
    "digest": DELETES | {"engine": "lightning", "state": "digest"},
    "standard": DELETES | {"engine": "standard"},
}
CASES = ("first", "0 %", "1 %", "10 %")


def measure(
    source: Cluster, destination: Cluster, rows: int, repeat: int, engines: list[str]
) -> Report:
    """Times each case `repeat` times, interleaved."""
    report = Report(rows)
    for _ in range(repeat):
        fresh(source, destination, rows)
        report.limit.append(psql(source, destination))
        report.scan.append(_scan(source))
        for engine in engines:
            fresh(source, destination, rows)
            for case in CASES:
                _edit(source, rows, case)
                report.add(engine, case, sync(source, destination, ENGINES[engine]))
            if not _identical(source, destination):
                raise SystemExit(f"{engine}: source and destination differ")
            report.state[engine] = _state_bytes(source, destination, engine) / rows
    return report


def _scan(source: Cluster) -> float:
    """A sequential scan that hashes every row, in one process: the floor of finding changes."""
    with source.connect("bench") as connection:
        connection.execute("SET max_parallel_workers_per_gather = 0; SET jit = off")
        query = "SELECT count(hash_record_extended(c, 0)) FROM public.customers AS c"
        connection.execute(query)
        began = time.perf_counter()
        connection.execute(query)
        return time.perf_counter() - began


def _state_bytes(source: Cluster, destination: Cluster, engine: str) -> int:
    is_standard = engine == "standard"
    cluster, database = (destination, "platform") if is_standard else (source, "bench")
    with cluster.connect(database) as connection:
        connection.execute("VACUUM")
        row = connection.execute(
            "SELECT pg_total_relation_size('hightouch_planner.snapshot_1')"
        ).fetchone()
    return int(row[0]) if row else 0


def _edit(source: Cluster, rows: int, case: str) -> None:
    """The edits of a case; 1 %: and as many as 0.1 % removed, and new."""
    if case not in ("1 %", "10 %"):
        return
    percent = int(case.split()[0])
    values = {"rows": rows, "round": percent, "step": 100 // percent}
    with source.connect("bench") as connection, psycopg.ClientCursor(connection) as cursor:
        cursor.execute(statement("benchmarks", "edits.sql"), values)
        connection.execute("CHECKPOINT")


def _identical(source: Cluster, destination: Cluster) -> bool:
    query = "SELECT count(*), sum(hashtextextended(c::text, 0)) FROM public.customers AS c"
    answers = []
    for cluster in (source, destination):
        with cluster.connect("bench") as connection:
            answers.append(connection.execute(query).fetchone())
    return answers[0] == answers[1]


def show(report: Report, as_json: bool) -> None:
    """Prints the ratios."""
    if as_json:
        runs = {f"{engine}, {case}": runs for (engine, case), runs in report.runs.items()}
        print(json.dumps(vars(report) | {"runs": runs}, indent=2))
        return
    limit, scan = statistics.median(report.limit), statistics.median(report.scan)
    told = f"{report.rows:,} rows; psql | psql {limit:.2f} s, a scan that hashes {scan:.2f} s"
    table = Table("engine", "case", "x psql | psql", "plan x scan", "MB read", "MB", title=told)
    for (engine, case), runs in report.runs.items():
        planned = statistics.median(run["steps"].get("plan", 0.0) for run in runs)
        table.add_row(
            engine,
            case,
            f"{statistics.median(run['seconds'] for run in runs) / limit:.2f}",
            f"{planned / scan:.1f}",
            f"{runs[-1]['bytes_read'] / 1e6:.1f}",
            f"{max(run['memory_mb'] for run in runs):.0f}",
        )
    console = Console()
    console.print(table)
    console.print("MB read: from the source to the platform. MB: client above a bare interpreter.")
    for engine, size in report.state.items():
        console.print(f"state of {engine}: {size:.0f} bytes a row, index and all")


if __name__ == "__main__":
    main()
