"""What happens at the destination to a row that left the model, and to one that returns."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.errors import ConfigurationError, DestinationError, PrivilegeError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

FILL = "insert into items select n, 'item ' || n from generate_series(1, 5) as n"
SOFT: dict[str, Any] = {"delete": "soft_delete", "deleted_column": "gone"}
CLEAR: dict[str, Any] = {"delete": "clear_fields"}


def tables(syncs: Syncs, *more: str) -> Syncs:
    """Five rows; the destination has columns of its own."""
    syncs.pair.source.execute("create table items (id int primary key, name text)", FILL)
    columns = ", ".join(("id int primary key", "name text", *more))
    syncs.pair.destination.execute(f"create table items ({columns})")
    syncs.grant()
    return syncs


def there(syncs: Syncs, columns: str) -> list[tuple[Any, ...]]:
    """Rows of the destination."""
    return syncs.pair.destination.rows(f"select {columns} from items order by id")  # noqa: S608


@pytest.mark.parametrize(
    ("spelled", "is_gone"),
    [
        ("timestamptz", "gone between now() - interval '1 hour' and now()"),
        ("timestamp", "gone between now() - interval '1 day' and now() + interval '1 day'"),
        ("date", "gone is not null"),
        ("boolean not null default false", "gone"),
        ("boolean not null", "gone"),
    ],
)
def test_soft_delete_marks_and_unmarks(either: Syncs, spelled: str, is_gone: str) -> None:
    tables(either, f"gone {spelled}")
    gone = f"id, name, coalesce({is_gone}, false)"
    assert either.run(**SOFT).succeeded == Counts(added=5)
    either.pair.source.execute("delete from items where id in (1, 2)")
    outcome = either.run(**SOFT)
    assert (outcome.succeeded, outcome.row_count) == (Counts(removed=2), 3)
    assert there(either, gone)[:3] == [
        (1, "item 1", True),
        (2, "item 2", True),
        (3, "item 3", False),
    ]
    assert either.run(**SOFT).planned == Counts()
    either.pair.source.execute("insert into items values (1, 'back')")
    assert either.run(**SOFT).succeeded == Counts(added=1)
    assert there(either, gone)[:2] == [(1, "back", False), (2, "item 2", True)]


def test_a_column_whose_default_says_gone(either: Syncs) -> None:
    tables(either, "gone timestamptz default now()")
    assert either.run(**SOFT).succeeded == Counts(added=5)
    assert there(either, "gone") == [(None,)] * 5


def test_soft_delete_in_mode_update(either: Syncs) -> None:
    tables(either, "owner text not null", "gone boolean")
    either.pair.destination.execute(
        "insert into items select n, '', 'o' from generate_series(1, 4) n"
    )
    fields = SOFT | {"mode": "update"}
    assert either.run(**fields).succeeded == Counts(added=4)
    either.pair.source.execute("delete from items where id in (1, 5)")
    assert either.run(**fields).succeeded == Counts(removed=1)  # 5 was never there
    either.pair.source.execute("insert into items values (1, 'back')")
    assert either.run(**fields).succeeded == Counts(added=1)
    assert there(either, "id, name, gone") == [
        (1, "back", False),
        *((n, f"item {n}", False) for n in range(2, 5)),
    ]


def test_clear_fields_leaves_key_and_other_columns(either: Syncs) -> None:
    tables(either, "owner text default 'theirs'")
    either.run(**CLEAR)
    either.pair.source.execute("delete from items where id in (1, 2)")
    assert either.run(**CLEAR).succeeded == Counts(removed=2)
    assert there(either, "id, name, owner")[:3] == [
        (1, None, "theirs"),
        (2, None, "theirs"),
        (3, "item 3", "theirs"),
    ]
    either.pair.source.execute("insert into items values (2, 'back')")
    assert either.run(**CLEAR).succeeded == Counts(added=1)
    assert there(either, "id, name")[1] == (2, "back")


@pytest.mark.parametrize("fields", [SOFT, CLEAR, {"delete": "delete_row"}], ids=str)
def test_a_row_that_is_gone_already_is_not_missed(syncs: Syncs, fields: dict[str, Any]) -> None:
    tables(syncs, "gone timestamptz")
    syncs.run(**fields)
    syncs.pair.destination.execute("delete from items where id = 1")
    syncs.pair.source.execute("delete from items where id in (1, 2)")
    assert syncs.run(**fields).succeeded == Counts(removed=2)
    assert syncs.run(**fields).planned == Counts()


@pytest.mark.parametrize("fields", [SOFT, CLEAR, {"delete": "delete_row"}], ids=str)
def test_a_row_that_a_trigger_keeps_is_refused(syncs: Syncs, fields: dict[str, Any]) -> None:
    tables(syncs, "gone timestamptz")
    syncs.run(**fields)
    syncs.pair.destination.execute(
        "create function keep() returns trigger language plpgsql as"
        " $$ begin if old.id = 1 then return null; end if; return coalesce(new, old); end $$",
        "create trigger keep before update or delete on items for each row execute function keep()",
    )
    syncs.pair.source.execute("delete from items where id in (1, 2)")
    outcome = syncs.run(**fields)
    assert (outcome.succeeded, outcome.failed) == (Counts(removed=1), Counts(removed=1))
    assert [one.row_id for one in outcome.rejections] == ["1"]


@pytest.mark.parametrize("fields", [SOFT, CLEAR], ids=str)
def test_rows_of_others_are_left_alone(syncs: Syncs, fields: dict[str, Any]) -> None:
    tables(syncs, "gone timestamptz")
    syncs.pair.destination.execute("insert into items values (99, 'theirs', '2020-01-01')")
    syncs.run(**fields)
    syncs.pair.source.execute("delete from items where id > 1")
    syncs.run(**fields, guard={"max_removed": "100%"})
    assert there(syncs, "id, name, gone::date::text")[-1] == (99, "theirs", "2020-01-01")


def test_soft_delete_needs_no_delete(syncs: Syncs) -> None:
    tables(syncs, "gone timestamptz")
    destination = syncs.pair.destination
    destination.execute(f"revoke delete on items from {destination.user}")
    syncs.run(**SOFT)
    syncs.pair.source.execute("delete from items where id = 1")
    assert syncs.run(**SOFT).succeeded == Counts(removed=1)
    destination.execute(
        f"revoke all on items from {destination.user}",
        f"grant select, insert, update (id, name) on items to {destination.user}",
    )
    with pytest.raises(PrivilegeError, match=r'lacks UPDATE \("gone"\) on public.items'):
        syncs.run(**SOFT)


@pytest.mark.parametrize(
    ("column", "fields", "told"),
    [
        ("kept int", SOFT, r"(?s)no such column.*ADD COLUMN \"gone\" timestamptz"),
        ("gone int", SOFT, "marked by a time or a boolean"),
        ("gone timestamptz not null", SOFT, r"(?s)has to be NULL.*DROP NOT NULL"),
        ("gone boolean generated always as (id > 3) stored", SOFT, "marked by a time"),
        ("kept int", SOFT | {"deleted_column": "name"}, "gets it from the model"),
        ("kept int", CLEAR | {"columns": ["id"]}, "no column but the key"),
    ],
)
def test_columns_that_cannot_be_marked(
    syncs: Syncs, column: str, fields: dict[str, Any], told: str
) -> None:
    tables(syncs, column)
    with pytest.raises((ConfigurationError, DestinationError), match=told):
        syncs.run(**fields)


def test_columns_that_cannot_be_cleared(syncs: Syncs) -> None:
    tables(syncs)
    syncs.pair.destination.execute("alter table items alter column name set not null")
    with pytest.raises(DestinationError, match="name cannot be cleared: NOT NULL"):
        syncs.run(**CLEAR)


def test_what_a_removal_takes_with_it_is_said_before(either: Syncs) -> None:
    tables(either)
    either.pair.destination.execute(
        "create table orders (id int primary key, item int references items on delete cascade)",
        "create table lines (n int, of int references orders on delete cascade)",
        "create table notes (item int constraint about references items on delete set null)",
        "create table bills (item int references items)",
    )
    either.run(delete="delete_row")
    either.pair.source.execute("delete from items where id = 1")
    planned = either.plan(delete="delete_row")
    told = " ".join(planned.notes)
    assert "1 rows are removed, and with them rows of public.orders" in told
    assert "rows of public.lines that refer to them (lines_of_fkey)" in told
    assert "the references to them in public.notes, which become NULL (about)" in told
    assert "bills" not in told
    assert either.plan(**CLEAR).notes == ()
