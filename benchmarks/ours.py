"""What is measured without a peer: `psql | psql`, and our engines with the forms of their state."""

from __future__ import annotations

import json
import sys
from typing import Any

from pgsync_assets import __version__
from pgsync_assets.embedded.binaries import locate

from .contender import FIRST, Contender, Ends, Job
from .servers import copy_commands, libpq, sync_environment

TEXT, BINARY = "psql | psql", "psql | psql, binary"
DELETES = {"delete": "delete_row"}
ENGINES: dict[str, dict[str, str]] = {
    "lightning": DELETES | {"engine": "lightning"},
    "digest": DELETES | {"engine": "lightning", "state": "digest"},
    "standard": DELETES | {"engine": "standard"},
}


def copies() -> list[Contender]:
    """The limit: COPY from one psql to another; binary for information."""
    return [_copy(TEXT, "text"), _copy(BINARY, "binary")]


def _copy(name: str, form: str) -> Contender:
    def job(ends: Ends, _: str) -> Job:
        return Job(copy_commands(form), (libpq(ends.source), libpq(ends.destination)))

    version = f"PostgreSQL {locate().version}"
    return Contender(name, job, cases=(FIRST,), version=version, note=f"COPY, {form}")


def engine(name: str, fields: dict[str, str] | None = None) -> Contender:
    """One of our engines.

    Args:
        name: of `ENGINES`.
        fields: of the sync, beside those.
    """
    sent = ENGINES[name] | (fields or {})

    def job(ends: Ends, _: str) -> Job:
        told = sync_environment(ends.source, ends.destination, sent)
        return Job(((sys.executable, "-m", "benchmarks.one_sync"),), (told,))

    note = ", ".join(f"{key}: {value}" for key, value in sent.items())
    return Contender(name, job, version=f"pgsync_assets {__version__}", note=note, told=_told)


def _told(output: bytes) -> dict[str, Any]:
    figures = json.loads(output)
    return {
        "seconds": figures["seconds"],  # without the start of Python, as in a Dagster run
        "memory_mb": figures["memory_mb"],
        "rows": figures["rows"],
        "steps": figures["steps"],
        "read_mb": figures["bytes_read"] / 1e6,
    }
