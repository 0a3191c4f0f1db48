"""Every supported version of PostgreSQL, once as the source and once as the destination.

The other side is the newest one, or by `make nightly` 15, too (`fix_versions.py`). Overriding
`database_pair` is all it takes: `syncs` and whatever stands on it then runs on both. Each version
is started once, one at a time.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE

from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, Side, database
from ..fix_servers import running
from ..fix_syncs import ENGINES, Syncs
from ..fix_versions import VERSIONS, binaries_of

ALWAYS = ("pg12", "pg15", "pg18")
BETWEEN = "the oldest, the middle one and the newest are run always, and the road of a row on each"


def some_by_night() -> Iterator[object]:
    """All versions, of which those between the others wait for the night."""
    for name in VERSIONS:
        yield name if name in ALWAYS else pytest.param(name, marks=pytest.mark.nightly(BETWEEN))


@pytest.fixture(scope="session", params=some_by_night())
def server(
    request: pytest.FixtureRequest, installed: Path, state_folder: Path
) -> Iterator[Cluster]:
    """A running server of one version."""
    yield from running(state_folder / request.param, binaries_of(installed, request.param))
    shutil.rmtree(state_folder / request.param)


@pytest.fixture(params=["source", "destination"])
def database_pair(request: pytest.FixtureRequest, server: Cluster) -> Iterator[Pair]:
    """Fresh databases, of which one is on the server of some version."""
    other = request.getfixturevalue(
        "destination_server" if request.param == "source" else "source_server"
    )
    from_, to = (server, other) if request.param == "source" else (other, server)
    with (
        database(from_, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(to, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        yield Pair(source, destination)


@pytest.fixture(params=["lightning", "standard"])
def every(request: pytest.FixtureRequest, database_pair: Pair, platform_side: Side) -> Syncs:
    """Syncs of both engines: the digests of a lightning state are made as standard's are."""
    return Syncs(database_pair, platform=platform_side, fields=ENGINES[request.param])
