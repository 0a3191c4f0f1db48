"""The way of a sync's columns as boxes and lines, without a database."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.config import ModelConfig, SyncConfig, placed, resolved_models
from pgsync_assets.lineage import Catalog, Known, Source, relation_source
from pgsync_assets.lineage.destination import targets_of
from pgsync_assets.lineage.diagram import Diagram
from pgsync_assets.lineage.drawing import of_sync
from pgsync_assets.lineage.model import Lineage

SQL = "select id, first || last as name, price, 'x' as kind from people"


def sync_of(**fields: Any) -> SyncConfig:
    """A sync named `people`, with what a test changes."""
    written: dict[str, Any] = {
        "name": "people",
        "source": "shop",
        "model": {"sql": SQL, "key": ["id"]},
        "destination": "crm",
        "table": "app.people",
    }
    whole = {name: value for name, value in (written | fields).items() if value is not None}
    return SyncConfig.model_validate(whole)


def ways(sync: SyncConfig, present: tuple[str, ...] | None = None) -> dict[str, str]:
    """For each column of the destination what it gets, and from where; a key has a star."""
    return {
        f"{one.name}{'*' if one.is_key else ''}": " ".join(
            [one.how, *(f"{source.name}.{column}" for source, column in one.origins)]
        )
        for one in targets_of(sync, Lineage(), present)
    }


def told(diagram: Diagram) -> set[str]:
    """Boxes and lines in words."""
    boxes = {f"{box.level} {box.kind} {box.title}" for box in diagram.boxes}
    names = {(n, -1): box.title for n, box in enumerate(diagram.boxes)} | {
        (n, at): f"{box.title}.{cell.name}"
        for n, box in enumerate(diagram.boxes)
        for at, cell in enumerate(box.cells)
    }
    return boxes | {
        f"{names[line.source.box, line.source.cell]} > {names[line.target.box, line.target.cell]}"
        for line in diagram.lines
    }


def test_columns_map_by_name_unless_something_else_goes_there() -> None:
    sync = sync_of(
        values={"kind": {"value": "y"}},
        stamps={"synced_at": "price"},
        delete="soft_delete",
        deleted_column="gone",
    )
    assert ways(sync) == {
        "id*": "column people.id",
        "name": "column people.name",
        "kind": "static",
        "price": "stamp",
        "gone": "stamp",
    }


def test_every_way_of_a_value() -> None:
    sync = sync_of(
        columns={"id": "nr", "price": "cost", "nope": "nope"},
        lossy=["price"],
        values={
            "name": {"column": "name"},
            "short": {"column": "name", "cast": "varchar(3)"},
            "label": {"sql": "upper(name) || model.id || (select max(t.x) from tops t)"},
            "doc": {"jsonb": {"a": ["price", {"value": "id"}], "b": {"c": "name"}, "n": 1}},
            "odd": {"sql": "((("},
            "one": {"value": 1},
        },
    )
    assert ways(sync) == {
        "nr*": "column people.id",
        "cost": "cast people.price",
        "name": "column people.name",
        "short": "computed people.name",
        "label": "computed people.id people.name tops.x",
        "doc": "computed people.price people.name",
        "odd": "computed",
        "one": "static",
    }


def test_a_column_that_the_table_does_not_have_is_not_named() -> None:
    assert ways(sync_of(), ("id", "name", "other")) == {
        "id*": "column people.id",
        "name": "column people.name",
    }


def test_of_a_model_whose_columns_are_not_known_the_table_tells() -> None:
    sync = sync_of(model={"table": "public.people", "key": ["id"]})
    assert ways(sync) == {"id*": "column people.id"}
    assert list(ways(sync, ("name", "id"))) == ["id*", "name"]
    assert "public.people.name > people.name" in told(of_sync(sync, Lineage(), ("name", "id")))


def test_a_diagram_by_the_text() -> None:
    found = of_sync(sync_of(columns=["id", "name"], values={"k": {"value": 1}}), Lineage())
    assert told(found) == {
        "2 table public.people",
        "1 model people",
        "0 destination app.people",
        "public.people.id > people.id",
        "public.people.first > people.name",
        "public.people.last > people.name",
        "public.people.price > people.price",
        "people.id > app.people.id",
        "people.name > app.people.name",
    }
    assert found.by == "sql text"


def test_a_table_that_is_read_for_its_rows_alone() -> None:
    model = {"sql": "select a.id from a join b on b.id = a.id", "key": ["id"]}
    found = told(of_sync(sync_of(model=model), Lineage()))
    assert {"2 table public.b", "public.b > people"} <= found
    assert "public.a > people" not in found


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ({"asset": "raw/people", "key": ["id"]}, "asset raw/people"),
        ({"python": "shop.rows:people", "key": ["id"]}, "function shop.rows:people"),
        ({"file": {"path": "people.csv"}, "key": ["id"]}, "file people.csv"),
    ],
)
def test_rows_that_are_loaded_come_from_what_makes_them(model: dict[str, Any], kind: str) -> None:
    sync = placed(sync_of(model=model, source=None), {})
    found = told(of_sync(sync, Lineage(), ("id", "name")))
    title = kind.partition(" ")[2]
    assert {f"2 {kind}", f"{title}.id > people.id", f"{title}.name > people.name"} <= found


def test_models_on_models_are_drawn_one_behind_the_other() -> None:
    written: dict[str, dict[str, Any]] = {
        "base": {"sql": "select id, x from t"},
        "top": {"sql": "select base.id, x + 1 as y from base", "uses": ["base"]},
    }
    models, _ = resolved_models(
        {
            name: ModelConfig.model_validate({"source": "shop", "key": ["id"], **fields})
            for name, fields in written.items()
        }
    )
    sync = placed(sync_of(model="top", source=None), models)
    assert told(of_sync(sync, Lineage())) >= {
        "3 table public.t",
        "2 model base",
        "1 model top",
        "public.t.x > base.x",
        "base.x > top.y",
        "top.y > app.people.y",
    }


def test_a_view_whose_definition_cannot_be_read_still_shows_what_is_behind_it() -> None:
    catalog = Catalog(
        relations={
            ("public", "people"): Known("view", ("id",), "SELECT (((", {("public", "t"): ("id",)}),
            ("public", "t"): Known("table", ("id",)),
        },
        resolved={("public", "people"): ("public", "people")},
    )
    found = of_sync(sync_of(model={"table": "public.people", "key": ["id"]}), Lineage(catalog))
    assert {"3 table public.t", "public.t > public.people"} <= told(found)


def test_sources_have_titles() -> None:
    assert relation_source(("s", "t")).title == "s.t"
    assert Source("asset", "a/b").title == "a/b"
