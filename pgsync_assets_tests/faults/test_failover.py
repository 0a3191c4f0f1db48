"""A primary is lost, its standby takes over: the next connection finds it, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, PLATFORM_ROLE, SOURCE_ROLE
from pgsync_assets.errors import HistoryError
from pgsync_assets.outcome import Counts, Progress

from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Side, database
from ..fix_servers import SETTINGS
from ..fix_standby import hosts, standby_of, take_over, until_replayed
from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.1, 0.1, 0.1))


@pytest.fixture
def standby(state_folder: Path) -> Iterator[Callable[[Cluster], Cluster]]:
    """Makes a standby."""
    made: list[Cluster] = []

    def make(primary: Cluster) -> Cluster:
        made.append(standby_of(primary, state_folder / f"standby_of_{primary.directory.name}"))
        return made[0]

    yield make
    for cluster in made:
        cluster.stop("immediate")


def placed(syncs: Syncs, side: str, primary: Cluster) -> Syncs:
    """The same syncs with one side on a server that will be lost, and its database with it."""
    roles = {
        "source": (SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA),
        "destination": (DESTINATION_ROLE, LEDGER_SCHEMA),
    }
    there = database(primary, *roles[side]).__enter__()
    moved = Syncs(replace(syncs.pair, **{side: there}))
    moved.table("id int primary key, name text")
    log_writes(moved)
    moved.pair.source.execute("insert into items select n, 'x' from generate_series(1, 10) as n")
    return moved


def at(side: Side, cluster: Cluster) -> Side:
    """The same database on the server that took over."""
    return replace(side, port=cluster.port, cluster=cluster)


def written(syncs: Syncs, rows: int, do: Callable[[], None]) -> Callable[[Progress], None]:
    """Does something once so many rows are in."""
    done: list[int] = []

    def once(progress: Progress) -> None:
        if progress.step == "write" and progress.rows_done == rows and not done:
            done.append(rows)
            do()

    return once


def test_a_destination_that_fails_over_in_mid_run(
    syncs: Syncs, primary: Cluster, standby: Callable[[Cluster], Cluster]
) -> None:
    syncs = placed(syncs, "destination", primary)
    second = standby(primary)
    syncs.destination = hosts(second, primary)  # the standby is first: it is passed over
    lose = written(syncs, 4, lambda: take_over(primary, second))
    outcome = engine.run(syncs.config(batch_size=4), *syncs.endpoints, on_progress=lose)
    assert (outcome.recovered or outcome).succeeded == Counts(added=10)
    syncs.pair = replace(syncs.pair, destination=at(syncs.pair.destination, second))
    assert set(writes(syncs).values()) == {1}
    assert violations(syncs) == []
    syncs.pair.source.execute("update items set name = 'newer' where id = 1")
    assert syncs.run().succeeded == Counts(changed=1)
    assert violations(syncs) == []


def test_a_standby_that_takes_over_without_the_last_batches_is_noticed(
    syncs: Syncs, primary: Cluster, standby: Callable[[Cluster], Cluster]
) -> None:
    """The ledger is lost with the rows: it knows the run, and not all of it."""
    syncs = placed(syncs, "destination", primary)
    second = standby(primary)
    syncs.destination = hosts(primary, second)

    def cut_off() -> None:
        until_replayed(primary, at(syncs.pair.destination, second))
        second.stop("immediate")

    cut = written(syncs, 8, cut_off)
    outcome = engine.run(syncs.config(batch_size=4), *syncs.endpoints, on_progress=cut)
    assert outcome.succeeded == Counts(added=10)
    primary.stop("immediate")
    second.start(SETTINGS)
    take_over(primary, second)
    syncs.destination = hosts(primary, second)
    syncs.pair = replace(syncs.pair, destination=at(syncs.pair.destination, second))
    assert syncs.pair.destination.rows("select count(*) from items") == [(8,)]
    with pytest.raises(HistoryError, match="run 1 up to batch 3.*up to batch 2.*standby"):
        syncs.run()
    assert any("up to batch 2" in problem for problem in syncs.verify().problems)
    syncs.run(full_resync=True)
    assert violations(syncs) == []


def test_a_source_that_fails_over_takes_the_state_with_it(
    syncs: Syncs, primary: Cluster, standby: Callable[[Cluster], Cluster]
) -> None:
    syncs = placed(syncs, "source", primary)
    second = standby(primary)
    syncs.source = hosts(second, primary)
    assert syncs.run().succeeded == Counts(added=10)
    syncs.pair.source.execute("update items set name = 'newer' where id = 1")
    until_replayed(primary, at(syncs.pair.source, second))
    take_over(primary, second)
    syncs.pair = replace(syncs.pair, source=at(syncs.pair.source, second))
    assert syncs.run().succeeded == Counts(changed=1)
    assert violations(syncs) == []


def test_a_platform_that_fails_over_in_mid_run(
    syncs: Syncs, primary: Cluster, standby: Callable[[Cluster], Cluster]
) -> None:
    """Engine standard keeps its state and the changes there: the next run goes on with both."""
    platform = database(primary, PLATFORM_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA).__enter__()
    second = standby(primary)
    syncs = replace(syncs, platform=platform, fields={"engine": "standard"})
    syncs.at_platform = hosts(second, primary)
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 10) as n")
    assert syncs.run().succeeded == Counts(added=10)
    syncs.pair.source.execute("update items set name = 'newer' where id < 8")

    def lose() -> None:
        until_replayed(primary, at(platform, second))
        take_over(primary, second)

    once = written(syncs, 4, lose)
    outcome = engine.run(
        syncs.config(batch_size=4),
        *syncs.endpoints,
        platform=syncs.platform_endpoint,
        on_progress=once,
    )
    assert (outcome.recovered or outcome).succeeded == Counts(changed=7)
    syncs.platform = at(platform, second)
    assert violations(syncs) == []
    assert set(writes(syncs).values()) == {1}
    syncs.pair.source.execute("delete from items where id = 1")
    assert syncs.run(delete="delete_row").succeeded == Counts(removed=1)
    assert violations(syncs) == []
