"""Every kind of destination: what is written there is what was planned, or the reason is said."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import sql

from pgsync_assets import sync as engine
from pgsync_assets.errors import DestinationError
from pgsync_assets.outcome import Counts

from ..fix_databases import Side
from ..fix_syncs import Syncs

COLUMNS = "id int primary key, name text, price numeric, gone timestamptz"
ODD = COLUMNS.replace("id int", '"i d {" int')
MIRROR: dict[str, Any] = {"mode": "mirror"}
SOFT: dict[str, Any] = {
    "name": "soft",
    "mode": "update",
    "delete": "soft_delete",
    "deleted_column": "gone",
}
INSERT: dict[str, Any] = {"name": "insert", "mode": "insert"}

BASE = f"create table base ({COLUMNS})"
INSTEAD_OF = """
    create function pass_on() returns trigger language plpgsql security definer as $$ begin
        if tg_op = 'INSERT' then
            if new.name = 'swallowed' then return null; end if;
            if new.name = 'lost' then return new; end if;
            insert into public.base values (new.id, new.name, new.price, new.gone);
        elsif tg_op = 'UPDATE' then
            update public.base set name = new.name, price = new.price, gone = new.gone
            where id = new.id;
        else
            delete from public.base where id = old.id;
            return old;
        end if;
        return new;
    end $$"""
TRIGGER = (
    "create trigger pass_on instead of insert or update or delete on items"
    " for each row execute function pass_on()"
)

# What makes `items` at the destination.
KINDS: dict[str, list[str]] = {
    "plain": [f"create table items ({COLUMNS})"],
    "partitioned": [
        f"create table items ({COLUMNS}) partition by range (id)",
        "create table low partition of items for values from (0) to (4)",
        "create table high partition of items for values from (4) to (100)",
    ],
    "view": [
        "create table base (cost numeric, extra int default 7, who text, num int primary key,"
        " gone timestamptz)",
        "alter table base drop column extra",
        "create view items as select num as id, who as name, cost as price, gone from base",
    ],
    "view on view": [
        f"create table base ({ODD})",
        'create view "inner {" as select name as "a \\ b}", "i d {" as k, price, gone from base',
        'create view items as select price, "a \\ b}" as name, k as id, gone, k + 1 as next'
        ' from "inner {"',
    ],
    "view with a check": [
        BASE,
        "create view items with (security_barrier) as select * from base"
        " where id in (select n from generate_series(1, 50) as n (n)) with check option",
    ],
    "view with a condition": [BASE, "create view items as select * from base where id < 50"],
    "view with triggers": [
        BASE,
        "create view items as select id, max(name) as name, max(price) as price, max(gone) as gone"
        " from base group by id",
        INSTEAD_OF,
        TRIGGER,
    ],
    "rule that does more": [
        f"create table items ({COLUMNS})",
        "create table log (what text)",
        "create rule ins as on insert to items do also insert into log values ('i' || new.id)",
        "create rule upd as on update to items do also insert into log values ('u' || new.id)",
        "create rule del as on delete to items do also insert into log values ('d' || old.id)",
    ],
    "identity": [
        f"create table items ({COLUMNS.replace('int', 'int generated always as identity')})"
    ],
    "identity behind a view": [
        f"create table base ({COLUMNS.replace('int', 'int generated always as identity')})",
        "create view items as select name, id, price, gone from base",
    ],
    "deferred": [
        "create table colours (name text primary key)",
        f"create table items ({COLUMNS}, unique (price) deferrable initially deferred,"
        " foreign key (name) references colours deferrable initially deferred)",
        "insert into colours select 'item ' || n from generate_series(1, 9) as n",
    ],
}


def make(syncs: Syncs, *statements: str, right: str = "all") -> Syncs:
    """Five rows at the source, and what the statements make of `items` at the destination."""
    syncs.pair.source.execute(
        "create table items (id int primary key, name text, price numeric)",
        "insert into items select n, 'item ' || n, n from generate_series(1, 5) as n",
    )
    syncs.pair.source.grant_table("items")
    destination = syncs.pair.destination
    destination.execute(*statements)
    destination.grant_table("items", *right.split(","))
    return syncs


def there(syncs: Syncs, columns: str = "id, name", table: str = "items") -> list[tuple[Any, ...]]:
    """Rows of the destination."""
    return syncs.pair.destination.rows(f"select {columns} from {table} order by 1")  # noqa: S608


def edit(syncs: Syncs) -> None:
    """One row changes, one leaves, one comes."""
    syncs.pair.source.execute(
        "update items set name = 'item 9' where id = 2",
        "delete from items where id = 1",
        "insert into items values (6, 'item 6', 6)",
    )


def is_in_step(syncs: Syncs) -> bool:
    """Whether the destination has what the model says."""
    found = syncs.verify(**MIRROR)
    return found.same == 5 and not (found.missing or found.differs or found.pending.total)


EDITED = [(2, "item 9"), *((n, f"item {n}") for n in range(3, 7))]


def walk(syncs: Syncs) -> None:
    """First sync, changed, new and removed rows, in the modes that look rows up."""
    assert syncs.run(**MIRROR, batch_size=3).succeeded == Counts(added=5)
    edit(syncs)
    assert syncs.run(**MIRROR).succeeded == Counts(added=1, changed=1, removed=1)
    assert there(syncs) == EDITED
    assert is_in_step(syncs)
    assert syncs.run(**SOFT).succeeded == Counts(added=5)
    syncs.pair.source.execute(
        "delete from items where id = 6",
        "insert into items values (7, 'item 7', 7)",
        "update items set name = 'item 1' where id = 5",
    )
    outcome = syncs.run(**SOFT)
    assert (outcome.succeeded, outcome.failed) == (Counts(changed=1, removed=1), Counts(added=1))
    assert outcome.rejections[0].reason.startswith("no_match")
    assert there(syncs, "id, gone is null and name <> 'item 6'")[3:] == [(5, True), (6, False)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_destination(syncs: Syncs, kind: str) -> None:
    make(syncs, *KINDS[kind])
    walk(syncs)
    if kind == "rule that does more":
        told = [row[0] for row in there(syncs, "what", "log")]
        assert told == ["d1", *(f"i{n}" for n in range(1, 7)), *told[7:]]
        assert {"u2", "u6"} <= set(told)
    if kind == "view with a condition":
        with pytest.raises(DestinationError, match=r"(?s)does not show.*check_option = cascaded"):
            syncs.run(**INSERT)
        return
    syncs.pair.destination.execute("delete from items")
    if kind == "deferred":
        syncs.pair.source.execute("update items set name = 'no colour' where id = 2")
    outcome = syncs.run(**INSERT)
    states = [one.sqlstate for one in outcome.rejections]
    assert states == (["23503"] if kind == "deferred" else [])
    assert [row[0] for row in there(syncs)] == [2, 3, 4, 5, 7][len(states) :]


def link(to: Side, table: str) -> list[str]:
    """Statements that make a foreign table of another database's `items`."""
    server = sql.SQL(
        "create server far foreign data wrapper postgres_fdw options (host {}, port {}, dbname {})"
    ).format(sql.Literal(to.host), sql.Literal(str(to.port)), sql.Literal(to.database))
    mapping = sql.SQL("create user mapping for public server far options (user {}, password {})")
    names = sql.Literal(to.user), sql.Literal(to.password)
    return [
        "create extension postgres_fdw",
        server.as_string(None),
        mapping.format(*names).as_string(None),
        f"create foreign table {table} (id int not null, name text, price numeric,"
        " gone timestamptz) server far options (schema_name 'public', table_name 'items')",
    ]


@pytest.fixture
def far(syncs: Syncs, platform_side: Side) -> Side:
    """Another database, whose `items` is a foreign table of the destination."""
    platform_side.execute(f"create table items ({COLUMNS}, check (price < 1000), unique (name))")
    platform_side.grant_table("items", "all")
    make(syncs, *link(platform_side, "items"))
    return platform_side


def test_a_foreign_table(syncs: Syncs, far: Side) -> None:
    checks = engine.check(syncs.config(**MIRROR), *syncs.endpoints)
    assert [one for one in checks if not one.passed and "schema" not in one.name] == []
    walk(syncs)
    assert far.rows("select count(*), count(gone) from items") == [(5, 1)]
    with pytest.raises(DestinationError, match=r"(?s)commits by itself.*use mode upsert"):
        syncs.run(**INSERT)


def test_rows_that_the_other_server_refuses(syncs: Syncs, far: Side) -> None:
    syncs.pair.source.execute(
        "update items set price = 5000 where id = 2",
        "update items set name = 'item 4' where id = 3",
    )
    outcome = syncs.run(**MIRROR)
    assert {(one.row_id, one.sqlstate) for one in outcome.rejections} == {
        ("2", "23514"),
        ("3", "23505"),
    }
    assert far.rows("select id from items order by id") == [(1,), (4,), (5,)]
    far.execute(
        "create function swallow() returns trigger language plpgsql as"
        " $$ begin if new.id = 6 then return null; end if; return new; end $$",
        "create trigger swallow before insert on items for each row execute function swallow()",
    )
    syncs.pair.source.execute(
        "delete from items where id in (2, 3)", "insert into items values (6), (7)"
    )
    outcome = syncs.run(**MIRROR)
    assert outcome.succeeded == Counts(added=1)
    assert [one.reason.split(":")[0] for one in outcome.rejections] == ["absorbed"]


def test_a_row_that_meets_several(syncs: Syncs, far: Side) -> None:
    far.execute(
        "alter table items drop constraint items_pkey",
        "insert into items values (2, 'theirs', 0), (2, 'theirs too', 0)",
    )
    outcome = syncs.run(**MIRROR)
    assert outcome.succeeded == Counts(added=4)
    assert [(one.row_id, one.reason.split(":")[0]) for one in outcome.rejections] == [
        ("2", "ambiguous")
    ]
    far.execute("insert into items values (3, 'twice', 0)")
    syncs.pair.source.execute("delete from items where id in (1, 3)")
    outcome = syncs.run(**MIRROR)
    assert outcome.succeeded == Counts(removed=1)
    assert {one.row_id for one in outcome.rejections} == {"2", "3"}
    assert far.rows("select id from items order by id") == [(2,), (2,), (3,), (3,), (4,), (5,)]


def test_a_foreign_table_that_takes_no_writes(syncs: Syncs, far: Side) -> None:
    syncs.pair.destination.execute("alter foreign table items options (add updatable 'false')")
    with pytest.raises(DestinationError, match=r"(?s)takes? .*INSERT.*updatable"):
        syncs.run()
    syncs.pair.destination.execute(
        "alter foreign table items options (set updatable 'true')",
        "alter foreign table items alter name type char(9)",
    )
    with pytest.raises(DestinationError, match="ignores blanks at the end"):
        syncs.run(model={"table": "public.items", "key": ["name"]})


def test_partitions_elsewhere(syncs: Syncs, platform_side: Side) -> None:
    platform_side.execute(f"create table items ({COLUMNS})")
    platform_side.grant_table("items", "all")
    make(
        syncs,
        "create table items (id int not null, name text, price numeric, gone timestamptz)"
        " partition by range (id)",
        "create table low partition of items for values from (0) to (4)",
        *link(platform_side, "high"),
        "alter table items attach partition high for values from (4) to (100)",
    )
    assert syncs.run(**MIRROR).succeeded == Counts(added=5)
    edit(syncs)
    assert syncs.run(**MIRROR).succeeded == Counts(added=1, changed=1, removed=1)
    assert there(syncs) == EDITED
    assert platform_side.rows("select count(*) from items") == [(3,)]
    with pytest.raises(DestinationError, match="has partitions that are"):
        syncs.run(**INSERT)


def test_a_view_with_triggers_that_lie(syncs: Syncs) -> None:
    make(syncs, *KINDS["view with triggers"])
    syncs.pair.source.execute(
        "update items set name = 'swallowed' where id = 2",
        "update items set name = 'lost' where id = 3",
    )
    outcome = syncs.run()
    assert outcome.succeeded == Counts(added=3)
    assert {one.row_id: one.reason.split(":")[0] for one in outcome.rejections} == {
        "2": "absorbed",
        "3": "hidden",
    }
    syncs.pair.destination.execute("drop trigger pass_on on items")
    with pytest.raises(DestinationError, match=r"(?s)does not take INSERT and UPDATE.*INSTEAD OF"):
        syncs.run()


def test_a_row_that_the_view_would_not_show(syncs: Syncs) -> None:
    make(syncs, *KINDS["view with a condition"])
    syncs.pair.source.execute("insert into items values (60), (70)")
    syncs.pair.destination.execute("insert into base values (70, 'not of the view')")
    outcome = syncs.run()
    assert outcome.succeeded == Counts(added=5)
    reasons = {one.row_id: one.sqlstate or one.reason for one in outcome.rejections}
    assert (reasons["70"], reasons["60"].split(":")[0]) == ("23505", "hidden")
    syncs.pair.destination.execute("alter view items set (check_option = local)")
    outcome = syncs.run()
    assert {one.row_id: one.sqlstate for one in outcome.rejections} == {
        "60": "44000",
        "70": "23505",
    }
    assert "CHECK OPTION" in {one.row_id: one.reason for one in outcome.rejections}["60"]
    assert there(syncs, "id, name", "base where id > 5") == [(70, "not of the view")]


@pytest.mark.parametrize("through", ["itself", "a view"])
@pytest.mark.parametrize("mode", ["upsert", "update", "insert", "mirror"])
def test_a_table_with_children_is_refused(syncs: Syncs, mode: str, through: str) -> None:
    """A key that a child has would be there twice: the unique index is the parent's alone."""
    syncs.table("id int primary key, name text")
    there = syncs.pair.destination
    there.execute("create table child () inherits (items)", "insert into child values (1, 'one')")
    syncs.pair.source.execute("insert into items values (1, 'other')")
    fields: dict[str, Any] = {"mode": mode}
    if through == "a view":
        there.execute("create view shown as select * from items")
        there.grant_table("shown", "select", "insert", "update", "delete")
        fields["table"] = "public.shown"
    with pytest.raises(DestinationError, match=r"items has a child by INHERITS \(child\)"):
        syncs.run(**fields)
    assert there.rows("select * from items") == [(1, "one")]
    there.execute("alter table child no inherit items")
    syncs.run(**fields)


def test_the_chunks_of_a_hypertable_are_no_such_children(syncs: Syncs) -> None:
    """TimescaleDB keeps rows in them, and leads each to the one that has its key."""
    syncs.table("id int primary key, name text")
    syncs.pair.destination.execute(
        "create schema _timescaledb_internal",
        "create table _timescaledb_internal.chunk () inherits (items)",
    )
    syncs.pair.source.execute("insert into items values (1, 'one')")
    assert syncs.run().succeeded == Counts(added=1)


def test_a_rule_that_does_something_else(syncs: Syncs) -> None:
    make(
        syncs,
        f"create table items ({COLUMNS})",
        "create table other (id int)",
        "create rule part as on insert to items where new.id = 2"
        " do instead insert into other values (new.id)",
        "create rule kept as on delete to items where old.id = 3 do instead nothing",
    )
    for fields in (MIRROR, INSERT):
        outcome = syncs.run(**fields)
        assert outcome.succeeded == Counts(added=4)
        assert [one.row_id for one in outcome.rejections] == ["2"]
        assert outcome.rejections[0].reason.startswith("absorbed")
        if fields is MIRROR:
            syncs.pair.source.execute("delete from items where id in (3, 4)")
            outcome = syncs.run(**fields)
            assert outcome.succeeded == Counts(removed=1)
            assert {one.row_id for one in outcome.rejections} == {"2", "3"}
            syncs.pair.destination.execute("truncate items")
            syncs.pair.source.execute("insert into items values (8), (9)")
    assert there(syncs, "id", "other") == []
    syncs.pair.destination.execute("create rule all_of_it as on update to items do instead nothing")
    with pytest.raises(DestinationError, match="always does something else instead of UPDATE"):
        syncs.run(**MIRROR)
