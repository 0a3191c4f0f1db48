"""`schemas: {ledger: null}`: nothing of ours is at the destination, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgsync_assets import operations
from pgsync_assets import sync as engine
from pgsync_assets.errors import ConfigurationError, PrivilegeError
from pgsync_assets.outcome import Counts

from ..fix_databases import Side
from ..fix_syncs import ENGINES, Syncs

NO_LEDGER: dict[str, Any] = {"schemas": {"ledger": None}}
LEDGER = "select count(*), max(run) from hightouch_planner.pgsync_ledger"


@pytest.fixture
def items(syncs: Syncs) -> Syncs:
    """Three rows, and no ledger."""
    syncs.table("id int primary key, name text check (name <> 'bad')")
    syncs.pair.source.execute(
        "alter table items drop constraint items_name_check",
        "insert into items select n, 'x' from generate_series(1, 3) as n",
    )
    syncs.pair.destination.execute("drop schema pgsync_ledger")
    syncs.destination = NO_LEDGER
    return syncs


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": "mirror"},
        {"mode": "upsert", "delete": "delete_row"},
        {"mode": "update", "delete": "clear_fields"},
    ],
    ids=lambda fields: fields["mode"],
)
def test_the_destination_gets_nothing_of_ours(items: Syncs, fields: dict[str, Any]) -> None:
    source, destination = items.pair.source, items.pair.destination
    if fields["mode"] == "update":
        destination.execute("insert into items select generate_series(1, 4)")
    assert items.run(**fields).succeeded == Counts(added=3)
    source.execute(
        "delete from items where id = 1",
        "update items set name = 'bad' where id = 2",
        "update items set name = 'y' where id = 3",
    )
    done = items.run(**fields)
    assert (done.succeeded, done.failed) == (Counts(changed=1, removed=1), Counts(changed=1))
    source.execute("update items set name = 'good' where id = 2")
    assert items.run(**fields).succeeded == Counts(changed=1)
    assert items.verify(**fields).in_step
    ours = "select relname from pg_class where relname like '%pgsync%'"
    assert destination.rows(ours) == []
    assert source.rows(LEDGER) == [(1, 3)]


def test_insert_is_refused_before_anything_is_done(items: Syncs) -> None:
    with pytest.raises(ConfigurationError, match=r"mode insert needs a ledger .*inserted twice"):
        items.run(mode="insert")
    checked = engine.check(items.config(mode="insert"), *items.endpoints)
    assert [line.name for line in checked if not line.passed] == ["ledger"]
    checked = engine.check(items.config(), *items.endpoints)
    assert all(line.passed for line in checked)
    assert any("at least once" in line.detail for line in checked)


def test_another_database_is_noticed_and_has_a_ledger_of_its_own(items: Syncs) -> None:
    items.run()
    side = items.pair.destination
    copy = replace(side, database=f"{side.database}_copy")
    side.leave()
    with side.cluster.connect("postgres") as admin:
        admin.execute(f'create database "{copy.database}" template "{side.database}"'.encode())
    try:
        copy.execute(f'grant connect, temporary on database "{copy.database}" to {side.user}')
        moved = replace(items, pair=replace(items.pair, destination=copy))
        with pytest.raises(ConfigurationError, match=r"in another database"):
            moved.run()
        assert moved.run(full_resync=True).succeeded.total == 3
        assert items.pair.source.rows(LEDGER) == [(2, 3)]
    finally:
        with side.cluster.connect("postgres") as admin:
            admin.execute(f'drop database "{copy.database}"'.encode())


def test_a_ledger_that_comes_later_begins_a_history_of_its_own(items: Syncs) -> None:
    items.run()
    side = items.pair.destination
    side.execute(f"create schema pgsync_ledger authorization {side.user}")
    items.destination = {}
    with pytest.raises(ConfigurationError, match="in another database"):
        items.run()
    assert items.run(full_resync=True).succeeded.total == 3
    assert items.run().planned == Counts()


def test_drop_forgets_the_ledger_too(items: Syncs) -> None:
    items.run()
    operations.reset(items.config(), *items.endpoints)
    assert items.run().succeeded == Counts(added=3)
    operations.drop(items.config(), *items.endpoints)
    assert items.pair.source.rows(LEDGER) == [(0, None)]


def test_a_switched_engine_cannot_carry_its_state_over(items: Syncs, platform_side: Side) -> None:
    items.run()
    standard = replace(items, platform=platform_side, fields=ENGINES["standard"])
    with pytest.raises(ConfigurationError, match=r"(?s)engine was switched, and without a ledger"):
        standard.run()
    done = standard.run(full_resync=True)
    assert done.succeeded.total == 3
    assert any("engine was switched" in note for note in done.notes)
    with pytest.raises(ConfigurationError, match="engine was switched"):
        replace(items, platform=platform_side).run()
    assert standard.run().planned == Counts()


def test_a_server_that_does_not_say_which_it_is(items: Syncs) -> None:
    side = items.pair.destination
    name = "function pg_catalog.pg_control_system()"
    side.execute(f"revoke execute on {name} from public")
    with pytest.raises(PrivilegeError, match=r"(?s)which server this is.*GRANT EXECUTE") as refused:
        items.run()
    side.execute((refused.value.remedy or "").removeprefix("as an administrator: "))
    assert items.run().succeeded == Counts(added=3)
