"""How fast Dagster's daemon puts the runs of one tick into its queue: none of them is started.

python -m benchmarks.scaling.queued [--syncs 60]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.dagster_overhead import answered, component, connect, daemon, sync_of
from benchmarks.servers import clusters, database
from pgsync_assets.embedded import Cluster

from .server import tree_seconds

KEPT = Path(__file__).parent / "queued.json"
PAUSE_S, PATIENCE_S = 0.5, 600.0
QUEUED = """
    SELECT count(*), extract(epoch FROM max(create_timestamp) - min(create_timestamp))::float8
    FROM runs
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures; keeps the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--syncs", type=int, default=60)
    parser.add_argument("--kept", type=Path, default=KEPT, help="the file of the figures")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="pgsync-bench-") as above, clusters() as ends:
        found = measured(Path(above, "project"), *ends, options.syncs)
    told = {"at": machine.now(), "commit": machine.commit(), "machine": machine.described()}
    options.kept.write_text(json.dumps(told | found, indent=1) + "\n")
    print(json.dumps(found))
    return 0


def measured(folder: Path, source: Cluster, destination: Cluster, syncs: int) -> dict[str, Any]:
    """Seconds, and CPU of daemon and code server, from the first run of a tick to the last.

    Args:
        folder: for the project.
        source: server with Dagster's tables.
        destination: the other one.
        syncs: of the project, all of one tick.
    """
    database(source, "dagster", None)
    connect(folder, {"source": source, "destination": destination})
    schedule = {"cron": "* * * * *", "status": "RUNNING"}
    written = [sync_of(number, schedule=dict(schedule)) for number in range(syncs)]
    component(folder / "syncs", "PgSyncComponent", syncs=written)
    with daemon(folder, source, destination, most_runs=0) as pid:
        first, _ = _wait(source, 1)
        cpu = tree_seconds(pid)
        count, seconds = _wait(source, syncs)
        cpu = tree_seconds(pid) - cpu
    return {
        "syncs": syncs,
        "seconds_a_run": round(seconds / (count - 1), 3),
        "cpu_s_a_run": round(cpu / (count - first), 3),
    }


def _wait(source: Cluster, runs: int) -> tuple[int, float]:
    """Until so many are in the queue; how many, and the seconds between the first and the last."""
    count, seconds = answered(source, QUEUED, lambda row: row[0] >= runs, PATIENCE_S, PAUSE_S)
    return int(count), float(seconds)


if __name__ == "__main__":
    sys.exit(main())
