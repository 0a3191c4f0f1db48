"""The lines of a connection's test, and two databases with a table to test on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.check_result import CheckResult
from pgsync_assets.config import UsedAs
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE
from pgsync_assets.steps.asked import Asked

from .fix_databases import (
    AUDIT_SCHEMA,
    LEDGER_SCHEMA,
    PASSWORD,
    PLANNER_SCHEMA,
    Pair,
    Side,
    database,
)
from .fix_syncs import Syncs, endpoint_of

ROAD = (
    "SSH tunnel", "host", "certificate", "credentials", "server version", "pooler", "encoding",
    "role",
)  # fmt: skip


@pytest.fixture(scope="module")
def items_pair(source_server: Cluster, destination_server: Cluster) -> Iterator[Pair]:
    """Two databases with the table of a sync."""
    with (
        database(source_server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(destination_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        made = Pair(source, destination)
        Syncs(made).table("id int primary key, name text")
        yield made


def told(side: Side, asked: Asked | None = None, **more: Any) -> dict[str, CheckResult]:
    """The lines of a test by their name; none of them has a secret."""
    results = engine.try_connection(endpoint_of("crm", side, **more), asked or Asked(roles=()))
    assert PASSWORD not in repr(results)
    found = {one.name: one for one in results}
    assert len(found) == len(results)
    return found


def of_sync(pair: Pair, role: UsedAs, **fields: Any) -> Asked:
    """A test for what a sync needs."""
    syncs = Syncs(pair)
    return Asked(roles=(role,), sync=syncs.config(**fields), source=syncs.endpoints[0])


def states(found: dict[str, CheckResult]) -> dict[str, list[str]]:
    """The names of lines by their state."""
    return {
        state: [name for name, one in found.items() if one.state == state]
        for state in ("ok", "warning", "failed", "skipped")
    }


def fails_at(name: str, found: dict[str, CheckResult]) -> CheckResult:
    """The line that failed: what is before it is fine, what is behind it was not tried."""
    assert states(found)["failed"] == [name]
    behind = ROAD[ROAD.index(name) + 1 :]
    assert all(found[one].state == "skipped" for one in behind)
    return found[name]
