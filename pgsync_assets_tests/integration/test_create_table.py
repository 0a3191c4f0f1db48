"""A table that is missing is created, a column that is missing is added: where the sync says so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pgsync_assets import failpoints, sync
from pgsync_assets.errors import ConfigurationError, DestinationError, PrivilegeError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

CREATE: dict[str, Any] = {"create_table": True}
TABLE: dict[str, Any] = CREATE | {"table": "public.items"}
ADD: dict[str, Any] = {"drift": "add_columns"}
COLUMNS = """
    select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    from pg_attribute as a where a.attrelid = to_regclass('{}') and a.attnum > 0
    and not a.attisdropped order by a.attnum
"""


@pytest.fixture
def items(either: Syncs) -> Syncs:
    """Five rows of some types; the destination's role may create things, and has nothing there."""
    source, destination = either.pair.source, either.pair.destination
    source.execute(
        "create table items (id bigint, kind varchar(8), price numeric(10, 2) not null,"
        ' "when Seen" timestamptz(3), tags text[], doc jsonb, primary key (id, kind))',
        "insert into items select n, 'a', n, now(), '{x}', '{\"a\": 1.00}'"
        " from generate_series(1, 5) as n",
    )
    source.grant_table("items")
    destination.execute(
        f"revoke create on database {destination.database} from {destination.user}, public",
        f"grant create, usage on schema public to {destination.user}",
    )
    either.fields = either.fields | {"model": {"table": "public.items", "key": ["id", "kind"]}}
    return either


def columns(syncs: Syncs, table: str = "items") -> list[tuple[Any, ...]]:
    """Name, type and NOT NULL of the columns of a table at the destination."""
    return syncs.pair.destination.rows(COLUMNS.format(table))


def test_types_and_key_of_the_model(items: Syncs) -> None:
    outcome = items.run(**CREATE)
    assert outcome.succeeded == Counts(added=5)
    assert outcome.notes[-1] == ("public.items is created with 6 columns, primary key (id, kind)")
    assert columns(items) == [
        ("id", "bigint", True),
        ("kind", "character varying(8)", True),
        ("price", "numeric(10,2)", True),
        ("when Seen", "timestamp(3) with time zone", False),
        ("tags", "text[]", False),
        ("doc", "jsonb", False),
    ]
    assert items.same()
    items.pair.source.execute("update items set price = 0 where id = 1")
    again = items.run(**CREATE)
    assert (again.succeeded, again.notes) == (Counts(changed=1), ())


def test_a_schema_that_is_missing_too(items: Syncs) -> None:
    fields = CREATE | {
        "table": '"My Schema"."It""ems"',
        "columns": {"id": "ID", "kind": "%s", "price": "{price}"},
        "delete": "soft_delete",
        "deleted_column": "gone",
        "stamps": {"synced_at": "_synced_at", "run_id": "_sync_run_id"},
    }
    destination = items.pair.destination
    with pytest.raises(PrivilegeError, match=r"(?s)permission denied for database.*CREATE SCHEMA"):
        items.run(**fields)
    destination.execute(f"grant create on database {destination.database} to {destination.user}")
    outcome = items.run(**fields)
    assert outcome.succeeded == Counts(added=5)
    assert outcome.notes[0] == "the schema My Schema is created"
    found = columns(items, '"My Schema"."It""ems"')
    assert [name for name, _, _ in found] == [
        "ID",
        "%s",
        "{price}",
        "gone",
        "_synced_at",
        "_sync_run_id",
    ]
    items.pair.source.execute("delete from items where id = 1")
    assert items.run(**fields).succeeded == Counts(removed=1)


def test_a_plan_and_a_check_only_try(items: Syncs) -> None:
    planned = items.plan(**CREATE)
    assert planned.counts == Counts(added=5)
    assert "before the first batch: public.items is created with 6 columns" in planned.notes[-1]
    assert columns(items) == []
    checked = sync.check(items.config(**CREATE), *items.endpoints, platform=items.platform_endpoint)
    (line,) = (one for one in checked if one.name == "table public.items")
    assert line.passed
    assert "before the first batch" in line.detail
    assert columns(items) == []
    assert items.apply(planned.run_id, **CREATE).succeeded == Counts(added=5)


def test_nothing_is_created_where_it_is_not_asked_for(items: Syncs) -> None:
    with pytest.raises(DestinationError, match=r"(?s)no table public.items.*create_table: true"):
        items.run()
    assert columns(items) == []


def test_a_table_that_is_there_is_never_changed(items: Syncs) -> None:
    items.pair.destination.execute("create table items (id bigint, kind text, note text)")
    items.grant()
    with pytest.raises(ConfigurationError, match="there is no column 'price'"):
        items.run(**CREATE)
    assert [name for name, _, _ in columns(items)] == ["id", "kind", "note"]


def test_nothing_is_left_where_the_sync_is_refused(items: Syncs) -> None:
    with pytest.raises(ConfigurationError, match="key column 'kind' is not mapped"):
        items.run(**CREATE, columns=["id", "price"])
    assert columns(items) == []


def test_a_type_that_is_not_known_there(items: Syncs) -> None:
    items.pair.source.execute(
        "create type color as enum ('red')", "alter table items add color color"
    )
    with pytest.raises(DestinationError, match=r'(?s)type "color" does not exist.*create the type'):
        items.run(**CREATE)
    items.pair.destination.execute("create type color as enum ('red')")
    assert items.run(**CREATE).succeeded == Counts(added=5)


def test_the_statement_where_a_right_is_missing(items: Syncs) -> None:
    destination = items.pair.destination
    destination.execute(f"revoke create on schema public from {destination.user}, public")
    with pytest.raises(PrivilegeError, match=r'(?s)permission denied.*CREATE TABLE .*"public"'):
        items.run(**CREATE)


def test_interrupted_it_is_done_again(items: Syncs, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(failpoints.VARIABLE, "table made:raise")
        with pytest.raises(failpoints.FailpointReached):
            items.run(**CREATE)
    assert items.run(**CREATE).succeeded == Counts(added=5)


def test_partitions_that_begin_at_once(items: Syncs) -> None:
    by_id: dict[str, Any] = {"partitions": {"column": "id", "ranges": ["2", "4"]}}
    names = ["..2", "2..4", "4.."]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda name: items.run(name, **CREATE, **by_id), names))
    assert sum(one.succeeded.added for one in done) == 5
    assert items.same()


def test_a_new_column_of_the_model(items: Syncs) -> None:
    items.run(**CREATE)
    items.pair.source.execute("alter table items add note text default 'new'")
    with pytest.raises(ConfigurationError, match="there is no column 'note'"):
        items.run()
    ignored = items.run(drift="ignore")
    assert ignored.planned == Counts()
    assert ignored.notes == (
        "public.items has no column for note, which is not sent (drift: ignore)",
    )
    assert any("gets the column note (text)" in note for note in items.plan(**ADD).notes)
    assert len(columns(items)) == 6
    outcome = items.run(**ADD)
    assert outcome.succeeded == Counts(changed=5)
    assert outcome.notes[0] == "public.items gets the column note (text)"
    assert items.same()
    assert items.run(**ADD).planned == Counts()


def test_a_column_of_a_table_that_is_not_ours(items: Syncs) -> None:
    items.pair.destination.execute(
        "create table items (id bigint, kind varchar(8), primary key (id, kind))"
    )
    items.grant()
    with pytest.raises(PrivilegeError, match=r"(?s)must be owner.*ADD COLUMN"):
        items.run(**ADD)
    assert items.run(drift="ignore").succeeded == Counts(added=5)
