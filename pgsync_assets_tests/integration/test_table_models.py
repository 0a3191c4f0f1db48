"""A model of a table: whatever PostgreSQL has that is one, its columns, its rows."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import sql

from pgsync_assets.errors import ModelError, PrivilegeError
from pgsync_assets.model import Relation, describe, rows
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs
from .test_destination_kinds import link

ROWS = "select n, 'item ' || n, n % 2, now() from generate_series(1, 6) as n"
# Each is named `kind`, and has the columns of `items`.
KINDS: dict[str, tuple[str, ...]] = {
    "view": ("create view kind as select * from items",),
    "materialized view": (
        "create materialized view kind as select * from items",
        "create unique index on kind (id)",
    ),
    "partitioned": (
        "create table kind (like items) partition by hash (id)",
        "create table kind_0 partition of kind for values with (modulus 2, remainder 0)",
        "create table kind_1 partition of kind for values with (modulus 2, remainder 1)",
        "alter table kind add primary key (id)",
        "insert into kind select * from items",
    ),
    "inherited": (
        "create table kind (like items including all)",
        "create table kind_child () inherits (kind)",
        "insert into kind select * from items where id <= 3",
        "insert into kind_child select * from items where id > 3",
    ),
}
PROVEN = {"partitioned"}


@pytest.fixture
def items(either: Syncs) -> Syncs:
    """Six items, and a table of two columns at the destination."""
    return filled(either)


@pytest.fixture
def shop(syncs: Syncs) -> Syncs:
    """The same for one engine."""
    return filled(syncs)


def filled(syncs: Syncs) -> Syncs:
    """A pair of databases with six items at the source."""
    syncs.pair.source.execute(
        "create table items (id int primary key, name text, odd int not null, made timestamptz)",
        sql.SQL("insert into items {}").format(sql.SQL(ROWS)).as_string(None),
    )
    syncs.pair.destination.execute("create table items (id int primary key, name text)")
    syncs.grant()
    return syncs


def of(**model: Any) -> dict[str, Any]:
    """A model of the items, unless it says otherwise."""
    return {"table": "public.items", "key": ["id"]} | model


def sent(syncs: Syncs) -> list[Any]:
    """Keys that arrived."""
    return [row[0] for row in syncs.pair.destination.rows("select id from items order by 1")]


def described(syncs: Syncs, **model: Any) -> Relation:
    """What PostgreSQL says of a model."""
    with syncs.endpoints[0].session("test") as session:
        return describe(session, syncs.config(model=of(**model)).model)


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_has_rows_is_a_table(items: Syncs, kind: str) -> None:
    source = items.pair.source
    source.execute(*KINDS[kind])
    source.grant_table("kind")
    model = of(table="public.kind", columns=["id", "name"], where="odd = 1")
    assert items.run(model=model).succeeded == Counts(added=3)
    assert sent(items) == [1, 3, 5]
    assert items.run(model=model).planned == Counts()
    assert described(items, **model).unique_key is (kind in PROVEN)


def test_a_foreign_table_is_read_through_its_server(items: Syncs) -> None:
    source, far = items.pair.source, items.platform
    assert far is not None
    far.execute(
        "create table items (id int primary key, name text, price numeric, gone timestamptz)",
        "insert into items select n, 'far' from generate_series(1, 6) as n",
    )
    far.grant_table("items")
    source.execute(*link(far, "kind"))
    source.grant_table("kind")
    model = of(table="public.kind", columns=["id", "name"], where="id between 2 and 4")
    assert items.run(model=model).succeeded == Counts(added=3)
    assert sent(items) == [2, 3, 4]
    assert not described(items, **model).unique_key


def test_a_row_that_leaves_the_filter_leaves_the_destination(items: Syncs) -> None:
    model = of(columns=["id", "name"], where="odd = 0 -- the even ones")
    fields: dict[str, Any] = {"model": model, "delete": "delete_row"}
    assert items.run(**fields).succeeded == Counts(added=3)
    items.pair.source.execute("update items set odd = 1 - odd where id in (1, 2)")
    outcome = items.run(**fields, guard={"max_removed": "100%"})
    assert outcome.succeeded == Counts(added=1, removed=1)
    assert sent(items) == [1, 4, 6]
    # What is not read is not compared.
    items.pair.source.execute("update items set made = null")
    assert items.run(**fields).planned == Counts()


def test_an_index_proves_the_key_of_a_part_of_its_table_too(shop: Syncs) -> None:
    whole = described(shop)
    part = described(shop, columns=["name", "id"], where="odd = 1")
    assert (whole.unique_key, part.unique_key) == (True, True)
    assert (whole.names, part.names) == (("id", "name", "odd", "made"), ("name", "id"))
    assert [column.nullable for column in part.columns] == [True, False]


def test_a_key_of_a_parent_is_not_believed_of_its_children(shop: Syncs) -> None:
    """Plain inheritance: the child may have the parent's key again, or one that is NULL."""
    shop.pair.source.execute(
        *KINDS["inherited"], "insert into kind_child select * from kind where id = 1"
    )
    shop.pair.source.grant_table("kind")
    model = of(table="public.kind", columns=["id", "name"])
    assert not described(shop, **model).unique_key
    outcome = shop.run(model=model)
    assert (outcome.succeeded.added, outcome.rejected) == (5, 2)


def test_a_materialized_view_may_hold_keys_that_are_null(shop: Syncs) -> None:
    """Its columns cannot be NOT NULL, so that a unique index proves half of what is needed."""
    shop.pair.source.execute(
        "create materialized view kind as"
        " select nullif(id, 1) as id, name from items union all select null, 'another'",
        "create unique index on kind (id)",
    )
    shop.pair.source.grant_table("kind")
    outcome = shop.run(model=of(table="public.kind"))
    assert (outcome.succeeded.added, outcome.rejected) == (5, 2)


NO_TABLE = {
    "items_id_seq": "a sequence",
    "items_pkey": "an index",
    "pair": "a composite type",
}


def test_what_has_no_rows_to_send_is_named_as_what_it_is(shop: Syncs) -> None:
    source = shop.pair.source
    source.execute("create sequence items_id_seq", "create type pair as (a int, b int)")
    source.execute(f"grant select on sequence items_id_seq to {source.user}")
    for name, kind in NO_TABLE.items():
        with pytest.raises(ModelError, match=f"public.{name} is {kind}") as caught:
            shop.run(model=of(table=f"public.{name}", key=["last_value"]))
        assert "a view" in (caught.value.remedy or "")


@pytest.mark.parametrize("schema", ["pg_temp", "pg_temp_3"])
def test_a_temporary_table_is_refused(shop: Syncs, schema: str) -> None:
    with pytest.raises(ModelError, match="temporary table, which belongs to one session"):
        shop.run(model=of(table=f"{schema}.items"))


def test_columns_that_are_not_there_are_named_with_those_that_are(shop: Syncs) -> None:
    with pytest.raises(ModelError, match=r"model\.columns: 'nmae', 'x'") as caught:
        shop.run(model=of(columns=["id", "nmae", "x"]))
    assert caught.value.remedy == "it has: id, name, odd, made"


NOT_A_CONDITION = {
    "odd = 1) or (true": "line 1: a bracket is closed",
    "odd = 1\nand (name = 'a'": "line 2: a bracket is opened",
    "odd = 'x": "line 1: a quote",
    "odd = 1 /*": "line 1: a quote or a comment",
    "true; delete from items": "line 1: a statement ends",
    "true;": "line 1: a statement ends",
    "odd = 1 order by id": "line 1: syntax error",
    "odd =\n  1 and\n  nmae = 'x'": 'line 3: column "nmae"',
    "odd": "line 1: argument of WHERE must be type boolean",
    "odd = 1, true": "line 1: argument of WHERE must be type boolean",
    "count(*) > 1": "line 1: aggregate",
    "odd > :least": "line 1: :least is not among the parameters",
    "-- nothing": "syntax error",
    "generate_series(1, 2) = 1": "line 1: set-returning",
}


def test_what_is_not_one_condition_is_refused_with_its_place(shop: Syncs) -> None:
    for text, told in NOT_A_CONDITION.items():
        with pytest.raises(ModelError) as caught:
            shop.run(model=of(where=text))
        assert "model.where" in caught.value.message or text == "-- nothing"
        assert told in caught.value.message, text
        assert caught.value.remedy
    assert shop.pair.source.rows("select count(*) from items") == [(6,)]


def test_a_condition_may_read_columns_that_are_not_sent_and_other_tables(shop: Syncs) -> None:
    shop.pair.source.execute("create table wanted (id int)", "insert into wanted values (2), (9)")
    where = "exists (select from wanted where wanted.id = items.id) and made <= now()"
    model = of(columns=["id", "name"], where=where)
    with pytest.raises(PrivilegeError, match="wanted") as caught:
        shop.run(model=model)
    assert 'GRANT SELECT ON "public"."wanted"' in (caught.value.remedy or "")
    shop.pair.source.grant_table("wanted")
    assert shop.run(model=model).succeeded == Counts(added=1)
    assert sent(shop) == [2]


def test_a_filtered_table_is_read_by_its_index(shop: Syncs) -> None:
    shop.pair.source.execute("insert into items select n, 'x', 1 from generate_series(7, 5000) n")
    config = shop.config(model=of(columns=["id", "name"], where="id < 4"))
    with shop.pair.source.connect() as connection:
        connection.execute("analyze items")
        query = sql.SQL("explain {}").format(rows(config.model, ("id", "name")))
        plan = connection.execute(query).fetchall()
    assert "items_pkey" in str(plan)
