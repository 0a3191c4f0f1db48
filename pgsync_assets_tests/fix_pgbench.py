"""Somebody who works at a database: pgbench with a script of the suite's own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pgsync_assets.embedded.binaries import locate

from .fix_databases import Side


def pgbench(side: Side, script: Path, *options: str) -> subprocess.Popen[bytes]:
    """Starts it, as the superuser; whoever starts it waits for it or ends it.

    Args:
        side: the database.
        script: in pgbench's language.
        options: its own, as in `-c`, `2`.
    """
    environment = os.environ | {
        "PGHOST": side.host,
        "PGPORT": str(side.port),
        "PGUSER": side.cluster.superuser,
        "PGPASSWORD": side.cluster.password,
        "PGDATABASE": side.database,
    }
    return subprocess.Popen(
        [str(locate().directory / "pgbench"), "-n", "-f", str(script), *options],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
