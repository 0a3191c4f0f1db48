"""Models that stand by themselves under `models:`: assets of their own, which many syncs name."""

from __future__ import annotations

import dagster as dg
import pytest

from pgsync_assets import (
    ModelConfig,
    PgSyncTranslator,
    PostgresConnection,
    PostgresWriter,
    SyncConfig,
    SyncTranslatorData,
    build_sync_definitions,
)
from pgsync_assets.errors import ConfigurationError
from pgsync_assets.project import read_project

from .conftest import CONNECTIONS, DefsFolder
from .test_components import key, parents, refusal

MODELS = """
type: pgsync_assets.PgSyncComponent
attributes:
  models:
    orders:
      source: shop
      table: public.orders
      key: [id]
      description: What customers ordered.
      tags: {domain: sales}
      owners: ["team:data", ada@example.com]
      group: sales
    paid:
      source: shop
      sql: select id from orders
      uses: [orders]
      key: [id]
    scores: {asset: analytics/scores, key: [id]}
    ratings: {python: "shop.frames:ratings", key: [id]}
    rates: {file: rates.csv, key: [code]}
"""
TO_CRM = """
type: pgsync_assets.PgSyncComponent
attributes:
  syncs:
    - name: orders
      model: orders
      destination: crm
      table: app.orders
      description: Orders for the support team.
      tags: {tier: gold}
      owners: ["team:crm"]
      group: support
    - {name: scores, model: scores, destination: crm, table: app.scores}
"""
BACK = """
type: pgsync_assets.PgSyncComponent
attributes:
  syncs:
    - {name: archive, model: orders, destination: shop, table: archive.orders}
    - {name: paid, source: shop, model: {sql: select id from orders, uses: [orders], key: [id],
       name: paid_orders}, destination: crm, table: app.paid}
"""
FILES = {"connections": CONNECTIONS, "a_syncs": TO_CRM, "back": BACK, "models": MODELS}


@pytest.fixture
def many(defs_folder: DefsFolder) -> dg.Definitions:
    """Models in a file of their own, and syncs of them in two others, read before and after it."""
    return defs_folder.write(FILES).load()


def test_the_graph_of_models_that_stand_by_themselves(many: dg.Definitions) -> None:
    found = parents(many)
    assert found["models/orders"] == {"shop/public/orders"}
    assert found["crm/app/orders"] == found["shop/archive/orders"] == {"models/orders"}
    assert "models/orders" in found["models/paid"] & found["models/paid_orders"]
    assert found["models/scores"] == {"analytics/scores"}
    assert found["crm/app/scores"] == {"models/scores"}
    assert found["models/ratings"] == found["models/rates"] == set()


def test_each_model_is_one_asset_also_one_that_no_sync_uses(many: dg.Definitions) -> None:
    steps = [d.op.name for d in many.resolve_asset_graph().assets_defs if d.is_executable]
    names = ("orders", "paid", "paid_orders", "rates", "ratings", "scores")
    assert sorted(n for n in steps if n.startswith("model_")) == [f"model_{n}" for n in names]


def test_rows_that_are_loaded_need_no_resource_named_platform(many: dg.Definitions) -> None:
    for name in ("models/scores", "models/rates", "crm/app/scores"):
        needed = many.resolve_assets_def(key(name)).required_resource_keys
        assert {"platform", ""}.isdisjoint(needed)
    assert many.resolve_assets_def(key("models/orders")).required_resource_keys >= {"shop"}


def test_what_is_written_about_models_and_syncs_reaches_their_assets(many: dg.Definitions) -> None:
    graph = many.resolve_asset_graph()
    model, table = graph.get(key("models/orders")), graph.get(key("crm/app/orders"))
    assert (model.group_name, model.owners) == ("sales", ["team:data", "ada@example.com"])
    assert (model.tags["domain"], model.tags["pgsync/model"]) == ("sales", "orders")
    assert str(model.description).startswith("What customers ordered.")
    assert (table.group_name, table.owners) == ("support", ["team:crm"])
    assert (table.tags["tier"], table.tags["pgsync/sync"]) == ("gold", "orders")
    assert "domain" not in table.tags
    assert table.description == "Orders for the support team."
    assert graph.get(key("shop/archive/orders")).group_name == "shop"
    for name in ("hightouch_planner/orders", "hightouch_audit/orders"):
        assert (graph.get(key(name)).owners, graph.get(key(name)).tags["tier"]) == (
            ["team:crm"],
            "gold",
        )


def test_translation_changes_the_models_of_its_own_component(defs_folder: DefsFolder) -> None:
    words = '  translation: {key_prefix: dwh, tags: {model: "{{ data.model.name }}"}}\n'
    definitions = defs_folder.write({**FILES, "models": MODELS + words}).load()
    found = parents(definitions)
    assert found["crm/app/orders"] == found["shop/archive/orders"] == {"dwh/models/orders"}
    assert "dwh/models/orders" in found["dwh/models/paid"] & found["models/paid_orders"]
    assert definitions.resolve_asset_graph().get(key("dwh/models/rates")).tags["model"] == "rates"


def test_both_readers_have_the_same_models(defs_folder: DefsFolder) -> None:
    defs_folder.write(FILES)
    project = read_project(defs_folder.path)
    assert set(project.models) == {"orders", "paid", "scores", "ratings", "rates"}
    assert project.sync("archive").model == project.models["orders"]


MODEL = "    {name}: {{source: shop, table: public.{name}, key: [id]{more}}}\n"


def models(*lines: str) -> str:
    return MODELS.split("    orders:")[0] + "".join(lines)


REFUSED: dict[str, tuple[str, int | None, str]] = {
    "a tag": (models(MODEL.format(name="a", more=", tags: {pgsync/x: y}")), 5, "are not yours"),
    "an owner": (models(MODEL.format(name="a", more=", owners: [ada]")), 5, "team:NAME"),
    "a group": (models(MODEL.format(name="a", more=", group: my group")), 5, "letters, digits"),
    "an unknown key": (models(MODEL.format(name="a", more=", tabel: x")), 5, "tabel"),
    "the name of another model": (
        models(MODEL.format(name="orders", more="")),
        5,
        "another model is named 'orders' too",
    ),
    "an unknown source": (
        models(MODEL.format(name="a", more="").replace("shop", "shp")),
        5,
        "shop",
    ),
    "a source of loaded rows": (
        models("    a: {source: shop, python: 'a.b:c', key: [id]}\n"),
        5,
        "leave it out",
    ),
    "a model that is not there": (
        TO_CRM.replace("model: scores", "model: score").replace("name: ", "name: x"),
        13,
        "did you mean 'scores'",
    ),
    "a model of its own with that name": (
        TO_CRM.replace("model: orders", "model: {name: paid, table: a.b, key: [id]}")
        .replace("name: ", "name: x")
        .replace("name: xpaid", "name: paid")
        .replace("      destination: crm\n", "      source: shop\n      destination: crm\n", 1)
        .replace("app.", "app.x"),
        6,
        "another model is named 'paid'",
    ),
    "a sensor on rows that no table has": (
        "\ntype: pgsync_assets.PgSourceChangedComponent\nattributes: {name: n, syncs: [scores]}",
        None,
        "give it a schedule",
    ),
    "a key that cannot be lossy": (
        TO_CRM.replace("model: orders", "model: orders\n      lossy: [id]").replace(
            "name: ", "name: x"
        ),
        5,
        "two keys could become one",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_both_readers_and_in_the_file_with_its_line(
    case: str, defs_folder: DefsFolder
) -> None:
    text, line, words = REFUSED[case]
    defs_folder.write({**FILES, "wrong": text})
    assert words in refusal(defs_folder)
    if line is None:
        return  # what only Dagster has, the command line passes over
    with pytest.raises(ConfigurationError) as caught:
        read_project(defs_folder.path)
    (told,) = [one for one in str(caught.value).splitlines() if words in one]
    assert f"wrong/defs.yaml:{line}:" in told


def test_a_model_that_several_components_spell_out_is_one_asset(defs_folder: DefsFolder) -> None:
    own = TO_CRM.split("    - name: orders")[0] + (
        "    - {{name: {0}, source: shop, model: {{name: people, table: public.people, key: [id]}},"
        " destination: crm, table: app.{0}}}\n"
    )
    files = {"connections": CONNECTIONS, "one": own.format("one"), "two": own.format("two")}
    found = parents(defs_folder.write(files).load())
    assert found["crm/app/one"] == found["crm/app/two"] == {"models/people"}


def test_a_model_of_a_syncs_own_may_name_its_source(defs_folder: DefsFolder) -> None:
    text = BACK.split("    - {name: archive")[0] + (
        "    - {name: a, source: shop, model: {source: shop, table: public.a, key: [id]},"
        " destination: crm, table: app.a}\n"
    )
    definitions = defs_folder.write({"connections": CONNECTIONS, "a": text}).load()
    assert definitions.resolve_assets_def(key("models/a")).is_executable


# In Python.

FRAMES = {
    "scores": ModelConfig(asset="analytics/scores", key=("id",)),
    "ratings": ModelConfig(python="shop.frames:ratings", key=("id",)),
}


def sync(name: str, model: ModelConfig, table: str = "app.a", **more: str) -> SyncConfig:
    return SyncConfig(name=name, model=model, destination="crm", table=table, **more)


def assets_of(
    syncs: list[SyncConfig], translator: PgSyncTranslator | None = None
) -> dg.Definitions:
    crm = PostgresConnection(name="crm", host="h", database="crm", user="u")
    found = build_sync_definitions(syncs, models=FRAMES, translator=translator)
    writer = {"crm_writer": PostgresWriter(connection=crm)}
    return dg.Definitions.merge(found, dg.Definitions(resources=writer))


def test_frames_in_python() -> None:
    named = sync("to_crm", ModelConfig(ref="scores"), "app.scores")
    own = sync("own", ModelConfig(asset="other", key=("id",)), "app.own")
    graph = assets_of([named, own]).resolve_asset_graph()
    assert graph.get(key("crm/app/scores")).parent_keys == {key("models/scores")}
    assert graph.get(key("models/scores")).parent_keys == {key("analytics/scores")}
    assert graph.get(key("models/own")).parent_keys == {key("other")}
    assert graph.get(key("models/ratings")).is_materializable


def test_a_clash_of_names_is_told_in_python_too() -> None:
    other = sync("ratings", ModelConfig(table="a.b", key=("id",)), source="shop")
    with pytest.raises(ConfigurationError, match="ratings: another model is named 'ratings'"):
        build_sync_definitions([other], models=FRAMES)
    with pytest.raises(ConfigurationError, match="no model is named 'score'"):
        build_sync_definitions([sync("a", ModelConfig(ref="score"))], models=FRAMES)


def test_a_translator_may_take_every_tag_away() -> None:
    class Untagged(PgSyncTranslator):
        def get_asset_spec(self, data: SyncTranslatorData) -> dg.AssetSpec:
            return super().get_asset_spec(data).replace_attributes(tags={})

    made = assets_of([sync("to_crm", ModelConfig(ref="scores"))], Untagged())
    assert made.resolve_assets_def(key("models/scores")).op.name == "model_scores"
