"""The YAML of docs/dagster.md about runs is what the code takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from pgsync_assets.assets.run_config import SyncRunConfig
from pgsync_assets.cli import app
from pgsync_assets.config import ConnectionConfig

PAGE = (Path(__file__).parents[3] / "docs" / "dagster.md").read_text()
SECTION = PAGE.partition("## Running a sync")[2].partition("\n## ")[0]


def blocks() -> list[dict[str, Any]]:
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)]


def test_each_key_of_the_launchpad_is_one() -> None:
    run, _ = blocks()
    assert SyncRunConfig(**run["ops"]["sync_orders"]["config"]).row_limit == 1000
    shown = dict(re.findall(r"^\| `(\w+): (\w+)` \|", SECTION, re.MULTILINE))
    known = set(SyncRunConfig.model_fields) - {"operation"}
    assert set(shown) == known
    for name, value in shown.items():
        assert SyncRunConfig(**{name: yaml.safe_load(value)}).problem(1) is None


def test_the_connection_is_one() -> None:
    _, connections = blocks()
    crm = ConnectionConfig.model_validate(connections["connections"]["crm"])
    assert crm.max_runs == 1


def test_the_options_are_there() -> None:
    for command, option in re.findall(r"`pgsync-assets (\w+) orders (--[\w-]+)", SECTION):
        assert option in CliRunner().invoke(app, [command, "--help"]).output
