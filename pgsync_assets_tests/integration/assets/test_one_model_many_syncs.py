"""One model, three syncs: it is described once, and each sync compares its own columns."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from .conftest import Project

NAMES = ("names", "prices", "whole")
TABLES = tuple(f"crm/public/{name}" for name in NAMES)


@pytest.fixture
def items(project: Project) -> Project:
    """A model with four columns in one component, and three syncs of it in two others."""
    source, destination = project.pair.source, project.pair.destination
    source.execute(
        "create table items (id integer primary key, name text, price numeric, note text)",
        "insert into items select n, 'item ' || n, n, 'note' from generate_series(1, 10) as n",
    )
    source.grant_table("items")
    columns = {"names": ["id", "name"], "prices": ["id", "price"], "whole": None}
    for name in NAMES:
        destination.execute(
            f"create table {name} (id integer primary key, name text, price numeric, note text)"
        )
        destination.grant_table(name, "select", "insert", "update", "delete")
    shared = {"source": "shop", "table": "public.items", "key": ["id"]}
    project.write("a", "PgSyncComponent", models={"items": shared})

    def sync(name: str, **more: Any) -> dict[str, Any]:
        fields = {"name": name, "model": "items", "destination": "crm", "table": f"public.{name}"}
        chosen = {"columns": columns[name]} if columns[name] else {}
        return fields | chosen | more

    project.write("b", "PgSyncComponent", syncs=[sync("names"), sync("prices")])
    project.write("c", "PgSyncComponent", syncs=[sync("whole", mode="mirror")])
    return project


def written(project: Project) -> list[int]:
    """Rows that the last run of each sync has sent."""
    kinds = ("added", "changed", "removed")
    found = [project.metadata(table) for table in TABLES]
    return [sum(one[f"pgsync/rows_{kind}"] for kind in kinds) for one in found]


def steps(result: dg.ExecuteInProcessResult) -> list[str]:
    """Steps that describe or send; checks on demand step aside."""
    names = [str(e.step_key) for e in result.filter_events(lambda e: e.is_step_success)]
    return sorted(name for name in names if name.startswith(("model_", "sync_")))


def test_described_once_and_compared_by_mapped_columns(items: Project) -> None:
    result = items.run("models/items", *TABLES)
    assert result.success
    assert steps(result) == ["model_items", "sync_names", "sync_prices", "sync_whole"]
    assert (len(items.materializations("models/items")), written(items)) == (1, [10, 10, 10])
    items.pair.source.execute("update items set name = 'new' where id <= 3")
    assert items.run(*TABLES).success
    assert written(items) == [3, 0, 3]
    items.pair.source.execute(
        "update items set price = 0 where id <= 2", "delete from items where id = 9"
    )
    assert items.run(*TABLES).success
    assert written(items) == [1, 3, 3]  # the row that left counts in each
    items.pair.source.execute("update items set note = 'other'")
    assert items.run(*TABLES).success
    assert written(items) == [0, 0, 9]
