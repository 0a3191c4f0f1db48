"""YAML as assets: keys, lineage, and what is refused while it is read."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pgsync_assets.assets.checks import CHECKS_OF_A_RUN

from .conftest import CONNECTIONS, ORDERS, DefsFolder

SYNC = """
type: pgsync_assets.PgSyncComponent
attributes:
  syncs:
    - {{name: {name}, source: {source}, model: {model}, destination: {destination}, table: {table}}}
"""

SEQUENCE = """
type: pgsync_assets.PgSequenceComponent
attributes: {{name: night, steps: {steps}}}
"""


def one_sync(
    name: str,
    *,
    source: str = "shop",
    model: str = "{table: public.orders, key: [id]}",
    destination: str = "crm",
    table: str = "app.orders",
) -> str:
    return SYNC.format(name=name, source=source, model=model, destination=destination, table=table)


def key(text: str) -> dg.AssetKey:
    return dg.AssetKey.from_user_string(text)


def parents(definitions: dg.Definitions) -> dict[str, set[str]]:
    graph = definitions.resolve_asset_graph()
    return {
        found.to_user_string(): {p.to_user_string() for p in graph.get(found).parent_keys}
        for found in graph.get_all_asset_keys()
    }


def told(error: BaseException | None) -> str:
    """The message with those of its causes."""
    words = []
    while error is not None:
        words.append(str(error))
        error = error.__cause__ or error.__context__
    return "\n".join(words)


def refusal(folder: DefsFolder) -> str:
    with pytest.raises(Exception) as caught:  # noqa: B017, PT011 - Dagster wraps ours
        folder.load()
    return told(caught.value)


def test_the_graph_of_a_sync(defs_folder: DefsFolder) -> None:
    definitions = defs_folder.write({"connections": CONNECTIONS, "orders": ORDERS}).load()
    assert parents(definitions) == {
        "shop/public/orders": set(),
        "models/orders": {"shop/public/orders"},
        "crm/app/orders": {"models/orders"},
        "hightouch_planner/orders": {"models/orders"},
        "hightouch_audit/orders": {"models/orders"},
        "hightouch_audit/sync_runs": {"hightouch_audit/orders"},
        "hightouch_audit/sync_changelog": {"hightouch_audit/orders"},
        "hightouch_audit/sync_snapshot": {"hightouch_audit/orders"},
    }
    assert set(definitions.resources or {}) == {"shop", "shop_writer", "crm", "crm_writer"}


def test_one_step_writes_table_state_and_audit(defs_folder: DefsFolder) -> None:
    definitions = defs_folder.write({"connections": CONNECTIONS, "orders": ORDERS}).load()
    step = definitions.resolve_assets_def(key("crm/app/orders"))
    assert step.keys == {
        key("crm/app/orders"),
        key("hightouch_planner/orders"),
        key("hightouch_audit/orders"),
    }
    assert {check.name for check in step.check_specs} == {*CHECKS_OF_A_RUN}
    assert step.op.pool == "dest_crm"


def test_several_components_share_sources_and_audit_tables(defs_folder: DefsFolder) -> None:
    two = one_sync("two", table="app.two")
    documents = f"{one_sync('three', table='app.three')}---{one_sync('four', table='app.four')}"
    files = {"connections": CONNECTIONS, "orders": ORDERS, "two": two, "more": documents}
    found = parents(defs_folder.write(files).load())
    names = ("orders", "two", "three", "four")
    assert found["hightouch_audit/sync_runs"] == {f"hightouch_audit/{name}" for name in names}
    assert all(found[f"models/{name}"] == {"shop/public/orders"} for name in names)


def test_a_destination_can_be_the_source_of_another_sync(defs_folder: DefsFolder) -> None:
    back = one_sync(
        "back",
        source="crm",
        destination="shop",
        model="{table: app.orders, key: [id]}",
        table="public.answers",
    )
    found = parents(
        defs_folder.write({"connections": CONNECTIONS, "a": back, "orders": ORDERS}).load()
    )
    assert found["models/back"] == {"crm/app/orders"}
    assert found["crm/app/orders"] == {"models/orders"}


def test_two_syncs_of_one_model_share_its_asset(defs_folder: DefsFolder) -> None:
    shared = "{name: people, sql: select id from customers, key: [id]}"
    two = ORDERS.replace("{table: public.orders, key: [id]}", shared) + (
        f"    - {{name: other, source: shop, model: {shared}, destination: crm, table: app.other}}"
    )
    found = parents(defs_folder.write({"connections": CONNECTIONS, "two": two}).load())
    assert found["models/people"] == {"shop/public/customers"}
    assert found["crm/app/other"] == found["crm/app/orders"] == {"models/people"}


def test_sql_files_lie_beside_the_yaml(defs_folder: DefsFolder) -> None:
    text = one_sync("orders", model="{sql_file: orders.sql, key: [id]}")
    defs_folder.write({"connections": CONNECTIONS, "orders": text})
    (defs_folder.path / "orders" / "orders.sql").write_text("select id from sales.orders")
    found = parents(defs_folder.load())
    assert found["models/orders"] == {"shop/sales/orders"}


def test_translation_is_for_the_syncs_own_assets(defs_folder: DefsFolder) -> None:
    text = ORDERS + '  translation: {owners: ["team:{{ sync.name }}"], group_name: crm_syncs}\n'
    definitions = defs_folder.write({"connections": CONNECTIONS, "orders": text}).load()
    graph = definitions.resolve_asset_graph()
    assert graph.get(key("crm/app/orders")).owners == ["team:orders"]
    assert graph.get(key("models/orders")).group_name == "crm_syncs"
    assert graph.get(key("shop/public/orders")).group_name == "sources"


def test_an_empty_folder_has_no_definitions(defs_folder: DefsFolder) -> None:
    assert parents(defs_folder.load()) == {}


REFUSED = {
    "unknown connection": (one_sync("a", source="shopp"), "did you mean 'shop'"),
    "unknown key": (ORDERS + "      nope: 1\n", "defs.yaml:10"),
    "missing key": (ORDERS.replace("      table: app.orders\n", ""), "table"),
    "template": (
        one_sync("a", model='{sql: "select {{ env.PW }}", key: [id]}'),
        "write $NAME for an environment variable",
    ),
    "missing sql_file": (one_sync("a", model="{sql_file: nope.sql, key: [id]}"), "nope.sql"),
    "sequence of a sync that there is not": (
        SEQUENCE.format(steps="[{syncs: [orders, ordres]}]"),
        "sequence night, step 1: no sync is named 'ordres'; did you mean 'orders'",
    ),
    "sequence with a sync twice": (
        SEQUENCE.format(steps="[orders, {syncs: [orders]}]"),
        "sequence night: orders stands in it more than once",
    ),
    "sequence without steps": (SEQUENCE.format(steps="[]"), "defs.yaml:3"),
    "sequence with an empty step": (SEQUENCE.format(steps="[{syncs: []}]"), "defs.yaml:3"),
    "sequence with another policy": (
        SEQUENCE.format(steps="[{syncs: [orders], on_error: retry}]"),
        "'stop' or 'continue'",
    ),
    "two sequences of one name": (
        SEQUENCE.format(steps="[orders]") + "---" + SEQUENCE.format(steps="[orders]"),
        "sequence night: another one has the same name",
    ),
    "sequence after something": (
        SEQUENCE.format(steps="[orders], schedule: {after: [orders]}"),
        "sequence night: `after` has no times of its own",
    ),
    "sensor on SQL that cannot be read": (
        one_sync("b", model="{sql: select from where, key: [id]}", table="app.b")
        + "---\ntype: pgsync_assets.PgSourceChangedComponent\nattributes: {name: n, syncs: [b]}",
        "name them under `tables`",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_words(case: str, defs_folder: DefsFolder) -> None:
    text, words = REFUSED[case]
    defs_folder.write({"connections": CONNECTIONS, "orders": ORDERS, "wrong": text})
    assert words in refusal(defs_folder)


def test_a_password_in_the_file_is_refused_and_not_repeated(defs_folder: DefsFolder) -> None:
    defs_folder.write({"connections": CONNECTIONS.replace("$CRM_PW", "geheim-4711")})
    message = refusal(defs_folder)
    assert "a secret is written as $NAME" in message
    assert "defs.yaml:6" in message
    assert "geheim-4711" not in message


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    assert "there is no folder" in refusal(DefsFolder(tmp_path / "nowhere"))
