"""What a code location costs by the number of its syncs: loading, memory, ticks, what it tells.

    python -m benchmarks.scaling.location [--syncs 100 --syncs 1000]

Each size in a process of its own, in seconds of CPU. All syncs have one schedule; databases are
down, as loading asks none.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess  # noqa: S404 - measures child processes
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.dagster_overhead import SYNCS_PER_FILE, component, sync_of

KEPT = Path(__file__).parent / "location.json"
SIZES = (10, 100, 500, 1000, 2500, 5000, 10_000)
MEASURED = """
import datetime as dt, json, tempfile, time
began = time.process_time()
import dagster as dg
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster._serdes import serialize_value
from pgsync_assets.assets.defs_folder import chosen_folder, load_folder
import pgsync_assets.definitions
found = {"import_cpu": time.process_time() - began}
def resident():
    status = open("/proc/self/status").read()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
def took(name, work):
    began = time.process_time()
    made = work()
    found[name] = time.process_time() - began
    return made
found["import_mb"] = resident()
repository = took("load_cpu", lambda: load_folder(chosen_folder()).get_repository_def())
found["mb"] = resident()
instance = dg.DagsterInstance.local_temp(tempfile.mkdtemp())
schedule = repository.schedule_defs[0]
now = dt.datetime(2026, 1, 5, 6, tzinfo=dt.timezone.utc)
context = dg.build_schedule_context(instance, now, repository_def=repository)
tick = took("tick_cpu", lambda: schedule.evaluate_tick(context))
found["requests"] = len(tick.run_requests)
found["tick_mb"] = len(serialize_value(tick)) / 1e6
told = took("told_cpu", lambda: serialize_value(RepositorySnap.from_def(repository)))
found["told_mb"] = len(told) / 1e6
for sensor in repository.sensor_defs:
    context = dg.build_sensor_context(instance, repository_def=repository)
    took(f"{sensor.name}_cpu", lambda: sensor.evaluate_tick(context))
print(json.dumps(found))
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures; keeps the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--syncs", type=int, action="append")
    parser.add_argument("--kept", type=Path, default=KEPT, help="the file of the figures")
    options = parser.parse_args(arguments)
    found = {}
    with tempfile.TemporaryDirectory() as above:
        for syncs in options.syncs or SIZES:
            found[str(syncs)] = measured(Path(above, str(syncs)), syncs)
            print(syncs, found[str(syncs)], file=sys.stderr, flush=True)
            told = {"at": machine.now(), "commit": machine.commit()}
            told |= {"machine": machine.described(), "syncs": found}  # type: ignore[dict-item]
            options.kept.write_text(json.dumps(told, indent=1) + "\n")
    return 0


def measured(folder: Path, syncs: int) -> dict[str, Any]:
    """Figures of a project with so many syncs.

    Args:
        folder: where it is written.
        syncs: how many.
    """
    write(folder, syncs)
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "ignore", "-c", MEASURED],
        env=os.environ | {"PGSYNC_DEFS": str(folder)},
        check=True,
        capture_output=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {name: round(value, 4) for name, value in figures.items()}


def write(folder: Path, syncs: int) -> None:
    """A project of syncs that run every hour, one of them after another.

    Args:
        folder: where.
        syncs: how many.
    """
    ends = {
        name: {"host": "db", "database": name, "user": "pgsync", "password": "$PW"}
        for name in ("source", "destination")
    }
    component(folder / "connections", "PgConnectionsComponent", connections=ends)
    schedule = {"cron": "0 * * * *", "status": "RUNNING"}
    written = [sync_of(number, schedule=dict(schedule)) for number in range(syncs)]
    written[-1]["schedule"] = {"after": ["sync_0"]}
    for first in range(0, syncs, SYNCS_PER_FILE):
        chosen = written[first : first + SYNCS_PER_FILE]
        component(folder / f"syncs_{first}", "PgSyncComponent", syncs=chosen)


if __name__ == "__main__":
    sys.exit(main())
