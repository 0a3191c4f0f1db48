"""What it costs to find no change, by the way in which a table is cut into partitions.

    python -m benchmarks.scaling.cuts [--rows 500000]

One table of the benchmark: whole, by hash of its key, by ranges of its key (which has an index).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.servers import database, fresh, started
from pgsync_assets import sync
from pgsync_assets.config import ConnectionConfig, SyncConfig
from pgsync_assets.connect import Endpoint
from pgsync_assets.embedded import Cluster

from .measure import SERVERS
from .server import used

KEPT = Path(__file__).parent / "cuts.json"
PARTITIONS = (8, 16)
ENGINES = ("lightning", "standard")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures; keeps the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--partitions", type=int, action="append")
    parser.add_argument("--kept", type=Path, default=KEPT, help="the file of the figures")
    options = parser.parse_args(arguments)
    with started(list(SERVERS)) as servers:
        found = [
            measured(servers, engine, how, cut, options.rows)
            for engine in options.engine or ENGINES
            for how, cut in _cuts(options.rows, options.partitions or PARTITIONS)
        ]
    told = {"at": machine.now(), "commit": machine.commit(), "machine": machine.described()}
    options.kept.write_text(json.dumps(told | {"cuts": found}, indent=1) + "\n")
    return 0


def _cuts(rows: int, partitions: Sequence[int]) -> list[tuple[str, dict[str, Any]]]:
    """Ways to cut the table, by name: what a sync says of it."""
    found: list[tuple[str, dict[str, Any]]] = [("whole", {})]
    for number in partitions:
        bounds = [rows * place // number for place in range(1, number)]
        found.append((f"hash: {number}", {"partitions": {"hash": number}}))
        ranges = {"partitions": {"column": "id", "ranges": bounds}}
        found.append((f"{number} ranges of the key", ranges))
    return found


def measured(
    servers: Sequence[Cluster], engine: str, how: str, cut: dict[str, Any], rows: int
) -> dict[str, Any]:
    """Sends all, and then looks once more at all of it.

    Args:
        servers: source, destination, platform.
        engine: of the sync.
        how: the way in which it is cut.
        cut: the same, as a sync says it.
        rows: of the table.
    """
    source, destination, platform = servers
    fresh(source, destination, rows)
    database(platform, "platform", None)
    config = SyncConfig.model_validate(
        {
            "name": "customers",
            "source": "source",
            "destination": "destination",
            "model": {"table": "public.customers", "key": ["id"]},
            "table": "public.customers",
            "audit": "failures_only",
            "engine": engine,
        }
        | cut
    )
    _all(config, servers)
    with (
        used(source, "bench") as at_source,
        used(platform, "platform") as at_platform,
    ):
        sent = _all(config, servers)
    if sent:
        raise SystemExit(f"{how}: {sent} rows were sent where none had changed")
    told = {"source_cpu": at_source.cpu, "platform_cpu": at_platform.cpu}
    figures = {name: round(value, 3) for name, value in told.items()}
    print(engine, how, figures, file=sys.stderr, flush=True)
    return {"engine": engine, "how": how, "rows": rows} | figures


def _all(config: SyncConfig, servers: Sequence[Cluster]) -> int:
    """Runs every partition, one after the other; how many rows were sent."""
    ends = [
        _endpoint(name, cluster, base)
        for (name, base), cluster in zip(SERVERS.items(), servers, strict=True)
    ]
    partitions: Sequence[Any] = [None]
    if config.partitions is not None:
        partitions = config.all_partitions(dt.datetime.now(dt.timezone.utc))
    return sum(
        sync.run(config, ends[0], ends[1], platform=ends[2], partition=one).succeeded.total
        for one in partitions
    )


def _endpoint(name: str, cluster: Cluster, base: str) -> Endpoint:
    config = ConnectionConfig(
        host="127.0.0.1",
        port=cluster.port,
        database=base,
        user=cluster.superuser,
        password="$PW",  # noqa: S106 - a name
    )
    return Endpoint(name, config, {"PW": cluster.password})


if __name__ == "__main__":
    sys.exit(main())
