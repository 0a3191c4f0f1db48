"""dlt: its SQL source by pyarrow, loaded as CSV by COPY, merged by key."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from ..contender import CASES, Contender, Ends, Job
from ..servers import address
from .installed import environment

VERSION = "1.31.0"
NEEDED = (f"dlt[postgres,sql_database]=={VERSION}", "sqlalchemy<2.1", "pyarrow", "psycopg2-binary")
SCHEMA = "dlt_bench"  # its own, with its own tables beside ours


def dlt() -> list[Contender]:
    """Without a cursor and with one.

    Raises:
        NotToBeHad: pip cannot bring it.
    """
    python = str(environment("dlt", *NEEDED) / "bin" / "python")
    how = "sql_database by pyarrow, CSV, merge by key (delete-insert)"
    return [
        Contender(
            "dlt",
            partial(_job, python, ""),
            CASES,
            target=(SCHEMA, "customers"),
            makes_table=True,
            version=VERSION,
            note=f"{how}; every row is read and merged",
        ),
        Contender(
            "dlt, cursor",
            partial(_job, python, "updated_at"),
            CASES,
            target=(SCHEMA, "customers"),
            makes_table=True,
            version=VERSION,
            note=f"{how}; past updated_at: removed rows stay",
        ),
    ]


def _job(python: str, cursor: str, ends: Ends, _: str) -> Job:
    # -I: or the folder of the script would be looked into first, where dlt is this file.
    return Job(
        ((python, "-I", str(Path(__file__).with_name("dlt_job.py"))),),
        (
            os.environ
            | {
                "BENCH_FROM": address(ends.source),
                "BENCH_INTO": address(ends.destination),
                "BENCH_CURSOR": cursor,
                "BENCH_SCHEMA": SCHEMA,
                "BENCH_FOLDER": str(ends.folder),
                "DLT_DATA_DIR": str(ends.folder),
                "RUNTIME__DLTHUB_TELEMETRY": "false",
                "HOME": str(ends.folder),
            },
        ),
    )
