"""What the UI and `dg` show of our components: help on every key, and an example that is right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from dagster_shared.yaml_utils.sample_yaml import generate_sample_yaml

import pgsync_assets
from pgsync_assets.assets.components.help import NAME, YamlComponent

COMPONENTS: list[type[YamlComponent]] = [
    getattr(pgsync_assets, name) for name in pgsync_assets.__all__ if name.endswith("Component")
]


def schema_of(component: type[YamlComponent]) -> dict[str, Any]:
    return component.model().model_json_schema()


def keys_of(component: type[YamlComponent]) -> dict[str, Any]:
    schema = schema_of(component)
    return dict(keys(schema, schema))


def keys(schema: dict[str, Any], part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every key that the UI lets one unfold and what it shows of it, but for Dagster's own."""
    if isinstance(part, list):
        for one in part:
            yield from keys(schema, one, path)
    elif isinstance(part, dict):
        name = part.get("$ref", "").removeprefix("#/$defs/")
        if name.endswith("Config") or name in ("TimeWindows", "ColumnsStateModel", "Schemas"):
            yield from keys(schema, schema["$defs"][name], path)
        for key, inner in part.get("properties", {}).items():
            yield f"{path}.{key}", inner
            yield from keys(schema, inner, f"{path}.{key}")
        yield from keys(schema, [part.get("items"), part.get("anyOf")], path)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda one: one.__name__)
def test_every_key_is_explained(component: type[YamlComponent]) -> None:
    found = keys_of(component)
    assert found
    mute = [path for path, one in found.items() if "description" not in one]
    assert [path for path in mute if not path.endswith(NAME)] == []


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda one: one.__name__)
def test_the_example_is_what_is_scaffolded_and_right(component: type[YamlComponent]) -> None:
    schema = schema_of(component)
    (example,) = schema["examples"]
    jsonschema.validate(example, schema)
    component.model().model_validate(example)
    shown = generate_sample_yaml(f"pgsync_assets.{component.__name__}", schema)
    assert "..." not in shown
    assert "EXAMPLE" not in shown


def test_what_is_held_by_name_can_be_unfolded() -> None:
    connections = keys_of(pgsync_assets.PgConnectionsComponent)
    syncs = keys_of(pgsync_assets.PgSyncComponent)
    for path in (".connections.<name>.tunnel.host_key", ".reverse_tunnels.<name>.port"):
        assert "description" in connections[path]
    for path in (
        ".models.<name>.sql",
        ".syncs.values.<name>.cast",
        ".syncs.partitions.every",
        ".syncs.schedule.cron",
        ".op",
        ".translation",
    ):
        assert "description" in syncs[path]
