"""Rows that move from one partition to another end right, whatever the order of the runs."""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

NAMES = ("east", "north", "west")
FIELDS: dict[str, Any] = {
    "delete": "delete_row",
    "guard": {"max_removed": "100%"},
    "partitions": {"column": "region", "values": NAMES, "other": False},
}
BY_SQL: dict[str, Any] = {
    "model": {"sql": "select * from public.items where id > 0", "key": ["id"]}
}


@pytest.fixture
def filled(either: Syncs) -> Syncs:
    """Three rows in each region are in."""
    either.table("id int primary key, region text, name text")
    log_writes(either)
    either.pair.source.execute(
        "insert into items select n, (array['east','north','west'])[1 + n % 3], 'item'"
        " from generate_series(1, 9) as n"
    )
    for name in NAMES:
        either.run(name, **FIELDS)
    assert violations(either) == []
    either.pair.destination.execute("truncate writes")
    return either


ORDERS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (order, {}) for order in itertools.permutations(NAMES)
]


@pytest.mark.parametrize(("order", "model"), [*ORDERS, (NAMES, BY_SQL), (NAMES[::-1], BY_SQL)])
def test_in_every_order(filled: Syncs, order: tuple[str, ...], model: dict[str, Any]) -> None:
    fields = FIELDS | model
    filled.pair.source.execute(
        "update items set region = 'west' where id = 3",  # from east
        "update items set region = 'east', name = 'newer' where id = 1",  # from north
        "update items set region = 'north' where id = 2",  # from west
        "delete from items where id = 6",  # of east
        "insert into items values (10, 'west', 'new')",
    )
    counts = [filled.run(name, **fields).succeeded for name in order]
    assert violations(filled) == []
    assert writes(filled) == Counter(
        {
            ("UPDATE", "1"): 1,
            ("UPDATE", "2"): 1,
            ("UPDATE", "3"): 1,
            ("DELETE", "6"): 1,
            ("INSERT", "10"): 1,
        }
    )
    assert sum(c.changed for c in counts) == 3
    for name in order:
        assert filled.run(name, **fields).planned == Counts()


def test_a_partition_removes_only_its_own(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where id in (1, 3)")
    assert filled.run("east", **FIELDS).succeeded == Counts(removed=1)
    assert filled.pair.destination.rows("select id from items where id in (1, 3)") == [(1,)]
    assert filled.run("north", **FIELDS).succeeded == Counts(removed=1)
    assert violations(filled) == []


def test_a_row_that_moved_and_was_then_deleted(filled: Syncs) -> None:
    filled.pair.source.execute("update items set region = 'west' where id = 3")
    filled.run("west", **FIELDS)
    filled.pair.source.execute("delete from items where id = 3")
    assert filled.run("east", **FIELDS).planned == Counts()
    assert filled.run("west", **FIELDS).succeeded == Counts(removed=1)
    assert violations(filled) == []


def test_a_row_that_is_in_no_partition_any_more_is_gone(filled: Syncs) -> None:
    filled.pair.source.execute(
        "update items set region = null where id = 3",
        "update items set region = 'sea' where id = 6",
    )
    assert filled.run("north", **FIELDS).planned == Counts()
    assert filled.run("east", **FIELDS).succeeded == Counts(removed=2)
    assert filled.pair.destination.rows("select count(*) from items") == [(7,)]


def test_they_take_turns(filled: Syncs) -> None:
    filled.pair.source.execute("update items set name = 'newer'")
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(lambda name: filled.run(name, **FIELDS), NAMES))
    assert [outcome.succeeded for outcome in outcomes] == [Counts(changed=3)] * 3
    assert violations(filled) == []
    assert set(writes(filled).values()) == {1}


def test_each_is_named_in_the_audit(filled: Syncs) -> None:
    runs = "select partition, num_succeeded_add from hightouch_audit.sync_runs order by 1"
    assert filled.keeper.rows(runs) == [(name, 3) for name in NAMES]


def test_a_full_resync_of_one_sends_its_own_rows(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where id = 3")
    outcome = filled.run("east", full_resync=True, **FIELDS)
    assert outcome.succeeded == Counts(changed=2, removed=1)
    assert violations(filled) == []


def test_another_mapping_is_sent_by_each_when_it_runs(filled: Syncs) -> None:
    for side in (filled.pair.source, filled.pair.destination):
        side.execute("alter table items add extra int default 7")
    for name in NAMES:
        assert filled.run(name, **FIELDS).succeeded == Counts(changed=3)
    assert violations(filled) == []
    for name in NAMES:
        assert filled.run(name, **FIELDS).planned == Counts()


def test_another_engine_carries_the_partitions_over(filled: Syncs) -> None:
    other = "standard" if filled.fields["engine"] == "lightning" else "lightning"
    filled.fields = {"engine": other}
    filled.pair.source.execute(
        "update items set region = 'west' where id = 3", "delete from items where id = 6"
    )
    counts = {name: filled.run(name, **FIELDS).succeeded for name in NAMES}
    assert counts == {
        "east": Counts(removed=1),
        "north": Counts(),
        "west": Counts(changed=1),
    }
    assert violations(filled) == []
