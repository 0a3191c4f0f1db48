"""docs/dagster.md, the section on components: what it shows loads, and it names all of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import dagster as dg

import pgsync_assets

from .conftest import CONNECTIONS, DefsFolder

PAGE = (Path(__file__).parents[3] / "docs" / "dagster.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Components\n")[1].split("\n## ")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


def test_every_component_is_named() -> None:
    named = set(re.findall(r"`(Pg\w+Component)`", SECTION))
    assert named == {name for name in pgsync_assets.__all__ if name.endswith("Component")}


def test_what_is_shown_loads_and_does_what_is_said(defs_folder: DefsFolder) -> None:
    columns, syncs = blocks("yaml")
    files = {"connections": CONNECTIONS, "columns": columns, "orders": syncs}
    graph = defs_folder.write(files).load().resolve_asset_graph()
    table = graph.get(dg.AssetKey(["crm", "app", "orders"]))
    assert table.owners == ["team:crm"]
    assert table.tags.items() >= {"destination": "crm", "tier": "gold"}.items()
    assert table.metadata["runbook"] == "https://example.com/orders"
    assert table.pools == {"slow"}


def test_the_subclass_is_one() -> None:
    (code,) = blocks("python")
    names: dict[str, Any] = {"__name__": "written_on_the_page"}
    exec(code, names)  # noqa: S102 - what we ask people to write
    data = pgsync_assets.SyncTranslatorData("audit_table", table=("hightouch_audit", "sync_runs"))
    assert names["CrmSyncs"]().get_asset_spec(data).tags["part"] == "audit_table"
