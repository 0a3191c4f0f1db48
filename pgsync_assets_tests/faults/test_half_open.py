"""A host that vanishes with its run: no end of a connection is told that the other one is gone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.embedded import Cluster
from pgsync_assets.errors import AlreadyRunning, ConnectionLost
from pgsync_assets.outcome import Outcome, Progress

from ..fix_cables import Host, host
from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, Side, database
from ..fix_servers import SETTINGS
from ..fix_syncs import ENGINES, Syncs
from ..invariants import log_writes, violations, writes

pytestmark = pytest.mark.needs("ip")
SOURCE, DESTINATION = 0, 1  # its cable
CABLES = {"source": (SOURCE,), "destination": (DESTINATION,), "both": (SOURCE, DESTINATION)}
NOTICED_S = 1.0
KEPT_ALIVE_S = 5.0  # of such a timeout, in whole seconds: idle for one, then four probes
TIMEOUTS: dict[str, Any] = {
    "network_timeout_s": NOTICED_S,
    "connect_timeout_s": 2,
    "sslmode": "disable",
}
HELD = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and client_addr <> '127.0.0.1'"
)


@pytest.fixture(scope="module")
def far() -> Iterator[Host]:
    """Where the runs are."""
    with host(cables=2) as found:
        yield found


@pytest.fixture(scope="module")
def server(far: Host, state_folder: Path) -> Iterator[Cluster]:
    """A server that listens at the cables, too."""
    cluster = Cluster(state_folder / "far")
    cluster.start(SETTINGS | {"listen_addresses": ",".join(["127.0.0.1", *far.addresses])})
    with (cluster.data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
        rules.write(f"host all all {far.network} scram-sha-256\n")
    with cluster.connect("postgres") as connection:
        connection.execute("select pg_reload_conf()")
    yield cluster
    cluster.stop("immediate")


@pytest.fixture(params=["lightning", "standard"])
def there(request: pytest.FixtureRequest, server: Cluster) -> Iterator[Syncs]:
    """A sync between two databases of that server, for one who is near it."""
    with (
        database(server, "pgsync_source", PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(server, "pgsync_destination", LEDGER_SCHEMA) as destination,
        database(server, "pgsync_platform", PLANNER_SCHEMA, AUDIT_SCHEMA) as platform,
    ):
        found = Syncs(Pair(source, destination), platform=platform, fields=ENGINES[request.param])
        found.table("id int primary key, name text")
        log_writes(found)
        source.execute("insert into items select n, 'x' from generate_series(1, 10) as n")
        yield found


def seen_from(far: Host, near: Syncs) -> Syncs:
    """The same sync for one who is at the other end of the cables."""

    def behind(cable: int, side: Side) -> Side:
        return replace(side, host=far.addresses[cable])

    pair = Pair(behind(SOURCE, near.pair.source), behind(DESTINATION, near.pair.destination))
    platform = behind(SOURCE, near.platform) if near.platform else None
    return replace(
        near,
        pair=pair,
        platform=platform,
        source=TIMEOUTS,
        destination=TIMEOUTS,
        at_platform=TIMEOUTS,
    )


@pytest.mark.nightly(
    "each waits for kernels to give up, some seconds; by day each engine, step and cable once",
    but=("lightning-plan-both", "lightning-write-destination", "standard-write-source"),
)
@pytest.mark.parametrize("cables", CABLES.values(), ids=CABLES)
@pytest.mark.parametrize("step", ["plan", "write"])
def test_a_cable_is_pulled_out(
    monkeypatch: pytest.MonkeyPatch, far: Host, there: Syncs, step: str, cables: tuple[int, ...]
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.1,))
    behind = seen_from(far, there)

    def pull(at: Progress) -> None:
        if at.step == step and (step == "plan" or at.rows_done):
            for cable in cables:
                far.pull_out(cable)

    def run() -> Outcome:
        config, ends = behind.config(batch_size=4), behind.endpoints
        return engine.run(config, *ends, platform=behind.platform_endpoint, on_progress=pull)

    began = time.monotonic()
    try:
        with pytest.raises(ConnectionLost):
            far.do(run)
        assert time.monotonic() - began < 15
    finally:
        for cable in cables:
            far.plug_in(cable)
    sides = {there.pair.source, there.pair.destination, there.platform}
    assert held(sides) > 0, "nothing is half open"
    # From another host. The servers still hold what the lost one held, but not for long.
    outcome = as_soon_as_possible(there, KEPT_ALIVE_S + 5)
    sent = outcome.recovered.succeeded.total if outcome.recovered else 0
    assert sent + outcome.succeeded.total == 10
    wait_until_gone(sides)
    assert set(writes(there).values()) == {1}
    assert violations(there) == []


def held(sides: Iterable[Side | None]) -> int:
    """Sessions of the far host that a server still has."""
    return sum(side.rows(HELD)[0][0] for side in sides if side)


def wait_until_gone(sides: Iterable[Side | None]) -> None:
    """Waits for servers to notice that the far host is gone."""
    deadline = time.monotonic() + KEPT_ALIVE_S + 5
    while held(sides):
        assert time.monotonic() < deadline, "a server has not noticed"
        time.sleep(0.2)


def as_soon_as_possible(syncs: Syncs, seconds: float) -> Outcome:
    """The first run that is not kept out by one that is under way."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return syncs.run(batch_size=4)
        except AlreadyRunning:
            assert time.monotonic() < deadline, "the server has not noticed"
            time.sleep(0.2)
