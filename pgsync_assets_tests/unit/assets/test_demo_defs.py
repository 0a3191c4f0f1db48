"""The demo's definitions load with every server down and no variable set."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import pytest

import pgsync_assets
from pgsync_assets.assets.defs_folder import chosen_folder, load_folder

PACKAGE = Path(pgsync_assets.__file__).parent


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("PGSYNC_", "DAGSTER_")):
            monkeypatch.delenv(name)


def test_the_demo_loads() -> None:
    definitions = load_folder(PACKAGE / "demo" / "defs")
    dg.Definitions.validate_loadable(definitions)
    graph = definitions.resolve_asset_graph()
    flights = graph.get(dg.AssetKey(["demo_destination", "app", "flights"]))
    assert flights.partitions_def is not None
    keys = flights.partitions_def.get_partition_keys()
    assert (keys[0], keys[-1], len(keys)) == ("2013-01-01", "2014-01-01", 13)
    carriers = graph.get(dg.AssetKey(["models", "carriers"]))
    assert carriers.parent_keys == {
        dg.AssetKey(["demo_source", "nyc", "airlines"]),
        dg.AssetKey(["demo_source", "nyc", "flights"]),
    }


def test_a_project_of_ones_own_starts_clean() -> None:
    assert chosen_folder() == PACKAGE / "defs"
    definitions = load_folder(chosen_folder())
    assert definitions.resolve_asset_graph().get_all_asset_keys() == set()
