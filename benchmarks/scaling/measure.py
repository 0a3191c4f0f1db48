"""Measures points: each engine, a first sync and runs in which more and more rows have changed.

    python -m benchmarks.scaling.measure --table narrow --rows 1000000 --rows 2000000

Three servers, so that each has its own figures. The loopback device is shared with whatever else
runs; `unshare -n sh -c 'ip link set lo up; ..'` gives the measurement one of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import sql

from benchmarks import machine
from benchmarks.contender import TABLE, Job
from benchmarks.identity import IDENTICAL, verdict
from benchmarks.meter import take
from benchmarks.ours import ENGINES
from benchmarks.servers import database, fresh, started, sync_environment
from benchmarks.tables import CUSTOMERS, NARROW, Shape
from pgsync_assets.embedded import Cluster

from . import points
from .points import CHANGED, FIRST, Point
from .server import schema_mb, used

STEPS = (0, 10_000, 100, 10)  # one row in so many changes; 0: none does
MOST_SECONDS = 1800.0
SERVERS = {"source": "bench", "destination": "bench", "platform": "platform"}


@dataclass(frozen=True)
class Measured:
    """A table whose syncs are measured.

    Args:
        shape: its columns.
        key_bytes: of its key.
        number: the column that counts its rows.
        changes: the column that is added to.
    """

    shape: Shape
    key_bytes: int
    number: str
    changes: str


UUID = Shape("uuid", "3 columns, a key of 16 bytes", "scaling/uuid.sql", "")
TABLES = {
    one.shape.name: one
    for one in (
        Measured(NARROW, 8, "id", "value"),
        Measured(UUID, 16, "number", "value"),
        Measured(CUSTOMERS, 8, "id", "balance"),
    )
}


@dataclass
class Series:
    """The cases of one engine and one table, one after the other.

    Args:
        servers: source, destination, platform.
        table: whose syncs these are.
        rows: of it.
        engine: of `ENGINES`.
        audit: level of the audit.
        folder: where the sync's process runs.
    """

    servers: Sequence[Cluster]
    table: Measured
    rows: int
    engine: str
    audit: str
    folder: Path
    machine: dict[str, str] = field(default_factory=machine.described)

    def points(self) -> Iterator[Point]:
        """Measures; both ends are compared after the last case."""
        source, destination, platform = self.servers
        fresh(source, destination, self.rows, self.table.shape)
        database(platform, "platform", None)
        yield self._measured(FIRST, self.rows)
        for step in STEPS:
            yield self._measured(CHANGED, self._change(step) if step else 0)
        found = verdict(source, destination, TABLE)
        if found != IDENTICAL:
            raise SystemExit(f"{self.engine}, {self.rows:,} rows: the destination {found}")

    def _change(self, step: int) -> int:
        column = sql.Identifier(self.table.changes)
        query = sql.SQL("UPDATE public.customers SET {} = {} + 1 WHERE {} % {} = 0").format(
            column, column, sql.Identifier(self.table.number), sql.Literal(step)
        )
        with self.servers[0].connect("bench") as connection:
            return connection.execute(query).rowcount

    def _measured(self, case: str, changed: int) -> Point:
        source, destination, platform = self.servers
        environment = sync_environment(
            source, destination, ENGINES[self.engine] | {"audit": self.audit}, platform
        )
        for cluster in self.servers:  # so that each page that is written is in WAL as a whole
            with cluster.connect("postgres") as connection:
                connection.execute("CHECKPOINT")
        with ExitStack() as stack:
            watched = {
                name: stack.enter_context(used(cluster, base))
                for (name, base), cluster in zip(SERVERS.items(), self.servers, strict=True)
            }
            job = Job(((sys.executable, "-m", "benchmarks.one_sync"),), (environment,))
            taken = take(job, self.folder, MOST_SECONDS)
        if taken.code:
            raise SystemExit(f"{self.engine}, {case}: exit code {taken.code}: {taken.said}")
        told = json.loads(taken.output)
        cost = {f"{name}_{key}": value for name in watched for key, value in watched[name].kept()}
        cost |= {
            "seconds": round(told["seconds"], 3),
            "client_cpu": round(taken.client_cpu, 3),
            "client_mb": round(told["memory_mb"], 1),
            "wire": round(taken.wire_mb or 0.0, 3),
            "sent": told["rows"],
        }
        return self._point(case, changed, cost | self._sizes())

    def _sizes(self) -> dict[str, float]:
        """What stays behind, in MB: the planner's schema and the audit's, wherever they are."""
        source, _, platform = self.servers
        places = ((source, "bench"), (platform, "platform"))
        return {
            name: round(sum(schema_mb(*place, f"hightouch_{schema}") for place in places), 4)
            for name, schema in (("state", "planner"), ("audit", "audit"))
        }

    def _point(self, case: str, changed: int, cost: dict[str, float]) -> Point:
        with self.servers[1].connect("bench") as connection:
            query = "SELECT pg_table_size('public.customers')::float8"
            size: tuple[Any, ...] = connection.execute(query).fetchone() or (0.0,)
        if case == FIRST:
            self._row_bytes = round(size[0] / self.rows, 2)
        return Point(
            self.engine,
            self.table.shape.name,
            self.audit,
            case,
            self.rows,
            changed,
            self._row_bytes,
            self.table.key_bytes,
            machine.now(),
            machine.commit(),
            round(os.getloadavg()[0], 2),
            self.machine,
            cost,
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, and keeps a file for each table and size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", choices=list(TABLES), action="append")
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--engine", choices=list(ENGINES), action="append")
    parser.add_argument("--audit", default="failures_only", help="level of the audit")
    parser.add_argument("--points", type=Path, default=points.FOLDER, help="where they are kept")
    options = parser.parse_args(arguments)
    with started(list(SERVERS)) as servers, tempfile.TemporaryDirectory() as folder:
        for rows in options.rows or [1_000_000]:
            for table in options.table or TABLES:
                found: list[Point] = []
                for engine in options.engine or ENGINES:
                    series = Series(
                        servers, TABLES[table], rows, engine, options.audit, Path(folder)
                    )
                    for point in series.points():
                        found.append(point)
                        points.save(found, f"{table}-{options.audit}-{rows}", options.points)
                        _tell(point)
    return 0


def _tell(point: Point) -> None:
    figures = ", ".join(
        f"{name} {point.cost[name]:.1f}" for name in ("seconds", "client_cpu", "wire", "state")
    )
    print(
        f"{point.at} {point.table} {point.rows:,} {point.engine} {point.case} "
        f"{point.changed:,}: {figures}",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
