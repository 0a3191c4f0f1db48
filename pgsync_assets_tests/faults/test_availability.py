"""Dagster itself: its storage fails over, its daemon dies, there are two, its code is reloaded."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.embedded import Cluster

from ..fix_gateway import until
from ..fix_platform import Platform, platform_on
from ..fix_standby import standby_of, take_over
from ..fix_syncs import Syncs
from ..graphql import ENDED, ask, ended, launch, run_of
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
    { runsOrError { ... on Runs { results { runId status creationTime } } } }
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
    with ExitStack() as stack:
        yield lambda *standbys: stack.enter_context(
            platform_on(tmp_path / "platform", syncs, storage_primary, *standbys)
        )


def arrived(syncs: Syncs) -> int:
    return int(syncs.pair.destination.rows("select count(*) from items")[0][0])


def runs(found: Platform) -> list[dict[str, Any]]:
    """The newest first."""
    results: list[dict[str, Any]] = ask(found.url, RUNS)["runsOrError"]["results"]
    return results


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
        until(lambda: is_asked(lambda: run_of(found.url, first)["status"] in ENDED), RUN_S)
        assert run_of(found.url, first)["status"] == "SUCCESS"  # it tried to tell Dagster again
        syncs.pair.source.execute("insert into items values (1000, 'later')")
        until(lambda: is_asked(lambda: bool(launch(found.url, TABLE))), RUN_S)
        (second, *_) = [run["runId"] for run in runs(found)]
        assert ended(found.url, second, RUN_S)["status"] == "SUCCESS", found.told("daemon 0")
        assert arrived(syncs) == ROWS + 1
        assert set(writes(syncs).values()) == {1}
        assert violations(syncs) == []
    finally:
        standby.stop("immediate")


def is_asked(question: Callable[[], bool]) -> bool:
    """What the webserver says; the first one to use a lost connection of its pools is told so."""
    try:
        return question()
    except AssertionError:
        return False


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
    by_minute = Counter(int(run["creationTime"] // 60) for run in runs(found))
    assert max(by_minute.values()) <= 2 and len(by_minute) >= 3
    for n in range(2):
        assert "daemon is still sending heartbeats" in found.told(f"daemon {n}")
    assert {run["status"] for run in runs(found)} <= {"SUCCESS", "QUEUED", "STARTED", "STARTING"}
    last = launch(found.url, TABLE)
    assert ended(found.url, last, RUN_S)["status"] == "SUCCESS"
    assert arrived(syncs) == ROWS + edits
    assert set(writes(syncs).values()) == {1}
    assert violations(syncs) == []


@pytest.mark.nightly(LONG)
def test_a_storage_that_was_restored_has_forgotten_runs_and_no_row(
    platform: Callable[..., Platform], syncs: Syncs, storage_primary: Cluster
) -> None:
    found = platform()
    found.define()
    found.start()
    known = launch(found.url, TABLE)
    assert ended(found.url, known, RUN_S)["status"] == "SUCCESS"
    found.close()
    with storage_primary.connect("postgres") as connection:
        connection.execute("create database backup template dagster owner dagster")
    found.start()
    syncs.pair.source.execute("insert into items values (1000, 'after the backup')")
    forgotten = launch(found.url, TABLE)
    assert ended(found.url, forgotten, RUN_S)["status"] == "SUCCESS"
    found.close()
    with storage_primary.connect("postgres") as connection:
        connection.execute("drop database dagster")
        connection.execute("alter database backup rename to dagster")
    found.start()
    assert [run["runId"] for run in runs(found)] == [known]
    syncs.pair.source.execute("insert into items values (1001, 'after the restore')")
    last = launch(found.url, TABLE)
    assert ended(found.url, last, RUN_S)["status"] == "SUCCESS"
    assert arrived(syncs) == ROWS + 2
    assert set(writes(syncs).values()) == {1}
    assert violations(syncs) == []


@pytest.mark.nightly(LONG)
def test_code_is_reloaded_while_a_run_is_on(
    platform: Callable[..., Platform], syncs: Syncs
) -> None:
    """Nobody clicks: a broken file stops the schedule, which goes on once it is mended."""
    found = platform()
    each_minute: dict[str, Any] = {"schedule": {"cron": "* * * * *"}}
    found.define(**SLOWLY, **each_minute)
    found.start()
    until(lambda: arrived(syncs) > 3, RUN_S)
    first = runs(found)[0]["runId"]
    found.write({"name": "items", "tabel": "x"})
    reloaded = ask(found.url, RELOAD)["reloadRepositoryLocation"]["locationOrLoadError"]
    said = "".join(link["error"]["message"] for link in reloaded["errorChain"])
    assert "items/defs.yaml:" in said and "tabel" in said
    assert ended(found.url, first, RUN_S)["status"] == "SUCCESS"
    assert arrived(syncs) == ROWS
    found.define(columns={"id": "id"}, **each_minute)
    reloaded = ask(found.url, RELOAD)["reloadRepositoryLocation"]["locationOrLoadError"]
    assert reloaded["__typename"] == "RepositoryLocation", reloaded
    syncs.pair.source.execute("insert into items values (1000, 'not mapped any more')")
    until(lambda: arrived(syncs) > ROWS, RUN_S)
    assert syncs.pair.destination.rows("select name from items where id = 1000") == [(None,)]
    assert syncs.pair.destination.rows("select name from items where id = 1") == [("name 1",)]
    assert set(writes(syncs).values()) == {1}
