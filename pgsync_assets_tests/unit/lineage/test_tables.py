"""The tables that SQL names."""

from __future__ import annotations

import pytest

from pgsync_assets.config import ModelConfig, SyncConfig, resolved_models
from pgsync_assets.grants.reads import named_tables
from pgsync_assets.lineage import read_tables, source_tables, value_tables

CASES = {
    "select * from nyc.flights": {("nyc", "flights")},
    "select * from flights": {("shop", "flights")},
    "select * from Flights": {("shop", "flights")},
    'select * from "Dim"."Order Days"': {("Dim", "Order Days")},
    "table nyc.flights": {("nyc", "flights")},
    "select * from a join b using (id) left join c.d on true": {
        ("shop", "a"),
        ("shop", "b"),
        ("c", "d"),
    },
    "with f as (select * from nyc.flights) select * from f": {("nyc", "flights")},
    "with f as (select 1 as a) select * from f": set(),
    "select * from f where exists (select from g where g.id = f.id)": {
        ("shop", "f"),
        ("shop", "g"),
    },
    "select * from a union all select * from b": {("shop", "a"), ("shop", "b")},
    "select * from generate_series(1, 3) as n": set(),
    "select '{{1,2},{3,4}}'::int[] as a from t": {("shop", "t")},
    "values (1)": set(),
}


def sql_model(sql: str) -> ModelConfig:
    return ModelConfig(sql=sql, key=("id",))


@pytest.mark.parametrize("sql", CASES)
def test_tables_of_a_query(sql: str) -> None:
    assert set(source_tables(sql_model(sql), "shop")) == CASES[sql]


@pytest.mark.parametrize("sql", ["select from where", "", "select 1; select 2", "((((", "drop x y"])
def test_sql_that_cannot_be_read_has_no_lineage_and_no_error(sql: str) -> None:
    assert source_tables(sql_model(sql)) == ()


def test_a_table_is_its_own_source_and_its_condition_may_read_others() -> None:
    model = ModelConfig(
        table='"Sales".orders', key=("id",), where="exists (select from shop.paid where o = id)"
    )
    assert source_tables(model) == (("Sales", "orders"), ("shop", "paid"))
    wrong = model.model_copy(update={"where": "((("})
    assert source_tables(wrong) == (("Sales", "orders"),)


def test_parameters_are_no_obstacle() -> None:
    sql = "select * from a where day >= :day::date and b[1:2] = '{:x}' and note <> $$ :y $$"
    assert source_tables(sql_model(sql), "shop") == (("shop", "a"),)


def bases() -> SyncConfig:
    """A sync of a model that reads another one, which has the name of a table."""
    models, wrong = resolved_models(
        {
            "items": ModelConfig(source="shop", sql="select * from raw.items", key=("id",)),
            "sold": ModelConfig(
                source="shop",
                sql="select i.id, b.x from items as i join b using (id)",
                uses=("items",),
                key=("id",),
            ),
        }
    )
    assert not wrong
    return SyncConfig(
        name="sold",
        source="shop",
        model=models["sold"],
        destination="crm",
        table="public.sold",
        values={"top": {"sql": "(select max(rank) from tops where tops.id = model.id)"}},
    )


def test_a_model_that_is_used_is_no_table_but_is_read_through() -> None:
    sync = bases()
    assert source_tables(sync.model) == (("public", "b"),)
    assert read_tables(sync.model) == (("public", "b"), ("raw", "items"))
    assert value_tables(sync) == (("", "tops"),)
    assert named_tables(sync) == (("", "b"), ("", "tops"), ("raw", "items"))


def test_a_loaded_model_reads_no_table() -> None:
    model = ModelConfig(asset="prices", key=("id",), where="id in (select id from t)")
    assert source_tables(model) == read_tables(model) == ()
