"""Rows and bytes that runs, partitions and ticks leave in Dagster's tables: a real daemon.

    python -m benchmarks.scaling.growth [--syncs 8] [--runs 60] [--partitions 16]

Every minute each sync of a small project runs, by a schedule; one of them is partitioned, and one
waits for another (`after`), so that a sensor looks. The tables of Dagster's PostgreSQL are looked
at when the first rounds are over, and again at the end: what is between is growth. What the daemon
and the code server use of CPU while nothing runs is measured before, and taken off.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from benchmarks import machine
from benchmarks.dagster_overhead import answered, component, connect, daemon, sync_of
from benchmarks.servers import clusters, database, fresh
from pgsync_assets.embedded import Cluster

from .server import tree_seconds

KEPT = Path(__file__).parent / "growth.json"
ROWS = 1_000
PAUSE_S = 2.0
PATIENCE_S = 1500.0
TABLES = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
ENDED = """
    SELECT count(*) FILTER (WHERE status = 'SUCCESS'),
        count(*) FILTER (WHERE status = 'FAILURE') FROM runs
"""
OF_RUNS = """
    SELECT r.tags ? 'dagster/asset_partition_range_start', count(DISTINCT e.run_id), count(*),
        sum(pg_column_size(e.*))
    FROM event_logs AS e JOIN LATERAL (
        SELECT run_body::jsonb -> 'tags' AS tags FROM runs
        WHERE runs.run_id = e.run_id AND status = 'SUCCESS'
    ) AS r ON true
    GROUP BY 1 ORDER BY 1
"""
QUEUED = """
    SELECT extract(epoch FROM max(r.create_timestamp) - min(r.create_timestamp))::float8, count(*)
    FROM runs AS r JOIN run_tags AS t ON t.run_id = r.run_id AND t.key = 'dagster/tick'
    GROUP BY t.value HAVING count(*) > 1
"""
TICKS = "SELECT type, status, count(*) FROM job_ticks GROUP BY 1, 2 ORDER BY 1, 2"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures; keeps the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--syncs", type=int, default=8)
    parser.add_argument("--runs", type=int, default=60, help="that have ended")
    parser.add_argument("--idle", type=float, default=60, help="seconds without runs")
    parser.add_argument("--partitions", type=int, default=16, help="of the sync that has some")
    parser.add_argument("--kept", type=Path, default=KEPT, help="the file of the figures")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="pgsync-bench-") as above, clusters() as ends:
        found = measured(Path(above, "project"), *ends, options)
    told = {"at": machine.now(), "commit": machine.commit(), "machine": machine.described()}
    options.kept.write_text(json.dumps(told | found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    return 0


def measured(
    folder: Path, source: Cluster, destination: Cluster, options: argparse.Namespace
) -> dict[str, Any]:
    """Runs the project until enough runs have ended.

    Args:
        folder: for the project.
        source: server of the source, with Dagster's tables.
        destination: the other one.
        options: syncs, runs, partitions.
    """
    fresh(source, destination, ROWS)
    with source.connect("bench") as here, destination.connect("bench") as there:
        for connection in (here, there):
            connection.execute(
                "DO $$ BEGIN FOR k IN 1..9 LOOP EXECUTE format("
                "'CREATE TABLE customers_%s (LIKE customers INCLUDING ALL)', k);"
                " END LOOP; END $$"
            )
        here.execute(
            "DO $$ BEGIN FOR k IN 1..9 LOOP EXECUTE format("
            "'INSERT INTO customers_%s SELECT * FROM customers', k); END LOOP; END $$"
        )
    database(source, "dagster", None)
    idle = _idle(folder / "idle", source, destination, options)
    database(source, "dagster", None)
    folder = folder / "busy"
    write(folder, source, destination, options.syncs, options.partitions)
    with daemon(folder, source, destination) as pid:
        began = _wait(source, options.syncs + 2)
        before, cpu, since = _sizes(source), tree_seconds(pid), time.monotonic()
        ended = _wait(source, options.runs + began)
        cpu = tree_seconds(pid) - cpu - idle * (time.monotonic() - since)
    after = _sizes(source)
    with source.connect("dagster") as connection:
        return {
            "runs": ended - began,
            "syncs": options.syncs,
            "cpu_s_a_run": round(cpu / (ended - began), 2),
            "idle_cpu": round(idle, 4),
            "tables": _growth(before, after, ended - began),
            "events": _events(connection, options.partitions),
            "ticks": {f"{kind} {how}": n for kind, how, n in connection.execute(TICKS)},
            "enqueuing_s": [[round(s, 3), n] for s, n in connection.execute(QUEUED)],
        }


def _idle(
    folder: Path, source: Cluster, destination: Cluster, options: argparse.Namespace
) -> float:
    """CPU that daemon and code server use in a second in which nothing runs."""
    write(folder, source, destination, options.syncs, options.partitions, status="STOPPED")
    with daemon(folder, source, destination) as pid:
        time.sleep(options.idle)  # they start
        before = tree_seconds(pid)
        time.sleep(options.idle)
        return (tree_seconds(pid) - before) / float(options.idle)


def write(
    folder: Path,
    source: Cluster,
    destination: Cluster,
    syncs: int,
    partitions: int,
    status: str = "RUNNING",
) -> None:
    """The project: syncs of a table each; the second waits for the first, the third has partitions.

    Args:
        folder: where.
        source: server of the source.
        destination: server of the destination.
        syncs: 3 to 9.
        partitions: of the third.
        status: of their schedule.
    """
    connect(folder, {"source": source, "destination": destination})
    schedule = {"cron": "* * * * *", "status": status}
    written = [sync_of(number, schedule=dict(schedule)) for number in range(1, syncs + 1)]
    written[1]["schedule"] = {"after": ["sync_1"]}
    written[2]["partitions"] = {"hash": partitions}
    component(folder / "syncs", "PgSyncComponent", syncs=written)


def _wait(source: Cluster, runs: int) -> int:
    """Until so many runs have ended well; how many there are then."""

    def enough(row: tuple[Any, ...]) -> bool:
        return row[0] >= runs or row[1] > 0

    well, badly = answered(source, ENDED, enough, PATIENCE_S, PAUSE_S)
    if badly:
        raise SystemExit(f"{badly} runs failed")
    return int(well)


def _sizes(source: Cluster) -> dict[str, tuple[int, int]]:
    """Bytes and rows of each table; vacuumed, as autovacuum leaves them."""
    with source.connect("dagster") as connection:
        connection.execute("VACUUM")
        found = {}
        for name, size in connection.execute(TABLES).fetchall():
            counted = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
            found[name] = size, int((connection.execute(counted).fetchone() or (0,))[0])
        return found


def _growth(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], runs: int
) -> dict[str, dict[str, float]]:
    """Rows and bytes for each run, of the tables that grew."""
    return {
        name: {
            "rows": round((rows - before[name][1]) / runs, 2),
            "bytes": round((size - before[name][0]) / runs),
            "bytes_a_row": round(size / rows) if rows else 0,
        }
        for name, (size, rows) in sorted(after.items())
        if (size, rows) > before[name]
    }


def _events(connection: psycopg.Connection[Any], partitions: int) -> dict[str, dict[str, float]]:
    """Events of a run, of those with partitions and those without."""
    return {
        f"{partitions} partitions" if has_partitions else "one run": {
            "runs": runs,
            "rows": round(rows / runs, 1),
            "bytes": round(float(size) / runs),
        }
        for has_partitions, runs, rows, size in connection.execute(OF_RUNS)
    }


if __name__ == "__main__":
    sys.exit(main())
