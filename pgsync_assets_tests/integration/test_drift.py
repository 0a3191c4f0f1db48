"""What is other at both ends since the last successful run, and rows that no error told of."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.drift import ColumnChange
from pgsync_assets.errors import ConfigurationError, ConnectionLost
from pgsync_assets.operations import reset
from pgsync_assets.outcome import Outcome
from pgsync_assets.steps.settle import outcome
from pgsync_assets.sync import drift_now, standing

from ..fix_syncs import Syncs

SWALLOW = """
    create function swallow() returns trigger language plpgsql as
        'begin if new.name = ''lost'' then return null; end if; return new; end';
    create trigger swallow before insert or update on items
        for each row execute function swallow()
"""


def changed(syncs: Syncs, **fields: Any) -> list[tuple[str, str, str, str]]:
    """Where, which column, what happened to it, and what the sync does with it now."""
    found = syncs.run(**fields).drift.changes
    return [(one.end, one.column, one.change, one.fate) for one in found]


def test_each_change_of_a_column_is_told_once(either: Syncs) -> None:
    either.table("id integer primary key, name text, old text")
    first = either.run(drift="ignore").drift
    assert (first.is_known, first.changes, first.unsent, first.unwritten) == (False, (), (), ())
    assert changed(either, drift="ignore") == []
    either.pair.source.execute(
        "alter table items drop column old",
        "alter table items alter column name type varchar(20)",
        "alter table items add column email text",
    )
    either.pair.destination.execute("alter table items add column note text")
    assert changed(either, drift="ignore") == [
        ("model", "email", "added", "not sent: the table has no column email"),
        ("model", "name", "other type", "sent to name"),
        ("model", "old", "removed", "gone"),
        ("table", "note", "added", "not written"),
    ]
    again = either.run(drift="ignore").drift
    assert (again.is_known, again.changes) == (True, ())
    assert (again.unsent, again.unwritten) == (("email",), ("note", "old"))


def test_it_is_told_by_the_run_that_succeeds_and_not_before(syncs: Syncs) -> None:
    syncs.table("id integer primary key, name text")
    syncs.run()
    syncs.pair.source.execute("alter table items add column email text")
    for _ in range(2):
        try:
            syncs.run()
        except ConfigurationError as error:
            assert "there is no column 'email'" in str(error)
        found = drift_now(syncs.config(), *syncs.endpoints)
        fate = "not sent: the table has no column email"
        assert found.changes == (ColumnChange("model", "email", None, "text", fate),)
    syncs.pair.destination.execute("alter table items add column email text")
    assert changed(syncs) == [
        ("model", "email", "added", "sent to email"),
        ("table", "email", "added", "written"),
    ]
    assert drift_now(syncs.config(), *syncs.endpoints).changes == ()


def test_what_the_sync_fills_itself_is_written(syncs: Syncs) -> None:
    syncs.table("id integer primary key, name text, shop text")
    syncs.pair.destination.execute("alter table items add column at timestamptz")
    values = {"shop": {"value": "Berlin"}}
    found = syncs.run(values=values, stamps={"synced_at": "at"}).drift
    assert (found.unsent, found.unwritten) == (("shop",), ())
    found = syncs.run(values=values, columns=["id"]).drift
    assert (found.unsent, found.unwritten) == (("name", "shop"), ("at", "name"))


def test_a_state_that_travels_keeps_it_and_one_that_is_forgotten_does_not(either: Syncs) -> None:
    either.table("id integer primary key, name text")
    either.pair.source.execute("insert into items values (1, 'a')")
    either.run()
    other = {"lightning": "standard", "standard": "lightning"}[either.config().engine]
    either.pair.destination.execute("alter table items add column note text")
    assert changed(either, engine=other) == [("table", "note", "added", "not written")]
    ends = either.endpoints
    reset(either.config(engine=other), *ends, platform=either.platform_endpoint)
    assert not either.run(engine=other).drift.is_known


def test_rows_that_a_trigger_takes_in_silence_are_counted(either: Syncs) -> None:
    either.table("id integer primary key, name text check (name <> 'bad')")
    either.pair.source.execute("alter table items drop constraint items_name_check")
    either.pair.destination.execute(SWALLOW)
    either.pair.source.execute(
        "insert into items values (1, 'lost'), (2, 'bad'), (3, 'lost'), (4, 'a')"
    )
    config = either.config(retry_rejected=False)
    first = either.run(retry_rejected=False)
    assert (first.rejected, first.absorbed) == (3, 2)
    parked = either.run(retry_rejected=False)
    assert (parked.rejected, parked.parked, parked.absorbed) == (0, 3, 2)
    found = standing(config, *either.endpoints, platform=either.platform_endpoint)
    assert (found.rejected, found.parked, found.absorbed) == (3, 3, 2)
    either.pair.destination.execute("drop trigger swallow on items")
    after = either.run(retry_rejected=True)
    assert (after.rejected, after.parked, after.absorbed) == (1, 0, 0)


def test_a_lost_reply_hides_no_row_that_was_absorbed(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a row limit the next try reads what the settled run came to."""
    syncs.table("id int primary key, name text")
    syncs.pair.destination.execute(SWALLOW)
    syncs.pair.source.execute("insert into items values (1, 'one'), (2, 'lost')")
    lost = iter([True])

    def told(*args: Any) -> Outcome:
        if next(lost, False):
            raise ConnectionLost("the reply of the last COMMIT is lost")
        return outcome(*args)

    monkeypatch.setattr("pgsync_assets.sync.outcome", told)
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.0,))
    found = syncs.run(row_limit=5)
    assert (found.rejected, found.absorbed, found.batches) == (1, 1, 1)
    assert next(lost, None) is None
