"""What a plan shows: before and after of each row, whatever the state holds of it."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.errors import StalePlan
from pgsync_assets.outcome import Change, Counts
from pgsync_assets.steps import changes

from ..fix_syncs import Syncs

COLUMNS = """
    "Key %" char(4), "part:1" bytea, yes bool, code char(5), amount numeric(10, 2), ratio float8,
    seen timestamptz, lasts interval, tags text[], doc json, note text,
    primary key ("Key %", "part:1")
"""
ROW = (
    "insert into items select 'k' || n, decode(lpad(n::text, 2, '0'), 'hex'), true, 'ab', n, 0.1,"
    " '2024-01-01', '1 day', array['a b', null, '\"'], '{\"a\":  1}', 'x'"
    " from generate_series(1, 7) as n"
)
MAPPED = {"model": {"table": "public.items", "key": ["Key %", "part:1"]}, "delete": "delete_row"}


@pytest.fixture
def filled(every: Syncs, monkeypatch: pytest.MonkeyPatch) -> Syncs:
    """Seven rows of many types are in; they are read in several chunks."""
    monkeypatch.setattr(changes, "AT_ONCE", 2)
    every.table(COLUMNS)
    every.pair.source.execute(ROW)
    every.fields = every.fields | MAPPED
    every.run()
    return every


def differences(change: Change) -> dict[str, tuple[str | None, str | None]]:
    """The columns that differ."""
    before, after = change.before or {}, change.after or {}
    return {
        name: (before.get(name), after.get(name))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    }


def test_only_what_differs_differs(filled: Syncs) -> None:
    filled.pair.source.execute(
        "update items set yes = false where \"Key %\" = 'k1'",
        "update items set amount = null, note = '' where \"Key %\" = 'k2'",
        "update items set tags = '{}', doc = '{}' where \"Key %\" = 'k3'",
        "update items set code = 'cd', lasts = '2 days' where \"Key %\" = 'k4'",
        "delete from items where \"Key %\" = 'k5'",
        "insert into items (\"Key %\", \"part:1\", yes) values ('k9', '', true)",
    )
    planned = filled.plan(limit=100)
    assert planned.counts == Counts(added=1, changed=4, removed=1)
    shown = filled.changes(planned.run_id)
    assert tuple(shown) == planned.changes
    found = {one.row_id: one for one in shown}
    by_key = {row_id[2:4]: differences(one) for row_id, one in found.items()}
    assert by_key["k1"] == {"yes": ("t", "f")}
    assert by_key["k2"] == {"amount": ("2.00", None), "note": ("x", "")}
    assert by_key["k3"] == {"tags": ('{"a b",NULL,"\\""}', "{}"), "doc": ('{"a":  1}', "{}")}
    assert by_key["k4"] == {"code": ("ab   ", "cd   "), "lasts": ("1 day", "2 days")}
    assert by_key["k5"]["part:1"] == ("\\x05", None)
    assert by_key["k5"]["seen"] == ("2024-01-01 00:00:00+00", None)
    assert by_key["k9"]["yes"] == (None, "t")
    assert [one.operation for one in shown][0] == "removed"
    assert len(filled.changes(planned.run_id, limit=3)) == 3


def test_other_names_at_the_destination(every: Syncs) -> None:
    every.pair.source.execute("create table items (id int primary key, name text)")
    every.pair.destination.execute('create table items ("ID" int primary key, "100%" text)')
    every.grant()
    every.pair.source.execute("insert into items values (1, 'a'), (2, 'b')")
    every.fields = every.fields | {"columns": {"id": "ID", "name": "100%"}}
    every.run()
    every.pair.source.execute("update items set name = 'c' where id = 2")
    (change,) = every.changes(every.plan().run_id)
    assert (change.before, change.after) == ({"id": "2", "name": "b"}, {"id": "2", "name": "c"})


def test_with_digests_it_is_what_the_destination_has(filled: Syncs) -> None:
    filled.pair.destination.execute("update items set note = 'by hand', code = 'zz'")
    filled.pair.source.execute("update items set note = 'new' where \"Key %\" in ('k1', 'k2')")
    filled.pair.destination.execute("delete from items where \"Key %\" = 'k2'")
    shown = filled.changes(filled.plan().run_id)
    first, second = sorted(shown, key=lambda change: change.row_id)
    if filled.config().holds == "rows":
        expected: Any = {"note": ("x", "new")}
        assert (differences(first), second.before is None) == (expected, False)
    else:
        expected = {"note": ("by hand", "new"), "code": ("zz   ", "ab   ")}
        assert (differences(first), second.before) == (expected, None)


def test_a_changed_mapping(filled: Syncs) -> None:
    columns = ["Key %", "part:1", "note"]
    planned = filled.plan(columns=columns)
    assert planned.counts == Counts(changed=7)
    for change in filled.changes(planned.run_id):
        assert change.after is not None
        assert change.before is not None
        assert change.after.items() <= change.before.items()


def test_a_plan_that_is_gone_is_not_shown(filled: Syncs) -> None:
    filled.pair.source.execute("update items set note = 'new'")
    planned = filled.plan()
    filled.run()
    with pytest.raises(StalePlan, match="cannot be shown: run 3 has written since"):
        filled.changes(planned.run_id)
