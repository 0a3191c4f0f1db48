"""One run of the benchmark's sync, in a process of its own; prints its figures as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import psycopg  # noqa: F401 - a part of the bare interpreter, which our memory is told above


def peak_kb() -> int:
    """Peak resident memory of this process, in kB; getrusage would report the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


BARE_KB = peak_kb()

from pgsync_assets import sync  # noqa: E402 - measured from here on
from pgsync_assets.config import ConnectionConfig, SyncConfig  # noqa: E402
from pgsync_assets.connect import Endpoint  # noqa: E402

FIELDS = json.loads(os.environ["BENCH_SYNC"])
FULL = FIELDS.pop("full_resync", False)
SYNC = SyncConfig.model_validate(
    {
        "name": "customers",
        "source": "source",
        "destination": "destination",
        "model": {"table": "public.customers", "key": ["id"]},
        "table": "public.customers",
        "audit": "failures_only",
    }
    | FIELDS
)


def _endpoint(name: str, database: str = "bench") -> Endpoint:
    port, password = json.loads(os.environ[f"BENCH_{name.upper()}"])
    config = ConnectionConfig(
        host="127.0.0.1",
        port=port,
        database=database,
        user="postgres",
        password="$PW",  # noqa: S106 - a name
    )
    return Endpoint(name, config, {"PW": password})


def main() -> None:
    """Runs the sync and prints what it took."""
    began = time.perf_counter()
    outcome = sync.run(
        SYNC,
        _endpoint("source"),
        _endpoint("destination"),
        platform=_endpoint("platform", "platform"),
        full_resync=FULL,
    )
    figures = {
        "seconds": time.perf_counter() - began,
        "memory_mb": (peak_kb() - BARE_KB) / 1024,
        "rows": outcome.succeeded.total,
        "steps": dict(outcome.seconds),
        "bytes_read": outcome.bytes_read,
        "dagster_imported": "dagster" in sys.modules,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
