"""Sling: its Go program from the wheel that carries it, reading all rows or past a cursor."""

from __future__ import annotations

import os
from functools import partial

from ..contender import FIRST, NONE, Contender, Ends, Job
from ..servers import address
from .installed import environment

VERSION = "1.4.11"
PROGRAM = "sling-linux-amd64"
WHEEL = f"{PROGRAM}=={VERSION}"  # the wheel named `sling` downloads the program at its first run


def sling() -> list[Contender]:
    """Without a cursor and with one. `delete_missing` is not in the free program.

    Raises:
        NotToBeHad: pip has no wheel for this machine.
    """
    folder = environment("sling", WHEEL)
    program = str(next(folder.glob(f"lib/*/site-packages/*/bin/{PROGRAM}")))
    cases = (FIRST, NONE, "1 %", "10 %")
    return [
        Contender(
            "sling",
            partial(_job, program, None),
            cases,
            makes_table=True,
            version=VERSION,
            note="full-refresh, then incremental by key: every row is read and compared",
        ),
        Contender(
            "sling, cursor",
            partial(_job, program, "updated_at"),
            cases,
            makes_table=True,
            version=VERSION,
            note="full-refresh, then incremental past updated_at: removed rows stay",
        ),
    ]


def _job(program: str, cursor: str | None, ends: Ends, case: str) -> Job:
    command = [program, "run", "--src-conn", "BENCH_FROM", "--src-stream", "public.customers"]
    command += ["--tgt-conn", "BENCH_INTO", "--tgt-object", "public.customers"]
    command += ["--mode", "full-refresh" if case == FIRST else "incremental"]
    command += ["--primary-key", "id"]
    if cursor and case != FIRST:
        command += ["--update-key", cursor]
    return Job(
        (tuple(command),),
        (
            os.environ
            | {
                "BENCH_FROM": address(ends.source, options="?sslmode=disable"),
                "BENCH_INTO": address(ends.destination, options="?sslmode=disable"),
                "SLING_HOME_DIR": str(ends.folder),
                "SLING_DISABLE_TELEMETRY": "true",
            },
        ),
    )
