"""Columns followed back through SQL, with the columns of tables known and unknown."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pgsync_assets.config import ModelConfig, resolved_models
from pgsync_assets.lineage import Catalog, Known, Returned, model_source, relation_source
from pgsync_assets.lineage.model import Lineage

Columns = dict[str, str]

CATALOG = Catalog(
    relations={
        ("public", "a"): Known("table", ("id", "x", "Y z")),
        ("public", "b"): Known("table", ("id", "w")),
        ("public", "t"): Known("table", ("id", "doc", "parent")),
    },
    resolved={("", name): ("public", name) for name in "abt"} | {("public", "a"): ("public", "a")},
)
# Column: the columns that it is made of. `=` before them: it is that one, unchanged.
KNOWN: dict[str, Columns] = {
    "select * from a": {"id": "=a.id", "x": "=a.x", "Y z": "=a.Y z"},
    "table a": {"id": "=a.id", "x": "=a.x", "Y z": "=a.Y z"},
    "select b.*, x from a, b": {"id": "=b.id", "w": "=b.w", "x": "=a.x"},
    "select * from a join b using (id)": {
        "id": "a.id b.id", "x": "=a.x", "Y z": "=a.Y z", "w": "=b.w",
    },
    "select * from a natural join b": {
        "id": "a.id b.id", "x": "=a.x", "Y z": "=a.Y z", "w": "=b.w",
    },
    "select * from (a join b using (id)) as j": {
        "id": "a.id b.id", "x": "=a.x", "Y z": "=a.Y z", "w": "=b.w",
    },
    "select a as whole from a": {"whole": "a.Y z a.id a.x"},
    "select w, x from a, b": {"w": "=b.w", "x": "=a.x"},
    "select id, u.* from t, unnest(array[id]) with ordinality as u(v, n)": {
        "id": "=t.id", "v": "t.id", "n": "t.id",
    },
    "select v.p, b.w from (values (1, 2)) as v(p, q), b": {"p": "", "w": "=b.w"},
    "with c as materialized (select * from a) select * from c as d(k)": {
        "k": "=a.id", "x": "=a.x", "Y z": "=a.Y z",
    },
    "select doc.id, y.id as other from t as doc cross join a as y": {
        "id": "=t.id", "other": "=a.id",
    },
    "select z.k, z.n from a as z(k, n)": {"k": "=a.id", "n": "=a.x"},
}  # fmt: skip
TEXT: dict[str, Columns] = {
    "select id, X from A": {"id": "=a.id", "x": "=a.x"},
    'select "Y z" as "Z.z", x from a': {"Z.z": "=a.Y z", "x": "=a.x"},
    "with c as (select id as k, x + 1 as n from a) select k, n, n * 2 as m from c": {
        "k": "=a.id", "n": "a.x", "m": "a.x",
    },
    "select id from a union select w from b union all select parent from t": {
        "id": "=a.id =b.w =t.parent",
    },
    "with recursive r as (select id, parent from t union all "
    "select t.id, r.parent from t join r on r.id = t.parent) select id, parent from r": {
        "id": "=t.id", "parent": "=t.parent",
    },
    "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n": {"i": ""},
    "select x, row_number() over (partition by x order by id) as rn from a": {
        "x": "=a.x", "rn": "a.id a.x",
    },
    "select id, (select max(w) from b) as m from a": {"id": "=a.id", "m": "b.w"},
    "select s.k, (select max(b.w) from b where b.id = s.k) as m from (select id from a) as s(k)": {
        "k": "=a.id", "m": "b.w",
    },
    "select a.id, l.m from a, lateral (select max(b.w) as m from b where b.id = a.id) as l": {
        "id": "=a.id", "m": "b.w",
    },
    "select a.id, g.n from a, generate_series(1, a.x) as g(n)": {"id": "=a.id", "n": "a.x"},
    "select t.id, j.p from t, jsonb_to_record(t.doc) as j(p int, q text)": {
        "id": "=t.id", "p": "t.doc",
    },
    "select t.id, e from t, jsonb_array_elements(t.doc) as e": {"id": "=t.id", "e": "t.doc"},
    "select doc->>'x' as x, doc #>> '{a,b}' as y, doc['k'] as k from t": {
        "x": "t.doc", "y": "t.doc", "k": "t.doc",
    },
    "select id, $$it's; :x from b$$ as s, E'\\'' as e from a": {"id": "=a.id", "s": "", "e": ""},
    "select id, :day::date as day, x > :least as large from a where x = :x": {
        "id": "=a.id", "day": "", "large": "a.x",
    },
    "select distinct on (id) id, x::text, count(*), sum(x) from a group by 1, 2": {
        "id": "=a.id", "x": "a.x", "count": "", "sum": "a.x",
    },
    "select exists (select w from b) as e, x in (select w from b) as i from a": {
        "e": "", "i": "a.x b.w",
    },
    "(select id from a)": {"id": "=a.id"},
    "select case when x > 0 then id end as c, coalesce(x, id) as d from a": {
        "c": "a.id a.x", "d": "a.id a.x",
    },
}  # fmt: skip


def of_text(sql: str, lineage: Lineage) -> Columns:
    """The columns of a query, as the tables above write them."""
    found = lineage.model(ModelConfig(sql=sql, key=("id",)))
    return {
        str(one.name): " ".join(
            f"{'=' if one.is_copy else ''}{source.name}.{column}" for source, column in one.origins
        )
        for one in found.columns
    }


@pytest.mark.parametrize("sql", KNOWN | TEXT)
def test_with_the_columns_of_postgresql(sql: str) -> None:
    assert of_text(sql, Lineage(CATALOG)) == (KNOWN | TEXT)[sql]


@pytest.mark.parametrize("sql", TEXT)
def test_by_the_text_alone(sql: str) -> None:
    assert of_text(sql, Lineage(None, "shop")) == TEXT[sql]
    found = Lineage(None, "shop").model(ModelConfig(sql=sql, key=("id",)))
    assert {source.schema for one in found.columns for source, _ in one.origins} <= {"shop"}


@pytest.mark.parametrize(
    "sql",
    ["select * from a", "select from where", "", "((((", "drop table a", "values (1)", "x" * 9],
)
def test_what_the_text_does_not_say_is_left_out_without_an_error(sql: str) -> None:
    assert of_text(sql, Lineage()) == {}


def test_no_column_is_named_that_does_not_exist() -> None:
    sql = "select id, nope, ctid, (select w from gone) as w, public.a.x from a"
    assert of_text(sql, Lineage(CATALOG)) == {
        "id": "=a.id", "nope": "", "ctid": "", "w": "", "x": "=a.x",
    }  # fmt: skip


def test_postgresql_wins_and_differences_are_told() -> None:
    origin = (("sales", "a"), "id")
    catalog = Catalog(
        relations={
            ("sales", "a"): Known("table", ("id", "x")),
            ("public", "b"): Known("table", ()),
        },
        resolved={("", "a"): ("sales", "a")},
        returned={"": (Returned("id", origin), Returned("y"), Returned("?column?"))},
    )
    found = Lineage(catalog).model(
        ModelConfig(sql="select id, x + 1 as y, 1 from a, gone", key=("id",))
    )
    assert [(one.name, one.origins, one.expression) for one in found.columns] == [
        ("id", ((relation_source(("sales", "a")), "id"),), None),
        ("y", ((relation_source(("sales", "a")), "x"),), "x + 1"),
        ("?column?", (), "1"),
    ]
    assert found.tables == (("sales", "a"),)
    assert found.notes == (
        "a is sales.a by the search_path",
        "gone is no relation that the role finds, or a temporary one",
    )


def test_sql_that_only_postgresql_understands() -> None:
    catalog = Catalog(
        relations=CATALOG.relations,
        returned={"": (Returned("id", (("public", "a"), "id")), Returned("n"))},
    )
    found = Lineage(catalog).model(ModelConfig(sql="select from where ((", key=("id",)))
    assert [(one.name, one.is_copy) for one in found.columns] == [("id", True), ("n", False)]
    assert found.tables == (("public", "a"),)


def test_views_are_followed_by_their_definition() -> None:
    view = ("public", "v")
    catalog = Catalog(
        relations={
            **CATALOG.relations,
            view: Known("view", ("k", "n"), " SELECT a.id AS k, a.x + 1 AS n FROM public.a;"),
            ("public", "odd"): Known("view", ("k",), "SELECT ((("),
        },
        resolved={("public", "a"): ("public", "a")},
    )
    lineage = Lineage(catalog)
    assert [(one.name, one.expression) for one in lineage.view(view)] == [
        ("k", None),
        ("n", "a.x + 1"),
    ]
    assert lineage.view(("public", "odd")) == lineage.view(("public", "a")) == ()


def test_models_on_models() -> None:
    written: dict[str, Any] = {
        "base": {"sql": "select id, x * 2 as d from a"},
        "top": {"sql": "select base.*, w from base join b using (id)", "uses": ["base"]},
    }
    models, _ = resolved_models(
        {
            name: ModelConfig.model_validate({"source": "shop", "key": ["id"], **fields})
            for name, fields in written.items()
        }
    )
    found = Lineage(CATALOG).model(models["top"])
    base = model_source("base")
    assert [(one.name, one.origins) for one in found.columns] == [
        ("id", ((base, "id"),)),
        ("d", ((base, "d"),)),
        ("w", ((relation_source(("public", "b")), "w"),)),
    ]
    assert (found.tables, found.bases) == ((("public", "b"),), ("base",))


LARGE = {
    "a chain of OR": " or ".join(f"x = {n}" for n in range(10_000)),
    "a list": "x in (" + ",".join(map(str, range(17_000))) + ")",
    "brackets": "(" * 5_000 + "x = 1" + ")" * 5_000,
    "too long": "x in (" + ",".join(["1"] * 150_000) + ")",
}


@pytest.mark.parametrize("condition", LARGE)
def test_a_hundred_kilobytes_take_bounded_time(condition: str) -> None:
    begun = time.process_time()
    of_text(f"select id, x from a where {LARGE[condition]}", Lineage(CATALOG))
    assert time.process_time() - begun < 5  # measured: 0.5; sqlglot alone took 22


def test_many_unions_take_bounded_time() -> None:
    begun = time.process_time()
    sql = " union all ".join(f"select id, x + {n} as y from a" for n in range(2_500))
    of_text(sql, Lineage(CATALOG))
    assert time.process_time() - begun < 8  # measured: 2
