"""The sections about checks, freshness and metadata: what they list is what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from pgsync_assets import PgSyncTranslator, SyncConfig, SyncTranslatorData
from pgsync_assets.assets.checks import CHECKS_OF_A_RUN
from pgsync_assets.assets.on_demand import ON_DEMAND

from .conftest import Project

PAGE = (Path(__file__).parents[3] / "docs" / "dagster.md").read_text(encoding="utf-8")
TABLE, MODEL = "crm/public/items", "models/items"
STEP = {"table": TABLE, "state": "hightouch_planner/items", "audit": "hightouch_audit/items"}
OF_MODELS = tuple(
    f"pgsync/{name}"
    for name in ("key", "columns", "distributions", "first_rows", "sample", "preview")
)
"""How the names of what docs/models.md tells of begin."""


def section(name: str) -> str:
    found = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def rows(text: str) -> list[list[str]]:
    found = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in found]


def keys(cell: str) -> list[str]:
    """Keys of a cell, where `_x` stands for the first key with another last word."""
    first, *more = re.findall(r"`([^`]+)`", cell)
    base = first.rsplit("_", 1)[0]
    return [first, *(base + one if one.startswith("_") else one for one in more)]


def documented() -> dict[str, str]:
    """Key -> where it is said to be."""
    found = rows(section("Metadata"))
    return {key: where for cell, _, where in found for key in keys(cell)}


def test_every_check_is_listed() -> None:
    listed = [name.strip("`") for name, _, _ in rows(section("Checks and freshness"))]
    assert set(listed) == {*CHECKS_OF_A_RUN, *ON_DEMAND}
    assert len(listed) == len(set(listed))


def test_the_yaml_is_a_sync_with_a_policy() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", section("Checks and freshness"), re.M | re.S)
    (written,) = yaml.safe_load(block)["syncs"]
    sync = SyncConfig.model_validate(written)
    data = SyncTranslatorData("destination", sync, "crm", model=sync.model)
    assert PgSyncTranslator().get_asset_spec(data).freshness_policy is not None


def test_every_key_of_a_run_is_where_it_is_said_to_be(project: Project) -> None:
    project.syncs.table("id integer primary key, name text check (name <> 'bad')")
    project.pair.source.execute("alter table items drop constraint items_name_check")
    project.pair.source.execute("insert into items values (1, 'a'), (2, 'bad')")
    project.sync()
    result = project.run(TABLE, MODEL)
    assert result.success
    listed = documented()

    def missing(found: Any, where: str) -> set[str]:
        unlisted = {key for key in found if where not in listed.get(key, "")}
        return {key for key in unlisted if not key.startswith(OF_MODELS)}

    for where, key in STEP.items():
        assert missing(project.metadata(key), where) == set()
    assert missing(project.metadata(MODEL), "model") == set()
    for check in result.get_asset_check_evaluations():
        assert missing(check.metadata, "check") == set()


def test_columns_of_the_table_are_described_as_those_of_the_model(project: Project) -> None:
    project.syncs.table("id integer primary key, name text")
    project.sync(
        model={
            "table": "public.items",
            "key": ["id"],
            "column_descriptions": {"name": "What people call it.", "none": "Not there."},
        }
    )
    assert project.run().success
    schema: dg.TableSchema = project.metadata()["dagster/column_schema"]
    told = {column.name: column.description for column in schema.columns}
    assert told == {"id": None, "name": "What people call it."}
