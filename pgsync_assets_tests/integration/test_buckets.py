"""Keys and digests travel only of buckets whose sums differ; what is found is the same."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgsync_assets.connect import pump
from pgsync_assets.outcome import Counts
from pgsync_assets.plan import buckets

from ..fix_syncs import Syncs
from ..invariants import violations

DELETES: dict[str, Any] = {"delete": "delete_row"}
ROWS = 2000
Connection = psycopg.Connection[Any]
EACH_ROW = 12  # bytes at least, of a key and a digest as text


@pytest.fixture
def filled(standard: Syncs, monkeypatch: pytest.MonkeyPatch) -> Syncs:
    """Rows that were sent, and are as many as it takes."""
    monkeypatch.setattr(buckets, "FEWEST_ROWS", ROWS // 2)
    standard.table("id bigint primary key, name text, price numeric")
    fill(standard, "n")
    standard.run(**DELETES)
    return standard


def fill(syncs: Syncs, key: str) -> None:
    syncs.pair.source.execute(
        f"insert into items select {key}, 'item ' || n, n from generate_series(1, {ROWS}) as n"
    )


def compared(monkeypatch: pytest.MonkeyPatch) -> list[buckets.Buckets]:
    """The buckets of each comparison that was made by them."""
    made: list[buckets.Buckets] = []
    compare = buckets.Buckets.compare

    def noted(self: buckets.Buckets, *arguments: object) -> None:
        compare(self, *arguments)  # type: ignore[arg-type]
        made.append(self)

    monkeypatch.setattr(buckets.Buckets, "compare", noted)
    return made


def test_where_nothing_changed_no_key_travels(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = compared(monkeypatch)
    outcome = filled.run(**DELETES)
    assert outcome.planned == Counts()
    ((differ, rows),) = [(one.differ, one.rows) for one in made]
    assert (differ, rows) == (0, ROWS)
    assert outcome.bytes_read == made[0].bytes < ROWS * EACH_ROW


def test_sums_are_made_without_sorting(filled: Syncs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten million rows the source sorted 2 GB of digests, to come to 2 MB of sums."""
    found: list[list[bool]] = []
    asked = pump

    def sorts(connection: Connection, query: sql.Composable) -> bool:
        plan = connection.execute(sql.SQL("explain {}").format(query)).fetchall()
        return any("Sort" in line or "GroupAggregate" in line for (line,) in plan)

    def noted(reader: Connection, query: sql.Composable, *others: Any) -> tuple[int, int]:
        with reader.transaction(force_rollback=True):
            reader.execute("set local work_mem = '64kB'")
            by_hashing = sorts(reader, query)
            reader.execute("set local enable_sort = on")
            found.append([by_hashing, sorts(reader, query)])
        return asked(reader, query, *others)

    monkeypatch.setattr(buckets, "pump", noted)
    filled.pair.source.execute("analyze items")
    made = compared(monkeypatch)
    filled.run(**DELETES)
    assert found == [[False, True]]
    assert made[0].differ == 0


def test_each_kind_of_change_is_found(filled: Syncs, monkeypatch: pytest.MonkeyPatch) -> None:
    made = compared(monkeypatch)
    filled.pair.source.execute(
        "update items set price = 1.00 where id = 1",  # was 1: equal, but not the same
        "update items set name = null where id = 2",
        "update items set id = -3 where id = 3",
        "update items set name = 'item 5', price = 5 where id = 4",  # as another row has it
        "delete from items where id = 5",
        "insert into items values (0, null, null)",
    )
    outcome = filled.run(**DELETES)
    assert outcome.succeeded == Counts(added=2, changed=3, removed=2)
    assert 0 < made[0].differ <= 7
    assert filled.run(**DELETES).planned == Counts()
    assert violations(filled) == []


def test_two_rows_that_change_places(filled: Syncs) -> None:
    filled.pair.source.execute(
        "update items set (name, price) = (select name, price from items as other"
        " where other.id = 2001 - items.id) where id in (1, 2000)"
    )
    assert filled.run(**DELETES).succeeded == Counts(changed=2)
    assert violations(filled) == []


def test_a_refused_row_is_tried_again_though_it_is_as_it_was(filled: Syncs) -> None:
    filled.pair.destination.execute(
        "alter table items add constraint cheap check (price < 5000) not valid"
    )
    filled.pair.source.execute("update items set price = 6000 where id = 7")
    assert filled.run(**DELETES).failed == Counts(changed=1)
    assert filled.run(**DELETES).failed == Counts(changed=1)
    filled.pair.destination.execute("alter table items drop constraint cheap")
    assert filled.run(**DELETES).succeeded == Counts(changed=1)
    filled.pair.destination.execute("alter table items add check (price < 6001) not valid")
    filled.pair.source.execute("update items set price = 7000 where id = 7")
    assert filled.run(**DELETES).failed == Counts(changed=1)
    # As it was sent last: nothing is to be done, and nobody waits for anything any more.
    filled.pair.source.execute("update items set price = 6000 where id = 7")
    assert filled.run(**DELETES).failed == Counts()
    assert filled.run(**DELETES).planned == Counts()
    assert violations(filled) == []


def test_where_most_buckets_differ_everything_is_read_at_once(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = compared(monkeypatch)
    filled.pair.source.execute("update items set price = price + 1 where id % 5 = 0")
    assert filled.run(**DELETES).succeeded == Counts(changed=ROWS // 5)
    assert [one.most_are_same for one in made] == [False]
    # A run that finds much is followed by one that does not ask.
    filled.pair.source.execute("update items set price = price + 1 where id = 1")
    assert filled.run(**DELETES).succeeded == Counts(changed=1)
    assert len(made) == 1
    assert filled.run(**DELETES).planned == Counts()
    assert len(made) == 2
    assert violations(filled) == []


def test_rows_that_are_gone_while_removals_are_not_sent(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where id <= 3", "insert into items values (0)")
    kept: dict[str, Any] = {"delete": "do_nothing"}
    assert filled.run(**kept).succeeded == Counts(added=1, removed=3)
    assert filled.run(**kept).succeeded.total == 0
    filled.pair.source.execute("insert into items values (2, 'again', 0)")
    assert filled.run(**kept).succeeded == Counts(added=1)
    assert filled.pair.destination.rows("select name from items where id = 2") == [("again",)]


KEYS = {
    "smallint": "n",
    "integer": "n",
    "uuid": "md5(n::text)::uuid",
    "text": "'key ' || n",
    "date": "date '2000-01-01' + n",
    "numeric(10,2)": "n",
}
"""How a key of each type is made; one that has a hash function of its own here, or none."""


@pytest.mark.parametrize("spelled", KEYS)
def test_keys_of_other_types(
    standard: Syncs, monkeypatch: pytest.MonkeyPatch, spelled: str
) -> None:
    monkeypatch.setattr(buckets, "FEWEST_ROWS", ROWS // 2)
    standard.table(f"id {spelled} primary key, name text, price numeric")
    fill(standard, KEYS[spelled])
    standard.run(**DELETES)
    made = compared(monkeypatch)
    standard.pair.source.execute(
        "update items set name = 'new' where price = 7", "delete from items where price = 8"
    )
    assert standard.run(**DELETES).succeeded == Counts(changed=1, removed=1)
    assert 0 < made[0].differ <= 2
    assert violations(standard) == []


def test_a_key_of_two_columns(standard: Syncs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "FEWEST_ROWS", ROWS // 2)
    composite: dict[str, Any] = {"model": {"table": "public.items", "key": ["id", "part"]}}
    standard.table("id bigint, part text, price numeric, primary key (id, part)")
    standard.pair.source.execute(
        f"insert into items select n / 2, 'p' || n % 2, n from generate_series(1, {ROWS}) as n"
    )
    standard.run(**DELETES, **composite)
    made = compared(monkeypatch)
    standard.pair.source.execute("update items set part = 'p2' where price = 7")
    assert standard.run(**DELETES, **composite).succeeded == Counts(added=1, removed=1)
    assert 0 < made[0].differ <= 2


UNSUITABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "its key has two spellings": ("id numeric primary key, name text, price numeric", {}),
    "a query may have a key twice": (
        "id bigint primary key, name text, price numeric",
        {"model": {"sql": "select * from public.items", "key": ["id"]}},
    ),
    "only what lies past a cursor": (
        "id bigint primary key, name text, price numeric, seen timestamptz default now()",
        {"cursor": {"column": "seen", "lag": "1 hour"}},
    ),
}


@pytest.mark.parametrize("why", UNSUITABLE)
def test_others_are_read_whole(standard: Syncs, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    monkeypatch.setattr(buckets, "FEWEST_ROWS", 1)
    columns, fields = UNSUITABLE[why]
    standard.table(columns)
    fill(standard, "n")
    standard.run(**DELETES, **fields)
    made = compared(monkeypatch)
    standard.pair.source.execute("update items set price = 5000 where id = 7")
    assert standard.run(**DELETES, **fields).succeeded == Counts(changed=1)
    assert made == []


@pytest.mark.parametrize("seed", range(3))
def test_whatever_changes_is_found(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(buckets, "WORTH_IT", 1)
    made = compared(monkeypatch)
    chosen = random.Random(seed)  # noqa: S311 - a test
    for _ in range(4):
        some = chosen.choice((3, 50, 700))
        ids = ", ".join(str(chosen.randint(-50, ROWS + 50)) for _ in range(some))
        filled.pair.source.execute(
            f"delete from items where id in ({ids}) and id % 3 = {chosen.randint(0, 2)}",
            f"update items set price = price + 1, name = null where id in ({ids}) and id % 2 = 0",
            f"insert into items select distinct unnest(array[{ids}]), 'new', {seed}"
            " on conflict (id) do update set name = 'new' || items.name",
        )
        filled.run(**DELETES)
        assert violations(filled) == []
    assert len(made) == 4
