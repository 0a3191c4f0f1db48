"""PostgreSQL's own answer to what a model reads: names, views, columns; on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pgsync_assets.config import ModelConfig
from pgsync_assets.embedded import Cluster
from pgsync_assets.errors import PrivilegeError
from pgsync_assets.lineage import Catalog, Returned, relation_source
from pgsync_assets.lineage.diagram import Diagram
from pgsync_assets.lineage.drawing import of_model
from pgsync_assets.lineage.model import Lineage
from pgsync_assets.model import describe
from pgsync_assets.model.origins import origins

from ..fix_databases import READER_ROLE, Side, database
from ..fix_syncs import endpoint_of

SETUP = (
    "create schema sales; create schema archive",
    'create table sales.orders (id int primary key, gone int, "Net Price" numeric, customer int)',
    "alter table sales.orders drop column gone",
    "create table archive.orders (id int, old int)",
    "create table public.customers (id int primary key, name text)",
    "create table sales.days (day date, n int) partition by range (day)",
    "create table sales.day_1 partition of sales.days default",
    'create view sales.net as select id, "Net Price" * 2 as net, customer from sales.orders',
    "create view public.shown (nr, net, who) as select n.id, n.net, c.name from sales.net as n "
    "join public.customers as c on c.id = n.customer",
    "create materialized view sales.totals as select who, sum(net) as total from public.shown "
    "group by who",
    "create view public.either as select id from sales.orders union select id from archive.orders",
    "create extension postgres_fdw; create server far foreign data wrapper postgres_fdw",
    "create foreign table sales.far (id int) server far",
    f"grant usage on schema public, sales to {READER_ROLE}",
    f"grant select on all tables in schema sales to {READER_ROLE}",
    f"grant select on public.shown, public.either to {READER_ROLE}",
)


@pytest.fixture(scope="module")
def side(source_server: Cluster) -> Iterator[Side]:
    """A database with views on views; the role may read the views and not what is behind them."""
    with database(source_server, READER_ROLE) as made:
        made.execute(*SETUP)
        yield made


def asked(side: Side, model: ModelConfig, **connection: Any) -> Catalog:
    """What PostgreSQL says of a model."""
    with endpoint_of("shop", side, **connection).session("test") as session:
        return origins(session, model)


def of_sql(sql: str) -> ModelConfig:
    return ModelConfig(sql=sql, key=("id",))


def drawn(side: Side, model: ModelConfig, **connection: Any) -> Diagram:
    """The diagram of a model, by PostgreSQL."""
    return of_model(model, "m", "shop", Lineage(asked(side, model, **connection)))


def boxes(diagram: Diagram) -> list[tuple[int, str, str]]:
    return [(box.level, box.kind, box.title) for box in diagram.boxes]


def lines(diagram: Diagram) -> set[str]:
    """Lines between columns, `=` where the value is unchanged."""
    cells = {
        (number, at): f"{box.title}.{cell.name}"
        for number, box in enumerate(diagram.boxes)
        for at, cell in [*enumerate(box.cells)]
    }
    return {
        f"{cells[line.source.box, line.source.cell]} {'=' if line.is_copy else '-'}> "
        f"{cells[line.target.box, line.target.cell]}"
        for line in diagram.lines
        if line.source.cell >= 0
    }


def test_views_on_views_are_followed_to_tables_that_the_role_may_not_read(side: Side) -> None:
    found = drawn(side, ModelConfig(table="sales.totals", key=("who",)))
    assert boxes(found) == [
        (4, "table", "sales.orders"),
        (3, "table", "public.customers"),
        (3, "view", "sales.net"),
        (2, "view", "public.shown"),
        (1, "materialized view", "sales.totals"),
        (0, "model", "m"),
    ]
    assert lines(found) == {
        "sales.orders.Net Price -> sales.net.net",
        "sales.net.net => public.shown.net",
        "public.customers.name => public.shown.who",
        "public.shown.who => sales.totals.who",
        "public.shown.net -> sales.totals.total",
        "sales.totals.who => m.who",
        "sales.totals.total => m.total",
    }


def test_a_union_has_both_of_its_branches(side: Side) -> None:
    found = drawn(side, of_sql("select id from public.either"))
    assert lines(found) == {
        "sales.orders.id => public.either.id",
        "archive.orders.id => public.either.id",
        "public.either.id => m.id",
    }


@pytest.mark.parametrize(
    ("path", "schema"), [(["sales", "public"], "sales"), (["archive", "sales"], "sales")]
)
def test_a_name_is_what_the_search_path_says(side: Side, path: list[str], schema: str) -> None:
    """A schema that the role may not use is passed over, as PostgreSQL does."""
    found = asked(side, of_sql("select id from orders"), search_path=path)
    assert found.resolved == {("", "orders"): (schema, "orders")}
    assert found.returned[""] == (Returned("id", ((schema, "orders"), "id")),)


def test_another_schema_than_the_first_is_told(side: Side) -> None:
    model = of_sql("select id from orders")
    catalog = asked(side, model, search_path=["public", "sales"])
    assert Lineage(catalog, "public").model(model).notes == (
        "orders is sales.orders by the search_path",
    )


def test_what_is_no_relation_is_not_drawn(side: Side) -> None:
    """The function and the CTE are none; a temporary table has the name of another."""
    owner = replace(side, user=side.cluster.superuser, password=side.cluster.password)
    with endpoint_of("shop", owner).session("test") as session:
        session.connection.execute("create temporary table customers (id int)")
        sql = "with c as (select 1 as id) select c.id from c, pg_temp.customers, abs(1) as f"
        found = origins(session, of_sql(sql))
    assert (found.resolved, found.relations) == ({}, {})


def test_columns_as_postgresql_expands_them(side: Side) -> None:
    model = of_sql(
        'select o.*, d.n, upper("Net Price"::text) as up from sales.orders as o, sales.days as d'
    )
    found = Lineage(asked(side, model)).model(model)
    orders, days = (relation_source(("sales", name)) for name in ("orders", "days"))
    assert [(one.name, one.origins, one.expression) for one in found.columns] == [
        ("id", ((orders, "id"),), None),
        ("Net Price", ((orders, "Net Price"),), None),
        ("customer", ((orders, "customer"),), None),
        ("n", ((days, "n"),), None),
        ("up", ((orders, "Net Price"),), 'UPPER(CAST(o."Net Price" AS TEXT))'),
    ]


def test_kinds_are_told(side: Side) -> None:
    found = asked(side, of_sql("select 1 as id from sales.days, sales.far, sales.net"))
    kinds = {name: known.kind for (_, name), known in found.relations.items()}
    assert kinds == {
        "days": "partitioned table", "far": "foreign table", "net": "view", "orders": "table",
    }  # fmt: skip
    assert found.relations["sales", "net"].uses == {
        ("sales", "orders"): ("id", "Net Price", "customer")
    }


def test_a_model_that_the_role_may_not_read_has_its_lineage_all_the_same(side: Side) -> None:
    model = of_sql("select name from public.customers")
    found = Lineage(asked(side, model)).model(model)
    assert [(one.name, one.is_copy) for one in found.columns] == [("name", True)]
    assert found.tables == (("public", "customers"),)


def test_views_of_the_system_are_not_looked_behind(side: Side) -> None:
    found = asked(side, of_sql("select table_name from information_schema.tables"))
    assert list(found.relations) == [("information_schema", "tables")]
    assert found.relations["information_schema", "tables"].definition is None


def test_a_role_that_may_use_no_schema_of_its_path_and_make_nothing(side: Side) -> None:
    """current_schemas() would make a schema for temporary tables, which it may not."""
    sealed = f"REVOKE TEMPORARY ON DATABASE {side.database} FROM PUBLIC, {side.user}"
    side.execute(sealed, "create schema sealed", "create table sealed.orders (id int)")
    model = of_sql("select o.id, c.name from sales.orders as o, customers as c")
    found = asked(side, model, search_path=["sealed"])
    assert set(found.relations) == {("sales", "orders")}
    side.execute("create table sales.hidden (id int)")
    with (
        endpoint_of("shop", side, search_path=["sealed"]).session("test") as session,
        pytest.raises(PrivilegeError) as caught,
    ):
        describe(session, of_sql("select * from sales.hidden"))
    assert 'GRANT SELECT ON "sales"."hidden"' in str(caught.value.remedy)
