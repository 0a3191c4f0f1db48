"""What is behind a destination, and what it does not take: said before a row travels."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import operations
from pgsync_assets.errors import DestinationError, PrivilegeError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs
from .test_destination_kinds import BASE, COLUMNS, INSERT, KINDS, MIRROR, edit, make, there

VIEW_OF_SOME = [
    f"create table base ({COLUMNS}, kept text not null default 'x', unique (name))",
    "create view items as select id, name, price, price * 1 as twice from base",
]
SOME: dict[str, Any] = {"columns": ["id", "name"]}


def test_what_is_behind_a_view_is_checked_as_a_table_is(syncs: Syncs) -> None:
    destination = syncs.pair.destination
    make(syncs, *VIEW_OF_SOME)
    with pytest.raises(DestinationError, match="'twice' is generated"):
        syncs.run(columns={"id": "id", "price": "twice"})
    assert syncs.run(**SOME).succeeded == Counts(added=5)
    with pytest.raises(
        DestinationError, match=r"(?s)no unique index on \(price\).*usable: \(id\); \(na"
    ):
        syncs.run(name="other", model={"table": "public.items", "key": ["price"]})
    destination.execute("alter table base alter kept drop default")
    with pytest.raises(DestinationError, match="kept is NOT NULL .* public.items does not show it"):
        syncs.run(**SOME)
    assert syncs.run(**SOME, mode="update").planned == Counts()
    destination.execute(
        "create table lines (of int references base on delete cascade)",
        "alter table base alter id add generated always as identity, alter kept set default 'x'",
        "drop view items",
        "create view items as select id as price, name as id from base",
    )
    destination.grant_table("items", "all")
    wanted: dict[str, Any] = {
        "model": {"sql": "select id::text, price::int from items", "key": ["id"]}
    }
    with pytest.raises(DestinationError, match="'price' is GENERATED ALWAYS AS IDENTITY"):
        syncs.run(name="swapped", **wanted)


def test_what_a_removal_behind_a_view_takes_along(syncs: Syncs) -> None:
    make(
        syncs,
        *KINDS["view"],
        "create table lines (of int references base on delete cascade)",
    )
    syncs.run(**MIRROR)
    syncs.pair.source.execute("delete from items where id = 1")
    preview = syncs.plan(**MIRROR)
    assert "public.lines" in " ".join(preview.notes)
    assert preview.changes[0].operation == "removed"


def test_the_rights_of_the_owner_of_a_view(syncs: Syncs) -> None:
    destination = syncs.pair.destination
    make(syncs, *VIEW_OF_SOME)
    role = f"keeper_{destination.database}"
    told = rf'(?s){role}, as whom public.base .* lacks INSERT, SELECT, UPDATE.*GRANT .* TO "{role}"'
    destination.execute(
        f"create role {role}",
        f"grant usage on schema public to {role}",
        f"alter view items owner to {role}",
    )
    try:
        with pytest.raises(PrivilegeError, match=told):
            syncs.run(**SOME)
        destination.execute(
            f"grant all on base to {role}", "alter table base enable row level security"
        )
        with pytest.raises(DestinationError, match=f"base has row-level security for {role}"):
            syncs.run(**SOME)
        destination.execute(f"alter table base owner to {role}")
        assert syncs.run(**SOME).succeeded == Counts(added=5)
        destination.execute(
            "alter table base disable row level security",
            "alter view items set (security_invoker = true)",
        )
        with pytest.raises(PrivilegeError, match=f"{destination.user}, as whom public.base"):
            syncs.run(**SOME)
        destination.grant_table("base", "select", "insert", "update")
        assert syncs.run(**SOME, full_resync=True).succeeded == Counts(changed=5)
        destination.execute(
            "truncate base", f"revoke select, update, delete on items from {destination.user}"
        )
        assert syncs.run(**SOME, **INSERT).succeeded == Counts(added=5)
    finally:
        destination.execute(f"drop owned by {role} cascade", f"drop role {role}")


def test_row_level_security(syncs: Syncs) -> None:
    destination = syncs.pair.destination
    make(syncs, f"create table items ({COLUMNS})", "alter table items enable row level security")
    with pytest.raises(DestinationError, match=r"(?s)items has row-level security for .*BYPASSRLS"):
        syncs.run()
    destination.execute(f"grant create on schema public to {destination.user}")
    destination.execute(f"alter table items owner to {destination.user}")
    assert syncs.run().succeeded == Counts(added=5)


NOT_WRITABLE = {
    "materialized view items as select 1 as id": "items is a materialized view",
    "view items as select a.id from base a cross join base": r"(?s)take INSERT and UPDATE.*one ta",
    "view items as select distinct id from base": "does not take INSERT and UPDATE",
    "view items as select max(id) as id from base": "does not take INSERT and UPDATE",
}


def test_what_takes_no_rows(syncs: Syncs) -> None:
    make(syncs, BASE, "create view items as select 1 as id")
    for made, told in NOT_WRITABLE.items():
        syncs.pair.destination.execute(
            "drop view if exists items", f"create {made}", "grant select on items to public"
        )
        with pytest.raises(DestinationError, match=told):
            syncs.run(columns=["id"])
        if made.startswith("materialized"):
            syncs.pair.destination.execute("drop materialized view items")


PUBLISHED = "create table items (id int not null unique, name text, price numeric)"


def test_a_published_table_without_replica_identity(syncs: Syncs) -> None:
    make(syncs, PUBLISHED)
    destination = syncs.pair.destination
    told = (
        r"(?s)published \(news\) and has no replica identity: PostgreSQL refuses DELETE and UPDATE"
    )
    for what in ("tables in schema public", "all tables", "table items"):
        destination.execute(
            "drop publication if exists news", f"create publication news for {what}"
        )
        with pytest.raises(DestinationError, match=told) as caught:
            syncs.run(**MIRROR)
    assert syncs.run(**INSERT).succeeded == Counts(added=5)
    destination.execute("truncate items")
    assert caught.value.remedy == (
        'as its owner: ALTER TABLE "public"."items" REPLICA IDENTITY USING INDEX "items_id_key";'
    )
    destination.execute(caught.value.remedy.removeprefix("as its owner: "))
    assert syncs.run(**MIRROR).succeeded == Counts(added=5)
    edit(syncs)
    assert syncs.run(**MIRROR).succeeded == Counts(added=1, changed=1, removed=1)


def test_published_partitions(syncs: Syncs) -> None:
    make(
        syncs,
        "create table base (id int unique, name text, price numeric) partition by range (id)",
        "create table low partition of base for values from (0) to (4)",
        "create table high (id int primary key, name text, price numeric)",
        "alter table base attach partition high for values from (4) to (100)",
        "create publication news for table base with (publish = 'insert, delete')",
        "create view items as select * from base",
    )
    told = "public.low is published .* refuses DELETE there"
    with pytest.raises(DestinationError, match=told) as caught:
        syncs.run(**MIRROR)
    assert syncs.run().succeeded == Counts(added=5)
    assert caught.value.remedy == 'as its owner: ALTER TABLE "public"."low" REPLICA IDENTITY FULL;'
    syncs.pair.destination.execute("alter table low replica identity full")
    edit(syncs)
    assert syncs.run(**MIRROR).succeeded == Counts(added=1, changed=1, removed=1)


def test_adopt_a_view(syncs: Syncs) -> None:
    make(syncs, *KINDS["view with a condition"])
    syncs.pair.destination.execute("insert into base values (1, 'item 1', 1), (2, 'other', 2)")
    done = operations.adopt(syncs.config(), *syncs.endpoints)
    assert done.adopted == 1
    assert syncs.run().succeeded == Counts(added=4)
    assert there(syncs) == [(n, f"item {n}") for n in range(1, 6)]


def test_only_tables_are_given_columns(syncs: Syncs) -> None:
    make(syncs, BASE, "create view items as select id, name from base")
    with pytest.raises(DestinationError, match="is a view; .* gives columns to tables"):
        syncs.run(drift="add_columns")


def test_a_partial_index_behind_a_view_and_under_rules(syncs: Syncs) -> None:
    make(
        syncs,
        "create table base (id int, name text, price numeric)",
        "create unique index on base (id) where name <> ''",
        "create view items as select * from base",
    )
    with pytest.raises(DestinationError, match="it is partial, which cannot be said through a vi"):
        syncs.run()
    syncs.pair.destination.execute(
        "drop view items",
        "alter table base rename to items",
        "insert into items values (1, '', 0)",
        "create table log (id int)",
        "create rule also as on insert to items do also insert into log values (new.id)",
    )
    syncs.pair.destination.grant_table("items", "all")
    syncs.pair.destination.grant_table("log", "insert")
    syncs.pair.source.execute("update items set name = '' where id = 5")
    outcome = syncs.run(**MIRROR)
    assert outcome.succeeded == Counts(added=4)
    assert [one.reason.split(":")[0] for one in outcome.rejections] == ["hidden"]
    syncs.pair.source.execute("update items set name = 'five' where id = 5")
    edit(syncs)
    assert syncs.run(**MIRROR).succeeded == Counts(added=2, changed=1, removed=1)
    assert there(syncs, "id, name")[:2] == [(1, ""), (2, "item 9")]
    assert len(there(syncs, "id", "log")) == 6
