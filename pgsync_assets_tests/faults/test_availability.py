"""Dagster itself: its storage fails over, its daemon dies, there are two, its code is reloaded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.embedded import Cluster

from ..fix_platform import Platform, platform_on
from ..fix_standby import standby_of, take_over
from ..fix_syncs import Syncs
from ..graphql import ask, ended, launch, run_of
from ..invariants import log_writes, violations, writes

TABLE = ["crm", "public", "items"]
ROWS = 60
SLOWLY: dict[str, Any] = {"batch_size": 1, "sleep_ms": 400}
RUN_S = 240
RELOAD = """
    mutation { reloadRepositoryLocation(repositoryLocationName: "pgsync_assets") {
        __typename
        ... on WorkspaceLocationEntry { locationOrLoadError {
            __typename
            ... on PythonError { errorChain { error { message } } }
        } }
    } }
"""
RUNS = """
    { runsOrError { ... on Runs { results { runId status tags { key value } } } } }
"""
LONG = "Dagster's processes, one by one, take minutes; by day parts of them die in test_sequences"


@pytest.fixture
def platform(
    tmp_path: Path, syncs: Syncs, storage_primary: Cluster
) -> Iterator[Callable[..., Platform]]:
    """A platform that is not started, on a storage with these standbys."""
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    syncs.pair.source.execute(
        f"insert into items select n, 'name ' || n from generate_series(1, {ROWS}) as n"
    )
    closing = []

    def make(*standbys: Cluster) -> Platform:
        opened = platform_on(tmp_path / "platform", syncs, storage_primary, *standbys)
        closing.append(opened)
        return opened.__enter__()

    yield make
    for one in closing:
        one.__exit__(None, None, None)


def until(is_so: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def arrived(syncs: Syncs) -> int:
    return int(syncs.pair.destination.rows("select count(*) from items")[0][0])


def statuses(found: Platform) -> list[str]:
    return [run["status"] for run in ask(found.url, RUNS)["runsOrError"]["results"]]


@pytest.mark.nightly(LONG)
def test_the_storage_fails_over_in_the_middle_of_a_run(
    platform: Callable[..., Platform], syncs: Syncs, storage_primary: Cluster, state_folder: Path
) -> None:
    standby = standby_of(storage_primary, state_folder / f"storage_{time.monotonic_ns()}")
    try:
        found = platform(standby)
        found.define(**SLOWLY)
        found.start()
        first = launch(found.url, TABLE)
        until(lambda: arrived(syncs) > 3, RUN_S)
        take_over(storage_primary, standby)
        until(lambda: answers(found), RUN_S)
        ended(found.url, first, RUN_S)
        syncs.pair.source.execute("insert into items values (1000, 'later')")
        second = launch(found.url, TABLE)
        assert ended(found.url, second, RUN_S)["status"] == "SUCCESS", found.told("daemon 0")
        assert arrived(syncs) == ROWS + 1
        assert set(writes(syncs).values()) == {1}
        assert violations(syncs) == []
    finally:
        standby.stop("immediate")


def answers(found: Platform) -> bool:
    try:
        statuses(found)
    except AssertionError:
        return False
    return True


@pytest.mark.nightly(LONG)
def test_a_daemon_is_killed_and_another_one_goes_on(
    platform: Callable[..., Platform], syncs: Syncs
) -> None:
    found = platform()
    found.define(**SLOWLY)
    (daemon,) = found.start()
    first = launch(found.url, TABLE)
    until(lambda: arrived(syncs) > 3, RUN_S)
    daemon.kill()
    assert ended(found.url, first, RUN_S)["status"] == "SUCCESS"
    waiting = launch(found.url, TABLE)
    time.sleep(5)
    assert run_of(found.url, waiting)["status"] == "QUEUED"
    found.start_daemon("another daemon")
    assert ended(found.url, waiting, RUN_S)["status"] == "SUCCESS"
    assert writes(syncs) == {("INSERT", str(n)): 1 for n in range(1, ROWS + 1)}
    assert violations(syncs) == []


@pytest.mark.nightly(LONG)
def test_two_daemons_do_no_harm(platform: Callable[..., Platform], syncs: Syncs) -> None:
    found = platform()
    found.define(schedule={"cron": "* * * * *"})
    found.start(daemons=2)
    deadline = time.monotonic() + 200
    edits = 0
    while time.monotonic() < deadline:
        edits += 1
        syncs.pair.source.execute(f"insert into items values ({1000 + edits}, 'x')")
        time.sleep(2)
    results = ask(found.url, RUNS)["runsOrError"]["results"]
    print(results)
    last = launch(found.url, TABLE)
    assert ended(found.url, last, RUN_S)["status"] == "SUCCESS"
    assert arrived(syncs) == ROWS + edits
    assert set(writes(syncs).values()) == {1}
    assert violations(syncs) == []


@pytest.mark.nightly(LONG)
def test_code_is_reloaded_while_a_run_is_on(
    platform: Callable[..., Platform], syncs: Syncs
) -> None:
    found = platform()
    found.define(**SLOWLY)
    found.start()
    first = launch(found.url, TABLE)
    until(lambda: arrived(syncs) > 3, RUN_S)
    found.write("items", "PgSyncComponent", {"syncs": [{"name": "items", "tabel": "x"}]})
    reloaded = ask(found.url, RELOAD)["reloadRepositoryLocation"]["locationOrLoadError"]
    said = "".join(link["error"]["message"] for link in reloaded["errorChain"])
    assert "items/defs.yaml:" in said and "tabel" in said
    assert ended(found.url, first, RUN_S)["status"] == "SUCCESS"
    found.define(columns={"id": "id"})
    reloaded = ask(found.url, RELOAD)["reloadRepositoryLocation"]["locationOrLoadError"]
    assert reloaded["__typename"] == "RepositoryLocation", reloaded
    syncs.pair.source.execute("insert into items values (1000, 'not mapped any more')")
    assert ended(found.url, launch(found.url, TABLE), RUN_S)["status"] == "SUCCESS"
    assert syncs.pair.destination.rows("select name from items where id = 1000") == [(None,)]
