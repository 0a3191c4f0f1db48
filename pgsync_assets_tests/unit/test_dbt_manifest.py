"""A dbt model is found by its name; what is wrong is said in words."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.config import ModelConfig
from pgsync_assets.errors import ConfigurationError
from pgsync_assets.model import with_files
from pgsync_assets.model.dbt_manifest import _read, read_manifest
from pgsync_assets.project import read_project

from .test_project import CONNECTIONS, SYNC


def node(name: str, package: str = "shop", **more: Any) -> dict[str, Any]:
    """As dbt 1.11 writes one, without what nobody looks at."""
    schema = more.pop("schema", "analytics")
    return {
        "resource_type": "model",
        "package_name": package,
        "name": name,
        "alias": name,
        "database": "shop",
        "schema": schema,
        "relation_name": f'"shop"."{schema}"."{name}"',
        "config": {"materialized": "view"},
        "description": "",
        "columns": {},
        "version": None,
        "latest_version": None,
        **more,
    }


def write(folder: Path, *nodes: dict[str, Any], **metadata: Any) -> Path:
    """The manifest of a project with some nodes; those of `disabled` are left out by it."""
    path = folder / "target" / "manifest.json"
    path.parent.mkdir(exist_ok=True)
    schema = "https://schemas.getdbt.com/dbt/manifest/v12.json"
    known = {"dbt_schema_version": schema, "dbt_version": "1.11.16", "adapter_type": "postgres"}
    left_out = metadata.pop("disabled", [])
    content = {
        "metadata": known | metadata,
        "nodes": {str(position): one for position, one in enumerate(nodes)},
        "disabled": {one["name"]: [one] for one in left_out},
    }
    path.write_text(json.dumps(content))
    return path


ORDERS = node("orders")
SCORES = [
    node("scores", version=v, latest_version=2, alias=f"s{v}", relation_name=f'"shop"."a"."s{v}"')
    for v in (1, 2)
]
STEPS = node("steps", relation_name=None, config={"materialized": "ephemeral"})
TEST = node("unique_orders", resource_type="test")


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("orders", "analytics.orders"),
        ("shop.orders", "analytics.orders"),
        ("scores", "a.s2"),
        ("scores.v1", "a.s1"),
        ("shop.scores.v2", "a.s2"),
        ("shop.scores", "a.s2"),
        ("odd", '"Sales Mart"."Best ""Orders"""'),
        ("plain", "sales.orders"),
    ],
)
def test_it_is_found_by_every_name_that_it_has(tmp_path: Path, name: str, table: str) -> None:
    odd = node("odd", relation_name='"shop"."Sales Mart"."Best ""Orders"""')
    plain = node("plain", relation_name="shop.Sales.Orders")  # quoting: false
    write(tmp_path, ORDERS, *SCORES, STEPS, TEST, odd, plain)
    assert _model(tmp_path, name).table == table


def test_one_of_another_package_needs_it_where_both_have_one(tmp_path: Path) -> None:
    write(tmp_path, ORDERS, node("orders", "base", schema="base"))
    assert _model(tmp_path, "base.orders").table == "base.orders"
    assert "name it with its package: base.orders, shop.orders" in _refused(tmp_path, "orders")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("order", "did you mean 'orders'"),
        ("unique_orders", "no model, seed or snapshot 'unique_orders'"),
        ("scores.v3", "no model, seed or snapshot 'scores.v3'"),
        ("steps", "is ephemeral: .*`materialized: view`"),
        ("retired", "is disabled"),
    ],
)
def test_a_name_that_will_not_do(tmp_path: Path, name: str, told: str) -> None:
    write(tmp_path, ORDERS, *SCORES, STEPS, TEST, disabled=[node("retired")])
    with pytest.raises(ConfigurationError, match=rf"(?s){told}") as caught:
        _model(tmp_path, name)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"adapter_type": "snowflake"}, "builds this project in snowflake, not in PostgreSQL"),
        ({"dbt_schema_version": "https://x/dbt/manifest/v99.json"}, "schema version v99; v11 and"),
        ({"dbt_schema_version": "https://x/dbt/run-results/v6.json"}, "version unknown"),
        ({"dbt_schema_version": None}, "is not a manifest of dbt"),
    ],
)
def test_a_manifest_that_will_not_do(tmp_path: Path, metadata: dict[str, Any], told: str) -> None:
    write(tmp_path, ORDERS, **metadata)
    assert told in _refused(tmp_path, "orders")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"metadata": 1}', "\xff\xfe"])
def test_what_is_no_manifest(tmp_path: Path, content: str) -> None:
    write(tmp_path).write_text(content, encoding="latin-1")
    assert "is not a manifest of dbt" in _refused(tmp_path, "orders")


def test_a_node_without_what_dbt_writes(tmp_path: Path) -> None:
    write(tmp_path, {"resource_type": "model"})
    assert "a node lacks" in _refused(tmp_path, "orders")


def test_what_the_user_says_counts_more(tmp_path: Path) -> None:
    columns = {"id": {"description": "Number."}, "Name": {"description": "Full."}, "x": {}}
    write(tmp_path, node("orders", description=" Paid ones. ", columns=columns))
    model = _model(tmp_path, "orders", column_descriptions={"id": "Mine."})
    assert model.description == "Paid ones."
    assert model.column_descriptions == {"id": "Mine.", "Name": "Full.", "name": "Full."}
    assert _model(tmp_path, "orders", description="Mine.").description == "Mine."
    assert (model.kind, model.made_from) == ("dbt", ("orders",))


def test_which_rows_it_has_is_the_relation_and_not_the_path(tmp_path: Path) -> None:
    write(tmp_path, ORDERS)
    moved = tmp_path / "moved"
    moved.mkdir()
    write(moved, ORDERS)
    other = ModelConfig.model_validate(
        {"dbt": {"model": "shop.orders", "manifest": "moved/target/manifest.json"}, "key": ["id"]}
    )
    assert with_files(other, tmp_path).asked == _model(tmp_path, "orders").asked


def test_a_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = write(tmp_path, ORDERS)
    _read.cache_clear()
    for _ in range(50):
        _model(tmp_path, "orders")
    assert _read.cache_info().misses == 1
    write(tmp_path, node("lines"))
    os.utime(path, ns=(1, 1))
    assert "lines" in read_manifest(path).nodes


def test_an_error_has_file_and_line_and_what_to_do(tmp_path: Path) -> None:
    dbt = "model:\n        dbt: {model: orders, project: ../../dbt}\n        key: [id]"
    text = SYNC.replace("model: {table: public.orders, key: [id]}", dbt)
    for name, content in {"connections": CONNECTIONS, "orders": text}.items():
        (tmp_path / "defs" / name).mkdir(parents=True)
        (tmp_path / "defs" / name / "defs.yaml").write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        read_project(tmp_path / "defs")
    assert "orders/defs.yaml:9: syncs[0].model.dbt: there is no dbt manifest" in str(caught.value)
    assert "run `dbt parse` or `dbt build`" in str(caught.value)
    (tmp_path / "dbt").mkdir()
    write(tmp_path / "dbt", ORDERS)
    assert read_project(tmp_path / "defs").sync("orders").model.table == "analytics.orders"


def test_one_by_itself_that_a_sync_names(tmp_path: Path) -> None:
    write(tmp_path, ORDERS)
    text = SYNC.replace("{table: public.orders, key: [id]}", "paid").replace("source: shop", "")
    text += "  models:\n    paid:\n      source: shop\n      key: [id]\n"
    text += "      dbt: {model: orders, project: ../..}\n"
    for name, content in {"connections": CONNECTIONS, "orders": text}.items():
        (tmp_path / "defs" / name).mkdir(parents=True)
        (tmp_path / "defs" / name / "defs.yaml").write_text(content)
    sync = read_project(tmp_path / "defs").sync("orders")
    assert (sync.source, sync.model.kind, sync.model.table) == ("shop", "dbt", "analytics.orders")


def _model(folder: Path, name: str, **more: Any) -> ModelConfig:
    written = {"dbt": {"model": name, "project": "."}, "key": ["id"], **more}
    return with_files(ModelConfig.model_validate(written), folder)


def _refused(folder: Path, name: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        _model(folder, name)
    assert caught.value.remedy
    return str(caught.value)
