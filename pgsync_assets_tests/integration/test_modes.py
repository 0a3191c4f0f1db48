"""Modes: what is inserted, what is updated, and what is left alone, with every engine."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pgsync_assets import operations
from pgsync_assets.errors import (
    ConfigurationError,
    DestinationError,
    PrivilegeError,
    TooManyRejectedRows,
)
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

INSERT: dict[str, Any] = {"mode": "insert"}
UPDATE: dict[str, Any] = {"mode": "update"}
MIRROR: dict[str, Any] = {"mode": "mirror"}
FILL = "insert into items select n, 'item ' || n, n from generate_series(1, 9) as n"


@pytest.fixture
def events(every: Syncs) -> Syncs:
    """Nine rows to append to a table without any index."""
    every.pair.source.execute("create table items (id int primary key, name text, price numeric)")
    every.pair.destination.execute(
        "create table items (id int, name text, price numeric check (price < 1000),"
        " arrived timestamptz default now())"
    )
    every.grant()
    every.pair.source.execute(FILL)
    every.fields = every.fields | INSERT
    return every


@pytest.fixture
def accounts(every: Syncs) -> Syncs:
    """Nine rows for a table that has rows of its own: half of them, with a column we never map."""
    every.pair.source.execute("create table items (id int primary key, name text, price numeric)")
    every.pair.destination.execute(
        "create table items (id int primary key, owner text not null, name text,"
        " price numeric check (price < 1000))",
        "insert into items select n, 'owner ' || n from generate_series(1, 20, 2) as n",
    )
    every.grant()
    every.pair.source.execute(FILL)
    every.fields = every.fields | UPDATE
    return every


def there(syncs: Syncs, columns: str = "id, name", order: str = "1, 2") -> list[tuple[Any, ...]]:
    """Rows of the destination."""
    return syncs.pair.destination.rows(f"select {columns} from items order by {order}")  # noqa: S608


def test_insert_sends_a_key_once(events: Syncs) -> None:
    source = events.pair.source
    assert events.run().succeeded == Counts(added=9)
    source.execute(
        "update items set name = 'newer' where id = 1",
        "delete from items where id in (2, 3)",
        "insert into items values (10, 'item 10', 10)",
    )
    assert events.run().succeeded == Counts(added=1)
    assert there(events) == [(n, f"item {n}") for n in range(1, 11)]
    source.execute("insert into items values (2, 'back', 2)")
    assert events.run().planned == Counts()
    found = events.verify()
    assert (found.missing, found.differs, found.pending) == (0, 0, Counts())


def test_insert_of_a_bad_row_costs_one_row(events: Syncs) -> None:
    events.pair.source.execute("update items set price = 5000 where id in (4, 5)")
    first = events.run(batch_size=4)
    assert (first.succeeded, first.failed) == (Counts(added=7), Counts(added=2))
    assert {one.sqlstate for one in first.rejections} == {"23514"}
    events.pair.source.execute("update items set price = 5 where id = 5")
    second = events.run(batch_size=4)
    assert (second.succeeded, second.failed) == (Counts(added=1), Counts(added=1))
    assert [row[0] for row in there(events)] == [1, 2, 3, 5, 6, 7, 8, 9]


def test_insert_refuses_a_key_that_is_there_already(events: Syncs) -> None:
    events.pair.destination.execute(
        "alter table items add primary key (id)", "insert into items values (3, 'theirs', 0)"
    )
    outcome = events.run()
    assert (outcome.succeeded, outcome.failed) == (Counts(added=8), Counts(added=1))
    assert outcome.rejections[0].sqlstate == "23505"
    assert (3, "theirs") in there(events)


def test_insert_needs_nothing_but_insert(events: Syncs) -> None:
    destination = events.pair.destination
    destination.execute(
        f"revoke select, update, delete on items from {destination.user}",
        f"revoke temporary on database {destination.database} from public, {destination.user}",
    )
    assert events.run().succeeded == Counts(added=9)
    destination.execute(f"revoke insert on items from {destination.user}")
    with pytest.raises(PrivilegeError, match=r"(?s)lacks INSERT on .*GRANT INSERT ON"):
        events.run()


def test_insert_never_sends_everything_again(events: Syncs) -> None:
    events.run()
    with pytest.raises(ConfigurationError, match=r"(?s)a key is sent once.*reset items"):
        events.run(full_resync=True)
    assert len(there(events)) == 9


def test_insert_with_another_mapping_adds_only_new_rows(events: Syncs) -> None:
    events.run(columns=["id", "name"])
    events.pair.source.execute("insert into items values (10, 'item 10', 10)")
    planned = events.plan()
    assert planned.counts == Counts(added=1)
    assert any("only rows that are sent from now on" in note for note in planned.notes)
    assert events.run().succeeded == Counts(added=1)
    assert events.run().planned == Counts()
    assert there(events, "count(*), count(price)", "1") == [(10, 1)]


def test_insert_takes_a_filled_table_as_it_is(events: Syncs) -> None:
    events.pair.destination.execute("insert into items values (1, 'edited there', 0)")
    destination = events.pair.destination
    assert destination.rows("select count(*) from items") == [(1,)]
    config = events.config()
    done = operations.adopt(config, *events.endpoints, platform=events.platform_endpoint)
    assert done.adopted == 1
    assert events.run().succeeded == Counts(added=8)
    assert (1, "edited there") in there(events)
    assert len(there(events)) == 9


def test_from_insert_to_upsert_what_changed_meanwhile_is_sent(events: Syncs) -> None:
    events.pair.destination.execute("alter table items add primary key (id)")
    events.run()
    events.pair.source.execute("update items set name = 'newer' where id = 1")
    assert events.run().planned == Counts()
    assert events.run(mode="upsert").succeeded == Counts(changed=1)
    assert (1, "newer") in there(events)


def test_partitions_of_inserts(events: Syncs) -> None:
    by_price: dict[str, Any] = {"partitions": {"column": "price", "ranges": ["5"]}}
    assert events.run("..5", **by_price).succeeded == Counts(added=4)
    events.pair.source.execute("update items set price = 7 where id = 1")
    assert events.run("5..", **by_price).succeeded == Counts(added=5)
    assert events.run("..5", **by_price).planned == Counts()
    assert [row[0] for row in there(events)] == list(range(1, 10))


def test_update_never_inserts(accounts: Syncs) -> None:
    first = accounts.run()
    assert (first.succeeded, first.failed) == (Counts(added=5), Counts(added=4))
    assert {one.reason.split(":")[0] for one in first.rejections} == {"no_match"}
    assert {one.row_id for one in first.rejections} == {"2", "4", "6", "8"}
    assert there(accounts, "id, owner, name")[:2] == [
        (1, "owner 1", "item 1"),
        (3, "owner 3", "item 3"),
    ]
    assert there(accounts, "count(*), count(name)", "1") == [(10, 5)]
    accounts.pair.destination.execute("insert into items values (2, 'somebody')")
    second = accounts.run()
    assert (second.succeeded, second.failed) == (Counts(added=1), Counts(added=3))
    assert (2, "item 2") in there(accounts)
    found = accounts.verify()
    assert (found.same, found.rejected, found.missing) == (6, 3, 0)


def test_update_of_a_row_that_has_gone(accounts: Syncs) -> None:
    accounts.run()
    accounts.pair.destination.execute("delete from items where id = 1")
    accounts.pair.source.execute("update items set name = 'newer' where id in (1, 3)")
    outcome = accounts.run()
    assert (outcome.succeeded, outcome.failed) == (Counts(changed=1), Counts(added=4, changed=1))
    accounts.pair.destination.execute("insert into items values (1, 'again')")
    assert accounts.run().succeeded == Counts(changed=1)
    assert (1, "newer") in there(accounts)


def test_update_with_a_bad_row_among_unmatched_ones(accounts: Syncs) -> None:
    accounts.pair.source.execute("update items set price = 5000 where id in (3, 4)")
    outcome = accounts.run(batch_size=5)
    assert (outcome.succeeded, outcome.failed) == (Counts(added=4), Counts(added=5))
    reasons = {one.row_id: one.sqlstate for one in outcome.rejections}
    assert reasons == {"2": None, "3": "23514", "4": None, "6": None, "8": None}


def test_update_needs_no_insert(accounts: Syncs) -> None:
    destination = accounts.pair.destination
    destination.execute(f"revoke insert, delete on items from {destination.user}")
    assert accounts.run().succeeded == Counts(added=5)
    destination.execute(f"revoke update on items from {destination.user}")
    with pytest.raises(PrivilegeError, match="lacks UPDATE on"):
        accounts.run()


def test_too_many_unmatched_rows_stop_the_run(accounts: Syncs) -> None:
    with pytest.raises(TooManyRejectedRows, match="no_match"):
        accounts.run(max_rejected_rows=3)
    assert there(accounts, "count(name)", "1") == [(0,)]


def test_an_upsert_of_the_same_columns_would_have_failed(accounts: Syncs) -> None:
    with pytest.raises(ConfigurationError, match="'owner' is NOT NULL"):
        accounts.run(mode="upsert")


def test_mirror_is_upsert_and_delete(every: Syncs) -> None:
    every.table("id int primary key, name text, price numeric")
    every.pair.source.execute(FILL)
    every.pair.destination.execute("insert into items values (99, 'theirs', 0)")
    every.run(**MIRROR)
    every.pair.source.execute("delete from items where id = 1", "update items set price = 0")
    outcome = every.run(**MIRROR)
    assert outcome.succeeded == Counts(changed=8, removed=1)
    assert [row[0] for row in there(every)] == [*range(2, 10), 99]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"mode": "insert", "delete": "delete_row"}, "is not for mode insert"),
        ({"mode": "mirror", "delete": "do_nothing"}, "is not for mode mirror"),
        ({"delete": "soft_delete"}, "belong together"),
        ({"deleted_column": "gone"}, "belong together"),
        (
            {"delete": "soft_delete", "deleted_column": "name", "columns": ["id", "name"]},
            "mapped to name too",
        ),
    ],
)
def test_what_does_not_go_together(syncs: Syncs, fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        syncs.config(**fields)


def test_a_column_that_cannot_be_updated(either: Syncs) -> None:
    either.pair.source.execute("create table items (id int primary key, number int)")
    either.pair.destination.execute(
        "create table items (id int primary key, number int generated always as identity)"
    )
    either.grant()
    with pytest.raises(DestinationError, match="'number' is GENERATED ALWAYS AS IDENTITY"):
        either.run()
