"""Where rows come from, read out of SQL."""

from __future__ import annotations

import pytest

from pgsync_assets.config import ModelConfig
from pgsync_assets.lineage import column_sources, source_tables

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
    assert column_sources(sql_model(sql), ("id",)) == {}


def test_a_table_is_its_own_source() -> None:
    model = ModelConfig(table='"Sales".orders', key=("id",))
    assert source_tables(model) == (("Sales", "orders"),)
    assert column_sources(model, ("id",)) == {"id": ((("Sales", "orders"), "id"),)}


def test_columns_are_followed_through_ctes_joins_and_aggregates() -> None:
    model = sql_model(
        "with late as (select carrier, arr_delay from nyc.flights where arr_delay > 0) "
        "select a.carrier as code, avg(late.arr_delay) as delay, count(*) as n, 1 as one "
        "from nyc.airlines as a join late on late.carrier = a.carrier group by 1"
    )
    assert column_sources(model, ("code", "delay", "n", "one")) == {
        "code": ((("nyc", "airlines"), "carrier"),),
        "delay": ((("nyc", "flights"), "arr_delay"),),
    }
