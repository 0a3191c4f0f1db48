"""What tests of connections said: the check of a sync, and the job that tests any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from ..connection_tests import TEST_CONNECTIONS
from ..on_demand import CONNECTION
from .events import Events
from .watched import Watched


@dataclass(frozen=True)
class ConnectionTest:
    """What a test said of a connection, or of all that a sync needs.

    Args:
        subject: `connection crm`, or `orders`: the connections of a sync.
        sync: name of the sync, of a check.
        connection: name of the connection, of the job.
        failed: names of the lines that failed; nothing: all is well.
        run: of Dagster.
        at: seconds since 1970.
    """

    subject: str
    sync: str | None
    connection: str | None
    failed: tuple[str, ...]
    run: dg.DagsterRun
    at: float


def connection_tests(
    run: dg.DagsterRun, at: float, events: Events, syncs: Mapping[str, Watched]
) -> Iterator[ConnectionTest]:
    """The tests of one run.

    Args:
        run: of Dagster.
        at: when it ended, in seconds since 1970.
        events: of it.
        syncs: those that are looked at.
    """
    names = {sync.key: sync.name for sync in syncs.values()}
    for check in events.checks:
        if check.check_name == CONNECTION and check.asset_key in names:
            lines: Any = check.metadata.get("pgsync/lines")
            name = names[check.asset_key]
            failed = () if check.passed else _failed(lines)
            yield ConnectionTest(f"connections of {name}", name, None, failed, run, at)
    if run.job_name == TEST_CONNECTIONS:
        for name, table in events.tested.items():
            yield ConnectionTest(f"connection {name}", None, name, _failed(table), run, at)


def _failed(table: Any) -> tuple[str, ...]:
    lines = (record.data for record in getattr(table, "records", ()))
    return tuple(str(line.get("check")) for line in lines if line.get("state") == "failed")
