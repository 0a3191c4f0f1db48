"""Lineage as Dagster has it: column lineage and a picture, of models and of destinations."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from .conftest import Project

ITEMS = "crm/public/items"
MODEL = "models/items"


@pytest.fixture
def viewed(project: Project) -> Project:
    """A model of a view, which lies in the second schema of the search_path."""
    syncs = project.syncs
    syncs.table("id bigint primary key, name text, price numeric(10, 2)")
    syncs.pair.source.execute(
        "create schema sales",
        "create view sales.seen as select id as nr, name, price from public.items",
    )
    syncs.pair.source.grant_table("seen", schema="sales")
    syncs.pair.destination.execute("alter table items add label text, add synced timestamptz")
    project.sync(
        model={"sql": "select nr as id, seen.* from sales.seen", "key": ["id"]},
        columns=["id", "name"],
        values={"label": {"sql": "name || price"}},
        stamps={"synced_at": "synced"},
    )
    return project


def columns(metadata: dict[str, Any]) -> dict[str, list[str]]:
    """Column lineage in words."""
    found: dg.TableColumnLineage = metadata["dagster/column_lineage"]
    return {
        name: [f"{dep.asset_key.to_user_string()}.{dep.column_name}" for dep in deps]
        for name, deps in found.deps_by_column.items()
    }


def spec_of(project: Project, key: str) -> dict[str, Any]:
    """Metadata of an asset that has never run."""
    asset = project.definitions.resolve_asset_graph().get(dg.AssetKey.from_user_string(key))
    return {name: getattr(value, "value", value) for name, value in asset.metadata.items()}


def test_a_run_says_where_the_columns_of_its_table_come_from(viewed: Project) -> None:
    assert viewed.run().success
    found = viewed.metadata(ITEMS)
    assert columns(found) == {
        "id": ["models/items.id"],
        "name": ["models/items.name"],
        "label": ["models/items.name", "models/items.price"],
    }
    assert found["pgsync/lineage_by"] == "PostgreSQL"
    picture = found["pgsync/lineage"]
    assert picture.startswith("![lineage of columns](data:image/svg+xml;base64,")
    assert len(picture) < 60_000


def test_the_model_says_what_it_reads_and_what_is_behind_views(viewed: Project) -> None:
    assert viewed.run(MODEL).success
    found = viewed.metadata(MODEL)
    assert found["pgsync/reads"] == ["public.items", "sales.seen"]
    assert columns(found) == {
        "id": ["shop/sales/seen.nr"],
        "nr": ["shop/sales/seen.nr"],
        "name": ["shop/sales/seen.name"],
        "price": ["shop/sales/seen.price"],
    }
    assert "pgsync/lineage" in found


def test_before_the_first_run_the_text_says_what_it_can(project: Project) -> None:
    project.sync(
        model={"sql": "select id, first || last as name from people", "key": ["id"]},
        values={"label": {"sql": "upper(name)"}},
    )
    assert columns(spec_of(project, MODEL)) == {
        "id": ["shop/public/people.id"],
        "name": ["shop/public/people.first", "shop/public/people.last"],
    }
    assert columns(spec_of(project, ITEMS)) == {
        "id": ["models/items.id"],
        "name": ["models/items.name"],
        "label": ["models/items.name"],
    }


def test_a_defect_of_ours_costs_the_picture_and_not_the_run(
    viewed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pgsync_assets.assets import step

    def broken(*_: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(step, "sync_metadata", broken)
    assert viewed.run().success
    assert "dagster/column_lineage" not in viewed.metadata(ITEMS)
    assert viewed.metadata(ITEMS)["pgsync/rows_added"] == 0
