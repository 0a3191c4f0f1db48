"""The machine that figures were taken on: what it has, never what it is called."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess  # noqa: S404 - git
from pathlib import Path

from pgsync_assets.embedded.binaries import locate

GIB = 2**30


def described() -> dict[str, str]:
    """Cores, processor, memory, kernel, versions."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": _processor(),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "PostgreSQL": locate().version,
        "Python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def commit() -> str:
    """Of the code, short; `-changed` where something is not committed; empty without git."""
    command = ["git", "describe", "--always", "--dirty=-changed", "--exclude=*"]
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed command
            command, cwd=Path(__file__).parent, capture_output=True, text=True
        )
    except OSError:
        return ""
    return answer.stdout.strip()


def now() -> str:
    """UTC, to the second."""
    return dt.datetime.now(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
