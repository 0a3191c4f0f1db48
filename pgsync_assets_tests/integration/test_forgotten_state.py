"""Reset and drop: what was sent is forgotten, whole, and nothing at the destination is touched."""

from __future__ import annotations

import itertools

import pytest

from pgsync_assets import failpoints, operations
from pgsync_assets.config import Interval, Partition
from pgsync_assets.errors import HistoryError
from pgsync_assets.outcome import Counts, Forgotten

from ..fix_syncs import ENGINES, Syncs
from ..invariants import log_writes, violations, writes

JANUARY = Partition("2024-01-01", Interval("day", "2024-01-01", "2024-02-01"), is_of_key=True)
FEBRUARY = Partition("2024-02-01", Interval("day", "2024-02-01", "2024-03-01"), is_of_key=True)
OURS = """
    select relname from pg_class where relkind = 'r' and relname ~ '^(snapshot|plan)_[0-9]+$'
"""


@pytest.fixture
def filled(either: Syncs) -> Syncs:
    """Nine rows are in."""
    either.table("id int primary key, name text")
    log_writes(either)
    either.pair.source.execute("insert into items select n, 'item' from generate_series(1, 9) as n")
    either.run()
    either.pair.destination.execute("truncate writes")
    return either


def reset(syncs: Syncs, partition: str | None = None) -> Forgotten:
    return operations.reset(
        syncs.config(), *syncs.endpoints, platform=syncs.platform_endpoint, partition=partition
    )


def drop(syncs: Syncs) -> Forgotten:
    return operations.drop(syncs.config(), *syncs.endpoints, platform=syncs.platform_endpoint)


def test_after_a_reset_every_row_is_sent(filled: Syncs) -> None:
    assert reset(filled) == Forgotten("items", 1, 9)
    assert not writes(filled)
    assert filled.keeper.rows(OURS) == []
    assert filled.run().succeeded == Counts(added=9)
    assert violations(filled) == []
    assert filled.run().planned == Counts()


def test_after_a_drop_nothing_is_known(filled: Syncs) -> None:
    assert drop(filled) == Forgotten("items", 1, 9)
    assert filled.keeper.rows(OURS) == []
    for table in ("states", "runs", "rejections"):
        assert filled.keeper.rows(f"select count(*) from hightouch_planner.{table}") == [(0,)]  # noqa: S608
    assert filled.pair.destination.rows("select * from pgsync_ledger.pgsync_ledger") == []
    assert filled.keeper.rows("select count(*) from hightouch_audit.sync_runs") == [(1,)]
    assert filled.run().succeeded == Counts(added=9)
    assert violations(filled) == []


def test_what_never_ran_can_be_forgotten(either: Syncs) -> None:
    assert reset(either) == Forgotten("items", 0, 0)
    assert drop(either) == Forgotten("items", 0, 0)


@pytest.mark.parametrize("forget", [reset, drop])
@pytest.mark.parametrize("rows", [0, 4])
def test_an_unfinished_run_is_closed_first(
    monkeypatch: pytest.MonkeyPatch, filled: Syncs, forget: object, rows: int
) -> None:
    filled.pair.source.execute("update items set name = 'newer'")
    with monkeypatch.context() as patch:
        name = "batch committed" if rows else "plan stored"
        patch.setenv(failpoints.VARIABLE, f"{name}:raise")
        with pytest.raises(failpoints.FailpointReached):
            filled.run(batch_size=4)
    assert callable(forget)
    forget(filled)
    told = "select num_succeeded_change, status from hightouch_audit.sync_runs order by 1"
    assert ((rows, "failed") in filled.keeper.rows(told)) is (rows > 0)
    assert filled.run().succeeded == Counts(added=9)
    assert violations(filled) == []


def test_one_partition_is_reset_alone(either: Syncs) -> None:
    either.table("id int, day date, primary key (id, day)")
    either.pair.source.execute("insert into items values (1, '2024-01-05'), (2, '2024-02-05')")
    model = {"table": "public.items", "key": ["id", "day"]}
    for partition in (JANUARY, FEBRUARY):
        either.run(partition, model=model)
    assert reset(either, "2024-01-01") == Forgotten("items", 1, 1)
    assert either.run(JANUARY, model=model).succeeded == Counts(added=1)
    assert either.run(FEBRUARY, model=model).planned == Counts()


@pytest.mark.parametrize("forget", [reset, drop])
def test_interrupted_it_is_finished_by_doing_it_again(
    monkeypatch: pytest.MonkeyPatch, filled: Syncs, forget: object
) -> None:
    assert callable(forget)
    for point in itertools.count(1):
        try:
            with monkeypatch.context() as patch:
                patch.setattr(failpoints, "_reached", 0)
                patch.setenv(failpoints.VARIABLE, f"{point}:raise")
                forget(filled)
            break
        except failpoints.FailpointReached:
            continue
    assert filled.run().succeeded == Counts(added=9)
    assert violations(filled) == []


def test_a_drop_that_stopped_half_way_is_noticed_by_a_run(
    monkeypatch: pytest.MonkeyPatch, filled: Syncs
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(failpoints.VARIABLE, "ledger dropped:raise")
        with pytest.raises(failpoints.FailpointReached):
            drop(filled)
    with pytest.raises(HistoryError):
        filled.run()


def test_what_the_other_engine_left_is_forgotten_too(filled: Syncs) -> None:
    before = filled.fields["engine"]
    filled.fields = ENGINES["standard" if before == "lightning" else "lightning"]
    assert reset(filled) == Forgotten("items", 1, 9)
    assert filled.run().succeeded == Counts(added=9)
