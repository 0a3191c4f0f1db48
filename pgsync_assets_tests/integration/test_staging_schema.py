"""Without TEMPORARY a batch lands in a table of a staging schema, of which nothing is left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pgsync_assets.errors import PrivilegeError, TooManyRejectedRows
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

STAGED = {"schemas": {"staging": "landing"}}
LEFT = "select relname from pg_class where relnamespace = 'landing'::regnamespace"


@pytest.fixture
def items(syncs: Syncs) -> Syncs:
    """Nine rows; the destination's role may not create temporary tables, but some in `landing`."""
    syncs.table("id int primary key, name text unique, price numeric check (price < 100)")
    syncs.pair.source.execute(
        "alter table items drop constraint items_price_check, drop constraint items_name_key",
        "insert into items select n, 'item ' || n, n from generate_series(1, 9) as n",
    )
    side = syncs.pair.destination
    side.execute(
        f'revoke temporary on database "{side.database}" from {side.user}, public',
        "create schema landing",
        f"grant usage, create on schema landing to {side.user}",
    )
    syncs.destination = STAGED
    return syncs


@pytest.mark.parametrize(
    "fields",
    [
        {"delete": "delete_row"},
        {"mode": "update", "delete": "clear_fields"},
        {"mode": "mirror"},
    ],
    ids=lambda fields: fields.get("mode", "upsert"),
)
def test_modes_work_by_way_of_the_schema(items: Syncs, fields: dict[str, Any]) -> None:
    source, destination = items.pair.source, items.pair.destination
    destination.execute("insert into items (id) select generate_series(1, 10)")
    assert items.run(batch_size=4, **fields).succeeded == Counts(added=9)
    source.execute(
        "delete from items where id = 1",
        "update items set name = 'item ' || (id + 1) where id in (7, 8)",
        "update items set name = 'last' where id = 9",
        "update items set price = 500 where id = 4",
        "insert into items values (10, 'new', 1)",
    )
    done = items.run(batch_size=4, **fields)
    assert (done.failed, done.rejections[0].sqlstate) == (Counts(changed=1), "23514")
    assert done.succeeded == Counts(added=1, changed=3, removed=1)
    assert destination.rows("select name from items where id >= 7 order by id") == [
        ("item 8",),
        ("item 9",),
        ("last",),
        ("new",),
    ]
    assert destination.rows(LEFT) == []


def test_nothing_is_left_where_a_batch_is_rolled_back(items: Syncs) -> None:
    items.pair.destination.execute("insert into items (id) values (1)")
    items.pair.source.execute("update items set price = 500 where id = 4")
    with pytest.raises(TooManyRejectedRows):
        items.run(max_rejected_rows=0)
    assert items.pair.destination.rows(LEFT) == []


def test_runs_at_once_do_not_meet(items: Syncs) -> None:
    source, destination = items.pair.source, items.pair.destination
    source.execute("create table others as table items", "create unique index on others (id)")
    destination.execute("create table others (like items including all)")
    items.grant("others")
    for table in ("items", "others"):
        destination.execute(f"insert into {table} (id) values (1)")
    model = {"table": "public.others", "key": ["id"]}
    others = {"name": "others", "table": "public.others", "model": model}
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda fields: items.run(batch_size=1, **fields), ({}, others)))
    assert [one.succeeded for one in both] == [Counts(added=9)] * 2
    assert destination.rows(LEFT) == []


def test_the_error_names_both_ways(items: Syncs) -> None:
    side = items.pair.destination
    side.execute("drop schema landing")
    with pytest.raises(
        PrivilegeError, match=r"schema landing(?s:.*)CREATE SCHEMA.* Or: GRANT TEMP"
    ):
        items.run()
    items.destination = {}
    with pytest.raises(PrivilegeError) as refused:
        items.run()
    temporary, _, instead = (refused.value.remedy or "").partition(" Or ")
    assert temporary.startswith("GRANT TEMPORARY ON DATABASE")
    side.execute(instead[instead.index("CREATE SCHEMA") :])
    items.destination = {"schemas": {"staging": "pgsync_staging"}}
    assert items.run().succeeded == Counts(added=9)


def test_a_temporary_table_is_preferred(items: Syncs) -> None:
    side = items.pair.destination
    side.execute(
        f'grant temporary on database "{side.database}" to {side.user}',
        f"revoke create on schema landing from {side.user}",
        "insert into items (id) values (1)",
    )
    assert items.run().succeeded == Counts(added=9)
