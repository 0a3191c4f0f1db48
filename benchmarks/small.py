"""What a small sync costs: 100 rows changed of 10,000, from connect to recorded.

    python -m benchmarks.small [--engine lightning] [--repeat 20] [--delay-ms 10] [--statements]

Each engine: a first sync, then `--repeat` runs that each find 100 changed rows, in one process and
without Dagster. Round trips are counted by a relay before each server, in a run of its own.
`--delay-ms`: the servers are so far away, each way. `--statements` lists what was sent.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from rich.console import Console
from rich.table import Table

from pgsync_assets import sync
from pgsync_assets.config import ConnectionConfig, SyncConfig
from pgsync_assets.connect import Endpoint
from pgsync_assets.embedded import Cluster
from pgsync_assets.outcome import Outcome, Progress

from .relay import Relay, Trips, relayed
from .servers import clusters, fresh

ROWS = 10_000
CHANGED = 100
EDIT = "UPDATE public.customers SET balance = balance + 0.01 WHERE id % 100 = 7"
ENGINES = {
    "lightning": {"engine": "lightning"},
    "digest": {"engine": "lightning", "state": "digest"},
    "standard": {"engine": "standard"},
}
STEPS = ("connect", "recover", "plan", "guard", "write", "advance", "done")


@dataclass
class Figures:
    """What was measured of one engine.

    Args:
        first: seconds of the first run in the process, of all rows.
        seconds: of each run, by step.
        trips: of one run.
    """

    first: float = 0.0
    seconds: list[dict[str, float]] = field(default_factory=list)
    trips: list[Trips] = field(default_factory=list)

    def of(self, step: str) -> list[float]:
        """Milliseconds of a step in each run, sorted."""
        return sorted(1000 * run.get(step, 0.0) for run in self.seconds)


class Where:
    """Listens to a run, and knows in which step it is."""

    def __init__(self) -> None:
        self.step = "connect"

    def __call__(self, progress: Progress) -> None:
        """Is told."""
        self.step = progress.step


def main() -> None:
    """Runs the benchmark and prints its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=list(ENGINES), action="append")
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--statements", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found: dict[str, Figures] = {}
    with clusters() as (source, destination):
        for engine in arguments.engine or list(ENGINES):
            ends = source, destination
            found[engine] = measure(*ends, engine, arguments.repeat, arguments.delay_ms)
    if arguments.json:
        print(json.dumps({name: _plain(figures) for name, figures in found.items()}, indent=2))
        return
    for engine, figures in found.items():
        show(engine, figures, arguments.statements)


def measure(
    source: Cluster, destination: Cluster, engine: str, repeat: int, delay_ms: float
) -> Figures:
    """Times the runs of an engine, and counts the round trips of one more."""
    fresh(source, destination, ROWS)
    figures, where = Figures(), Where()
    with ExitStack() as stack:
        relays = [
            stack.enter_context(relayed(name, cluster.port, lambda: where.step, delay_ms / 1000))
            for name, cluster in (("source", source), ("destination", destination))
        ]
        near = relays if delay_ms else [source, destination]
        run = partial(_run, engine, source, destination)
        figures.first = run(near, where)[1]
        for _ in range(repeat):
            _edit(source)
            outcome, seconds = run(near, where)
            figures.seconds.append(dict(outcome.seconds) | {"all": seconds})
        _edit(source)
        for relay in relays:
            relay.trips.clear()
        where.step = "connect"
        run(relays, where)
        figures.trips = [trips for relay in relays for trips in relay.trips]
    return figures


def _run(
    engine: str,
    source: Cluster,
    destination: Cluster,
    near: list[Cluster] | list[Relay],
    where: Where,
) -> tuple[Outcome, float]:
    config = SyncConfig.model_validate(
        {
            "name": "small",
            "source": "source",
            "destination": "destination",
            "model": {"table": "public.customers", "key": ["id"]},
            "table": "public.customers",
            **ENGINES[engine],
        }
    )
    ends = [
        _endpoint("source", source, near[0].port, "bench"),
        _endpoint("destination", destination, near[1].port, "bench"),
        _endpoint("platform", destination, near[1].port, "platform"),
    ]
    where.step = "connect"
    began = time.perf_counter()
    outcome = sync.run(config, ends[0], ends[1], platform=ends[2], on_progress=where)
    seconds = time.perf_counter() - began
    if outcome.succeeded.total not in (ROWS, CHANGED):
        raise SystemExit(f"{engine}: {outcome.succeeded.total} rows")
    return outcome, seconds


def _endpoint(name: str, cluster: Cluster, port: int, database: str) -> Endpoint:
    config = ConnectionConfig(
        host="127.0.0.1",
        port=port,
        database=database,
        user=cluster.superuser,
        password="$PW",  # noqa: S106 - a name
    )
    return Endpoint(name, config, {"PW": cluster.password})


def _edit(source: Cluster) -> None:
    with source.connect("bench") as connection:
        connection.execute(EDIT)


def _plain(figures: Figures) -> dict[str, object]:
    return {
        "first": figures.first,
        "seconds": figures.seconds,
        "trips": [(one.server, one.name, dict(one.by_step)) for one in figures.trips],
    }


def show(engine: str, figures: Figures, statements: bool) -> None:
    """Prints the tables of an engine."""
    console = Console()
    columns = ("ms", *STEPS[:-1], "all")
    table = Table(*columns, title=f"{engine}: {CHANGED} rows changed of {ROWS:,}")
    for name, cut in (("median", 0.5), ("p90", 0.9)):
        cells = (f"{_quantile(figures.of(step), cut):.1f}" for step in columns[1:])
        table.add_row(name, *cells)
    console.print(table)
    table = Table("round trips", *STEPS, "all", title=f"{engine}: connections")
    for trips in figures.trips:
        table.add_row(f"{trips.server}: {trips.name}", *_cells(trips.by_step))
    table.add_row("all", *_cells(sum((one.by_step for one in figures.trips), Counter())))
    console.print(table)
    if statements:
        for name, step, text in _sent(figures.trips):
            console.print(f"{name:28} {step:8} {text}", markup=False, highlight=False)


def _sent(every: list[Trips]) -> Iterator[tuple[str, str, str]]:
    for trips in every:
        for step, text in trips.statements:
            yield f"{trips.server}: {trips.name}", step, " ".join(text.split())[:220]


def _cells(by_step: Counter[str]) -> Iterator[str]:
    for step in STEPS:
        yield str(by_step[step] or "")
    yield str(sum(by_step.values()))


def _quantile(values: list[float], cut: float) -> float:
    return statistics.quantiles(values, n=10, method="inclusive")[int(10 * cut) - 1]


if __name__ == "__main__":
    main()
