"""ingestr: the last version whose wheel needs no download at its first run."""

from __future__ import annotations

import os
from functools import partial

from ..contender import CASES, FIRST, Contender, Ends, Job
from ..servers import address
from .installed import environment

VERSION = "0.14.155"
SCHEMA = "ingestr_bench"


def ingestr() -> list[Contender]:
    """Replace at first, then merge by key; it takes every row each time.

    Raises:
        NotToBeHad: pip cannot bring it.
    """
    program = str(environment("ingestr", f"ingestr=={VERSION}") / "bin" / "ingestr")
    return [
        Contender(
            "ingestr",
            partial(_job, program),
            CASES,
            target=(SCHEMA, "customers"),
            makes_table=True,
            version=VERSION,
            note="replace, then merge by key without an incremental key",
        )
    ]


def _job(program: str, ends: Ends, case: str) -> Job:
    command = [program, "ingest", "--yes", "--progress", "log", "--primary-key", "id"]
    command += ["--source-table", "public.customers", "--dest-table", f"{SCHEMA}.customers"]
    command += ["--incremental-strategy", "replace" if case == FIRST else "merge"]
    return Job(
        (tuple(command),),
        (
            os.environ
            | {
                "SOURCE_URI": address(ends.source),
                "DESTINATION_URI": address(ends.destination),
                "HOME": str(ends.folder),
                "DISABLE_TELEMETRY": "true",
                "INGESTR_DISABLE_TELEMETRY": "true",
            },
        ),
    )
