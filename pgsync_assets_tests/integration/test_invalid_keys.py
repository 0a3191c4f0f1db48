"""Rows of a query whose key is NULL or not unique: counted, shown, refused; their state stays."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.errors import InvalidKeysError, TooManyRejectedRows
from pgsync_assets.outcome import Counts, InvalidKey

from ..fix_syncs import Syncs

QUERY: dict[str, Any] = {
    "model": {"sql": "select * from raw_items", "key": ["id"]},
    "delete": "delete_row",
}


@pytest.fixture
def syncs(either: Syncs) -> Syncs:
    """Syncs of one engine and of the other."""
    return either


@pytest.fixture
def raw(syncs: Syncs) -> Syncs:
    """Three rows are in, from a table whose key nobody enforces."""
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute(
        "create table raw_items (id int, name text)",
        "insert into raw_items values (1, 'a'), (2, 'b'), (3, 'c')",
    )
    syncs.pair.source.grant_table("raw_items")
    syncs.run(**QUERY)
    return syncs


def rows(syncs: Syncs) -> list[tuple[int, str]]:
    return syncs.pair.destination.rows("select id, name from items order by id")


def test_they_are_refused_row_by_row(raw: Syncs) -> None:
    raw.pair.source.execute(
        "insert into raw_items values (null, 'nobody'), (null, 'nobody'), (4, 'x'), (4, 'y'),"
        " (2, 'second'), (5, 'e')"
    )
    outcome = raw.run(**QUERY)
    assert outcome.invalid == 6
    assert outcome.failed == Counts(added=4, changed=2)
    assert outcome.succeeded == Counts(added=1)
    assert outcome.planned == Counts(added=5, changed=2)
    assert outcome.row_count == 4
    assert rows(raw) == [(1, "a"), (2, "b"), (3, "c"), (5, "e")]
    keys = outcome.invalid_keys
    assert (keys.missing, keys.repeated) == (2, 4)
    assert sorted(map(str, keys.sample)) == ["id=2 (2 rows)", "id=4 (2 rows)", "id=NULL (2 rows)"]
    reasons = {r.row_id: r.reason for r in outcome.rejections}
    assert reasons["4"] == reasons["2"] == "the key occurs more than once in the model"
    assert reasons["(null)"] == "a key column is NULL"
    assert not any("nobody" in str(r) for r in outcome.rejections)


def test_the_state_of_a_repeated_key_stays_as_it_was(raw: Syncs) -> None:
    raw.pair.source.execute("insert into raw_items values (2, 'second')")
    assert raw.run(**QUERY).failed == Counts(changed=2)
    raw.pair.source.execute("delete from raw_items where name = 'second'")
    assert raw.run(**QUERY).planned == Counts()
    raw.pair.source.execute("insert into raw_items values (2, 'second')")
    raw.run(**QUERY)
    raw.pair.source.execute("delete from raw_items where id = 2")
    assert raw.run(**QUERY).succeeded == Counts(removed=1)
    assert rows(raw) == [(1, "a"), (3, "c")]


def test_a_full_resync_keeps_the_state_of_a_repeated_key_too(raw: Syncs) -> None:
    raw.pair.source.execute("insert into raw_items values (2, 'second')")
    outcome = raw.run(full_resync=True, **QUERY)
    assert (outcome.failed, outcome.row_count) == (Counts(changed=2), 3)
    raw.pair.source.execute("delete from raw_items where id = 2")
    assert raw.run(**QUERY).succeeded == Counts(removed=1)


def test_more_of_them_than_allowed_stop_the_run(raw: Syncs) -> None:
    raw.pair.source.execute(
        "insert into raw_items select null, 'x' from generate_series(1, 3)",
        "insert into raw_items values (9, 'new')",
    )
    with pytest.raises(TooManyRejectedRows, match=r"3 rows .* NULL or repeated key \(id\)"):
        raw.run(max_rejected_rows=2, **QUERY)
    assert rows(raw) == [(1, "a"), (2, "b"), (3, "c")]
    last = "select status, num_planned_add from hightouch_audit.sync_runs order by sync_run_id"
    assert raw.keeper.rows(last)[-1] == ("failed", 0)
    assert raw.run(max_rejected_rows=3, **QUERY).succeeded == Counts(added=1)


FAILS: dict[str, Any] = QUERY | {"on_duplicate_key": "fail"}


def touched(syncs: Syncs) -> tuple[list[tuple[Any, ...]], ...]:
    """What a run that stops before its first write leaves as it was."""
    return (
        syncs.pair.destination.rows("select * from items order by id"),
        syncs.pair.destination.rows("select run, batch from pgsync_ledger.pgsync_ledger"),
        syncs.keeper.rows("select * from hightouch_planner.snapshot_1 order by id"),
        syncs.keeper.rows("select count(*) from hightouch_planner.rejections"),
        syncs.keeper.rows("select count(*) from hightouch_audit.sync_changelog"),
    )


@pytest.mark.parametrize(
    ("row", "count", "key"),
    [
        ("(2, 'second')", "0 with a NULL key, 2 with a repeated one", "id=2 (2 rows)"),
        ("(null, 'nobody')", "1 with a NULL key, 0 with a repeated one", "id=NULL"),
    ],
)
def test_one_of_them_fails_the_run_where_that_is_asked_for(
    raw: Syncs, row: str, count: str, key: str
) -> None:
    raw.pair.source.execute(f"insert into raw_items values {row}, (9, 'new')")
    before = touched(raw)
    with pytest.raises(InvalidKeysError) as caught:
        raw.run(**FAILS)
    assert f"on_duplicate_key is fail; {count}: {key}" in caught.value.message
    assert not any(name in str(caught.value) for name in ("second", "nobody", "new"))
    assert touched(raw) == before
    last = "select status, error from hightouch_audit.sync_runs order by sync_run_id desc limit 1"
    assert raw.keeper.rows(last) == [("failed", caught.value.message)]
    with pytest.raises(InvalidKeysError, match="on_duplicate_key is fail"):
        raw.plan(**FAILS)
    assert touched(raw) == before
    assert raw.run(**QUERY).succeeded == Counts(added=1)
    raw.pair.source.execute("delete from raw_items where name in ('second', 'nobody')")
    assert raw.run(**FAILS).status == "succeeded"


def test_a_first_run_that_fails_for_them_leaves_no_row_and_no_state(raw: Syncs) -> None:
    raw.pair.source.execute("insert into raw_items values (2, 'second')")
    raw.pair.destination.execute("truncate items")
    with pytest.raises(InvalidKeysError):
        raw.run(**FAILS | {"name": "other"})
    assert rows(raw) == []
    states = "select sync from hightouch_planner.states where shape is not null"
    assert raw.keeper.rows(states) == [("items",)]


def test_a_plan_lists_them_by_the_columns_of_their_key(syncs: Syncs) -> None:
    syncs.table('day date, "The Key" jsonb, note text, primary key (day, "The Key")')
    syncs.pair.source.execute("create table raw (day date, k jsonb, note text)")
    syncs.pair.source.grant_table("raw")
    syncs.pair.source.execute(
        "insert into raw values ('2024-01-01', null, 'a'), (null, null, 'b'),"
        " ('2024-01-01', '1.0', 'c'), ('2024-01-01', '1.00', 'd'),"
        """ ('2024-01-01', '["{}", true]', 'e'), ('2024-01-01', '["{}", true]', 'f'),"""
        " ('2024-01-01', '\"null\"', 'g')"
    )
    query = 'select day, k as "The Key", note from raw'
    preview = syncs.plan(model={"sql": query, "key": ["day", "The Key"]})
    assert (preview.counts, preview.invalid) == (Counts(added=1), 6)
    keys = preview.invalid_keys
    assert (keys.missing, keys.repeated) == (2, 4)
    assert set(map(str, keys.sample)) == {
        "day=2024-01-01, The Key=NULL",
        "day=NULL, The Key=NULL",
        "day=2024-01-01, The Key=1.0",  # equal, and yet not the same
        "day=2024-01-01, The Key=1.00",
        'day=2024-01-01, The Key=["{}", true] (2 rows)',
    }


def test_a_text_that_says_null_is_not_null(syncs: Syncs) -> None:
    syncs.table("id text primary key")
    model = {
        "sql": "select * from (values ('NULL'), ('NULL'), ('(null)'), ('(null)'), (null), ('')"
        ", ('')) as v (id)",
        "key": ["id"],
    }
    keys = syncs.run(model=model).invalid_keys
    assert sorted(map(str, keys.sample)) == [
        "id='' (2 rows)",
        "id='NULL' (2 rows)",
        "id=(null) (2 rows)",
        "id=NULL",
    ]


def test_twenty_of_them_are_listed_the_most_frequent_ones_of_both_kinds_first(raw: Syncs) -> None:
    raw.pair.source.execute(
        "insert into raw_items select 100 + n % 30, 'x' from generate_series(0, 65) as n",
        "insert into raw_items select null, 'x' from generate_series(1, 2)",
    )
    keys = raw.run(**QUERY).invalid_keys
    assert (keys.missing, keys.repeated, len(keys.sample)) == (2, 66, 20)
    assert InvalidKey({"id": None}, 2) in keys.sample
    assert [key.rows for key in keys.sample if key.columns["id"]][:6] == [3] * 6


def test_a_key_too_long_for_a_message_is_cut(syncs: Syncs) -> None:
    syncs.table("id text primary key")
    model = {"sql": "select repeat('%{x}', 500) as id from generate_series(1, 2)", "key": ["id"]}
    with pytest.raises(InvalidKeysError) as caught:
        syncs.run(model=model, on_duplicate_key="fail")
    assert "id=%{x}%{x}" in caught.value.message
    assert len(caught.value.message) < 300
