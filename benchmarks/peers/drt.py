"""drt: the reverse ETL command line nearest to ours, in its mode `mirror`."""

from __future__ import annotations

import os
from functools import partial

from ..contender import CASES, Contender, Ends, Job
from .installed import environment

VERSION = "1.2.1"
PROJECT = """\
name: bench
version: "0.1"
profile: shop
"""
PROFILES = """\
shop:
  type: postgres
  host: 127.0.0.1
  port: {port}
  dbname: bench
  user: {user}
  password_env: BENCH_FROM
"""
SYNC = """\
name: customers
model: SELECT * FROM public.customers
destination:
  type: postgres
  host: 127.0.0.1
  port: {port}
  dbname: bench
  user: {user}
  password_env: BENCH_INTO
  table: public.customers
  upsert_key: [id]
sync:
  mode: mirror
  batch_size: 1000
  on_error: fail
"""


def drt() -> list[Contender]:
    """Every row is upserted each time; rows that left are deleted at the end.

    Raises:
        NotToBeHad: pip cannot bring it.
    """
    program = str(environment("drt", f"drt-core[postgres]=={VERSION}") / "bin" / "drt")
    note = "mode mirror, batches of 1,000: every row is upserted"
    return [Contender("drt", partial(_job, program), CASES, version=VERSION, note=note)]


def _job(program: str, ends: Ends, _: str) -> Job:
    (ends.folder / ".drt").mkdir(exist_ok=True)
    (ends.folder / "syncs").mkdir(exist_ok=True)
    (ends.folder / "drt_project.yml").write_text(PROJECT)
    for path, text, cluster in (
        (".drt/profiles.yml", PROFILES, ends.source),
        ("syncs/customers.yml", SYNC, ends.destination),
    ):
        filled = text.format(port=cluster.port, user=cluster.superuser)
        (ends.folder / path).write_text(filled)
    return Job(
        ((program, "run", "--select", "customers"),),
        (
            os.environ
            | {
                "HOME": str(ends.folder),
                "BENCH_FROM": ends.source.password,
                "BENCH_INTO": ends.destination.password,
                "DRT_TELEMETRY": "false",
                "DO_NOT_TRACK": "1",
            },
        ),
    )
