"""YAML as assets: keys, lineage, and what is refused while it is read."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from .conftest import CONNECTIONS, ORDERS, DefsFolder

SYNC = """
type: pgsync_assets.PgSyncComponent
attributes:
  syncs:
    - {{name: {name}, source: {source}, model: {model}, destination: {destination}, table: {table}}}
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
    assert {check.name for check in step.check_specs} == {"no_rejected_rows", "counts_agree"}
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


def test_one_schedule_for_each_component(defs_folder: DefsFolder) -> None:
    schedule = """
type: pgsync_assets.PgScheduleComponent
attributes: {name: nightly, cron_schedule: "0 1 * * *", timezone: Europe/Berlin, syncs: [orders]}
"""
    files = {"connections": CONNECTIONS, "orders": ORDERS, "nightly": schedule}
    definitions = defs_folder.write(files).load()
    (found,) = definitions.schedules or []
    assert isinstance(found, dg.ScheduleDefinition)
    assert (found.cron_schedule, found.execution_timezone) == ("0 1 * * *", "Europe/Berlin")


REFUSED = {
    "unknown connection": (one_sync("a", source="shopp"), "did you mean 'shop'"),
    "unknown key": (ORDERS + "      nope: 1\n", "defs.yaml:10"),
    "missing key": (ORDERS.replace("      table: app.orders\n", ""), "table"),
    "template": (
        one_sync("a", model='{sql: "select {{ env.PW }}", key: [id]}'),
        "write $NAME for an environment variable",
    ),
    "missing sql_file": (one_sync("a", model="{sql_file: nope.sql, key: [id]}"), "nope.sql"),
    "schedule without its sync": (
        "type: pgsync_assets.PgScheduleComponent\n"
        'attributes: {name: n, cron_schedule: "@daily", syncs: [ordres]}',
        "did you mean 'orders'",
    ),
    "schedule with two targets": (
        "type: pgsync_assets.PgScheduleComponent\n"
        'attributes: {name: n, cron_schedule: "@daily", syncs: [orders], selection: "*"}',
        "exactly one of syncs, selection",
    ),
    "sensor on SQL that cannot be read": (
        one_sync("b", model="{sql: select from where, key: [id]}", table="app.b")
        + "---\ntype: pgsync_assets.PgSourceChangedComponent\nattributes: {name: n, syncs: [b]}",
        "name them under `tables`",
    ),
    "sensor on a partitioned sync": (
        one_sync(
            "b",
            table="app.b, partitions: {column: id, every: day, start: 2024-01-01}",
        )
        + "---\ntype: pgsync_assets.PgSourceChangedComponent\nattributes: {name: n, syncs: [b]}",
        "is partitioned",
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
