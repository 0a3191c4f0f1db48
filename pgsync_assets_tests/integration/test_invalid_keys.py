"""Rows of a query whose key is NULL or not unique: counted, shown, refused; their state stays."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.errors import TooManyRejectedRows
from pgsync_assets.outcome import Counts

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
