"""Names and decoration of assets: by YAML, by a subclass, by a translator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import dagster as dg
import pytest
from dagster.components.testing.test_cases import TestTranslation
from dagster.components.testing.utils import create_defs_folder_sandbox

from pgsync_assets import (
    PgSyncComponent,
    PgSyncTranslator,
    PostgresConnection,
    PostgresWriter,
    SyncConfig,
    SyncStep,
    SyncTranslatorData,
    build_sync_definitions,
    sync_assets,
)
from pgsync_assets.assets.translator import table_key

from ...corpus_names import NAMES

ORDERS = SyncConfig.model_validate(
    {
        "name": "orders",
        "source": "shop",
        "model": {"table": "public.orders", "key": ["id"]},
        "destination": "crm",
        "table": 'app."Order Items"',
    }
)


class Owned(PgSyncTranslator):
    """Gives every asset an owner and the destination a key of its own."""

    def get_asset_spec(self, data: SyncTranslatorData) -> dg.AssetSpec:
        """As the base class has it, and more."""
        spec = super().get_asset_spec(data).replace_attributes(owners=["team:crm"])
        return spec.replace_attributes(key="orders") if data.kind == "destination" else spec


def resources() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("shop", "crm"):
        found[name] = PostgresConnection(name=name, host="h", database=name, user="u")
        found[f"{name}_writer"] = PostgresWriter(connection=found[name])
    return found


def graph_of(sync: SyncConfig, translator: PgSyncTranslator | None = None) -> Any:
    definitions = build_sync_definitions([sync], translator=translator)
    whole = dg.Definitions.merge(definitions, dg.Definitions(resources=resources()))
    return whole.resolve_asset_graph()


def test_a_translator_names_every_asset() -> None:
    graph = graph_of(ORDERS, Owned())
    assert dg.AssetKey("orders") in graph.get_all_asset_keys()
    assert all(graph.get(key).owners == ["team:crm"] for key in graph.get_all_asset_keys())


def test_the_decorator_makes_one_step() -> None:
    @sync_assets(ORDERS, translator=Owned(), pool="slow", op_tags={"size": "large"})
    def orders(step: SyncStep) -> Iterable[Any]:
        yield from step.run()

    assert orders.op.name == "sync_orders"
    assert (orders.op.pool, orders.op.tags["size"]) == ("slow", "large")
    assert dg.AssetKey("orders") in orders.keys
    assert orders.required_resource_keys >= {"shop", "crm_writer"}


def test_names_that_no_key_can_have_stay_apart() -> None:
    names = ["Order Items", "Order-Items", "Order_Items", "Größe"]
    keys = {table_key("crm", "app", name) for name in names}
    assert len(keys) == 4
    assert table_key("crm", "app", "Order_Items").path == ["crm", "app", "Order_Items"]
    key = table_key("crm", "app", "Order Items")
    assert key.path[-1].startswith("Order_Items_")
    assert graph_of(ORDERS).get(key).metadata["dagster/table_name"] == "app.Order Items"


def test_tables_of_every_name_have_keys_of_their_own() -> None:
    syncs = [
        ORDERS.model_copy(update={"name": f"sync_{n}", "table": f"public.{quoted(name)}"})
        for n, name in enumerate(NAMES)
    ]
    whole = dg.Definitions.merge(
        build_sync_definitions([SyncConfig.model_validate(one.model_dump()) for one in syncs]),
        dg.Definitions(resources=resources()),
    )
    graph = whole.resolve_asset_graph()
    tables = [graph.get(table_key("crm", "public", name)) for name in NAMES]
    assert [node.metadata["dagster/table_name"] for node in tables] == [
        f"public.{name}" for name in NAMES
    ]
    assert len({node.key.to_user_string().lower() for node in tables}) == len(NAMES)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def test_code_versions_follow_the_configuration() -> None:
    def versions(sync: SyncConfig) -> dict[str, str | None]:
        graph = graph_of(sync)
        return {
            key.to_user_string(): graph.get(key).code_version for key in graph.get_all_asset_keys()
        }

    first, same = versions(ORDERS), versions(SyncConfig.model_validate(ORDERS.model_dump()))
    other = versions(ORDERS.model_copy(update={"mode": "update"}))
    assert first == same
    assert other["hightouch_planner/orders"] != first["hightouch_planner/orders"]
    assert other["models/orders"] == first["models/orders"]


def test_a_subclass_changes_specs_and_execution() -> None:
    class Announced(PgSyncComponent):
        def get_asset_spec(self, data: SyncTranslatorData) -> dg.AssetSpec:
            return super().get_asset_spec(data).merge_attributes(tags={"tier": data.kind})

        def execute(self, step: SyncStep) -> Iterable[Any]:
            yield dg.MaterializeResult(step.specs.planner.key, metadata={"said": "hello"})

    component = Announced(syncs=[ORDERS])
    assert component.syncs == [ORDERS]
    specs = PgSyncTranslator().get_asset_spec(SyncTranslatorData("planner", ORDERS, "shop"))
    assert component.get_asset_spec(SyncTranslatorData("planner", ORDERS, "shop")).tags == {
        **specs.tags,
        "tier": "planner",
    }


@pytest.mark.filterwarnings("ignore:Accessing:DeprecationWarning")  # a case of Dagster's own
class TestYamlTranslation(TestTranslation):
    """Dagster's own cases for `translation`."""

    def test_translation(self, attributes: Any, assertion: Any, key_modifier: Any) -> None:
        """Each attribute that a spec can have, written in YAML, reaches syncs and models."""
        with create_defs_folder_sandbox() as sandbox:
            sandbox.scaffold_component(
                component_cls=PgSyncComponent,
                defs_path="crm",
                defs_yaml_contents={
                    "type": "pgsync_assets.PgSyncComponent",
                    "attributes": {
                        "models": {"people": {"python": "a.b:people", "key": ["id"]}},
                        "syncs": [ORDERS.model_dump(mode="json", exclude_unset=True)],
                        "translation": attributes,
                    },
                },
            )
            sandbox.scaffold_component(
                component_cls=PgSyncComponent,
                defs_path="connections",
                defs_yaml_contents={
                    "type": "pgsync_assets.PgConnectionsComponent",
                    "attributes": {
                        "connections": {
                            name: {"host": "h", "database": name, "user": "u"}
                            for name in ("shop", "crm")
                        }
                    },
                },
            )
            with sandbox.build_all_defs() as definitions:
                for path in (["hightouch_audit", "orders"], ["models", "people"]):
                    key = dg.AssetKey(path)
                    found = key_modifier(key) if key_modifier else key
                    assert assertion(definitions.resolve_assets_def(found).get_asset_spec(found))
