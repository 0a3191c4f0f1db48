"""Changing assets in YAML, by a subclass and in Python: whatever is said arrives."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.testing.test_cases import TestOpCustomization

from pgsync_assets import (
    PgSyncTranslator,
    SyncConfig,
    SyncStep,
    SyncTranslatorData,
    build_sync_definitions,
    sync_assets,
)

from .conftest import CONNECTIONS, ORDERS, DefsFolder
from .test_components import refusal
from .test_translator import ORDERS as ORDERS_SYNC
from .test_translator import resources

DESTINATION = dg.AssetKey(["crm", "app", "orders"])
PLANNER = dg.AssetKey(["hightouch_planner", "orders"])
AUDIT = dg.AssetKey(["hightouch_audit", "orders"])
MODEL = dg.AssetKey(["models", "orders"])
RUNS = dg.AssetKey(["hightouch_audit", "sync_runs"])
SOURCE = dg.AssetKey(["shop", "public", "orders"])

POST_PROCESSING = """
post_processing:
  assets:
    - target: key:crm/app/orders
      attributes: {owners: ["team:crm"], metadata: {runbook: "https://example.com"}}
    - target: tag:pgsync/sync=orders
      attributes: {tags: {tier: gold}}
    - target: kind:sql
      attributes: {description: "Orders that are open."}
"""
SUBCLASS = """
import dagster as dg
import pgsync_assets

class Owned(pgsync_assets.PgSyncComponent):
    def get_asset_spec(self, data):
        return super().get_asset_spec(data).merge_attributes(owners=["team:" + data.kind])

    def execute(self, step):
        yield dg.MaterializeResult(step.specs.destination.key, metadata={"said": step.sync.name})
"""
EVERY_FIELD: dict[str, Any] = {
    "description": "Told.",
    "metadata": {"told": 1},
    "group_name": "told",
    "code_version": "told",
    "automation_condition": dg.AutomationCondition.eager(),
    "owners": ["team:told"],
    "tags": {"told": "yes"},
    "kinds": {"told"},
    "freshness_policy": dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=1)),
}
OURS = {
    "key": "decides who is upstream of whom; a translator that changes it is tested by itself",
    "deps": "are what the sync reads",
    "skippable": "makes one step of three assets that can be run apart",
    "partitions_def": "is what the sync says under partitions",
    "is_virtual": "an asset that has no run; each of ours has one",
}
"""Fields of a spec that a translator cannot take from us, and why."""


def with_lines(text: str, more: str) -> str:
    return f"{text.rstrip()}\n{more.lstrip()}"


def test_post_processing_reaches_assets_by_key_tag_and_kind(defs_folder: DefsFolder) -> None:
    sql = ORDERS.replace("table: public.orders, key", "sql: select id from orders, key")
    written = {"connections": CONNECTIONS, "orders": with_lines(sql, POST_PROCESSING)}
    graph = defs_folder.write(written).load().resolve_asset_graph()
    table = graph.get(DESTINATION)
    assert table.owners == ["team:crm"]
    assert table.metadata["runbook"] == "https://example.com"
    assert {key for key in graph.get_all_asset_keys() if "tier" in graph.get(key).tags} == {
        DESTINATION,
        PLANNER,
        AUDIT,
    }
    assert graph.get(MODEL).description == "Orders that are open."


def test_a_subclass_of_a_project_names_and_runs_its_syncs(
    defs_folder: DefsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (defs_folder.path.parent / "crm_syncs_of_a_test.py").write_text(SUBCLASS)
    monkeypatch.syspath_prepend(str(defs_folder.path.parent))
    own = ORDERS.replace("pgsync_assets.PgSyncComponent", "crm_syncs_of_a_test.Owned")
    definitions = defs_folder.write({"connections": CONNECTIONS, "orders": own}).load()
    graph = definitions.resolve_asset_graph()
    owners = {key.to_user_string(): graph.get(key).owners for key in graph.get_all_asset_keys()}
    assert owners["crm/app/orders"] == ["team:destination"]
    assert owners["models/orders"] == ["team:model"]
    assert owners["shop/public/orders"] == ["team:source_table"]
    job = definitions.resolve_implicit_global_asset_job_def()
    for name in ("SHOP_HOST", "SHOP_PORT", "SHOP_PW", "CRM_PW"):
        monkeypatch.setenv(name, "5432")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, asset_selection=[DESTINATION])
    (event,) = result.asset_materializations_for_node("sync_orders")
    assert event.metadata["said"].value == "orders"


def test_what_the_decorator_is_given_is_what_runs() -> None:
    said = []

    @sync_assets(ORDERS_SYNC)
    def orders(step: SyncStep) -> Iterable[Any]:
        said.append((step.sync.name, step.config.dry_run))
        yield dg.MaterializeResult(step.specs.planner.key)

    assert dg.materialize([orders], selection=[PLANNER], resources=resources()).success
    assert said == [("orders", False)]


def test_every_field_of_a_spec_arrives() -> None:
    fields = set(inspect.signature(dg.AssetSpec.__new__).parameters) - {"cls", "kwargs"}
    assert fields == EVERY_FIELD.keys() | OURS.keys()

    class Told(PgSyncTranslator):
        def get_asset_spec(self, data: SyncTranslatorData) -> dg.AssetSpec:
            return super().get_asset_spec(data).replace_attributes(**EVERY_FIELD)

    sync = SyncConfig.model_validate(ORDERS_SYNC.model_dump() | {"table": "app.orders"})
    whole = dg.Definitions.merge(
        build_sync_definitions([sync], translator=Told()), dg.Definitions(resources=resources())
    )
    specs = {spec.key: spec for spec in whole.resolve_all_asset_specs()}
    for key in (MODEL, DESTINATION, PLANNER, AUDIT, SOURCE, RUNS):
        for name in EVERY_FIELD.keys() - {"metadata", "tags", "kinds"}:
            assert getattr(specs[key], name) == EVERY_FIELD[name], (key, name)
        assert specs[key].metadata["told"] == 1
        assert specs[key].tags["told"] == "yes"
        assert specs[key].kinds == {"told"}


class TestOp(TestOpCustomization):
    """Dagster's own cases for `op`."""

    def test_op_customization(
        self, attributes: Any, assertion: Any, defs_folder: DefsFolder
    ) -> None:
        """What is said of the step arrives; its name is that of its sync."""
        document = yaml.safe_load(ORDERS)
        document["attributes"]["op"] = attributes
        document["attributes"]["syncs"][0]["partitions"] = {"hash": 2}
        defs_folder.write({"connections": CONNECTIONS, "orders": yaml.safe_dump(document)})
        if "name" in attributes:
            assert "op.name" in refusal(defs_folder)
            return
        found = defs_folder.load().resolve_assets_def(DESTINATION)
        step = found if "backfill_policy" in attributes else found.op
        assert assertion(step)
