"""Adopt: what the destination has exactly as the model says counts as sent; nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import failpoints, operations
from pgsync_assets.errors import HistoryError
from pgsync_assets.outcome import Adopted, Counts

from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

FIELDS: dict[str, Any] = {"delete": "delete_row", "guard": {"max_removed": "100%"}}
FILL = "insert into items select n, 'item ' || n, n * 1.50 from generate_series(1, 9) as n"


@pytest.fixture
def both(every: Syncs) -> Syncs:
    """Nine rows on both sides, which somebody else has copied."""
    every.table("id int primary key, name text, price numeric")
    for side in (every.pair.source, every.pair.destination):
        side.execute(FILL)
    log_writes(every)
    return every


def adopt(syncs: Syncs, partition: str | None = None, **fields: Any) -> Adopted:
    config = syncs.config(**FIELDS | fields)
    return operations.adopt(
        config,
        *syncs.endpoints,
        platform=syncs.platform_endpoint,
        partition=config.partition_named(partition) if partition else None,
    )


def test_what_is_there_is_not_sent(both: Syncs) -> None:
    assert adopt(both) == Adopted("items", None, 9, 9)
    assert both.run(**FIELDS).planned == Counts()
    assert not writes(both)
    assert violations(both) == []


def test_what_differs_or_is_missing_is_sent(both: Syncs) -> None:
    both.pair.destination.execute(
        "update items set price = 3.0 where id = 2",  # it was 3.00: another text
        "delete from items where id = 3",
        "insert into items values (99, 'theirs', 0)",
        "truncate writes",
    )
    assert adopt(both) == Adopted("items", None, 9, 7)
    assert both.run(**FIELDS).succeeded == Counts(added=2)
    assert dict(writes(both)) == {("UPDATE", "2"): 1, ("INSERT", "3"): 1}
    both.pair.source.execute("delete from items where id = 1")
    assert both.run(**FIELDS).succeeded == Counts(removed=1)
    assert both.pair.destination.rows("select count(*) from items where id = 99") == [(1,)]


def test_rows_that_were_sent_before_are_not_forgotten(both: Syncs) -> None:
    both.run(**FIELDS)
    both.pair.destination.execute(
        "update items set name = 'edited' where id in (1, 2)", "truncate writes"
    )
    both.pair.source.execute("delete from items where id in (2, 3)")
    assert adopt(both).adopted == 6
    assert both.run(**FIELDS).succeeded == Counts(changed=1, removed=2)
    assert violations(both) == []


def test_a_way_out_after_a_restore(both: Syncs) -> None:
    both.run(**FIELDS)
    both.keeper.execute("update hightouch_planner.states set ledger_run = 77")
    with pytest.raises(HistoryError):
        both.run(**FIELDS)
    assert adopt(both).adopted == 9
    assert both.run(**FIELDS).planned == Counts()
    assert violations(both) == []


@pytest.mark.parametrize("point", ["plan stored", "destination adopted", "adopted"])
def test_interrupted_it_is_done_again(
    monkeypatch: pytest.MonkeyPatch, both: Syncs, point: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(failpoints.VARIABLE, f"{point}:raise")
        with pytest.raises(failpoints.FailpointReached):
            adopt(both)
    assert adopt(both).adopted == 9
    assert both.run(**FIELDS).planned == Counts()
    assert violations(both) == []


def test_what_was_interrupted_is_not_continued(
    monkeypatch: pytest.MonkeyPatch, both: Syncs
) -> None:
    both.pair.destination.execute("delete from items where id > 2", "truncate writes")
    with monkeypatch.context() as patch:
        patch.setenv(failpoints.VARIABLE, "batch committed:raise")
        with pytest.raises(failpoints.FailpointReached):
            both.run(batch_size=5, **FIELDS)
    both.pair.destination.execute("truncate writes")
    assert adopt(both).adopted == 5
    assert not writes(both)
    assert both.run(batch_size=5, **FIELDS).succeeded == Counts(added=4)
    assert violations(both) == []


def test_partitions(both: Syncs) -> None:
    by_price: dict[str, Any] = {"partitions": {"column": "price", "ranges": ["7"]}}
    both.pair.destination.execute("delete from items where id = 9")
    assert [adopt(both, name, **by_price).adopted for name in ("..7", "7..")] == [4, 4]
    assert both.run("7..", **FIELDS, **by_price).succeeded == Counts(added=1)
    assert both.run("..7", **FIELDS, **by_price).planned == Counts()
    assert violations(both) == []


def test_keys_of_every_kind(every: Syncs) -> None:
    every.table("id int, kind text, day date, primary key (id, kind, day)")
    for side in (every.pair.source, every.pair.destination):
        side.execute("insert into items values (1, 'a,\"b', '2024-01-01'), (1, '', '2024-01-02')")
    model = {"table": "public.items", "key": ["id", "kind", "day"]}
    assert adopt(every, model=model).adopted == 2
    assert every.run(model=model, **FIELDS).planned == Counts()
