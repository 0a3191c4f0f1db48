"""What the docs say of maintenance and of `status`: the YAML is loaded, the commands are run."""

from __future__ import annotations

import re
from pathlib import Path

import dagster as dg
import yaml

from pgsync_assets.assets.components.scaffolders import MaintenanceScaffolder, example
from pgsync_assets.assets.defs_folder import load_folder
from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.cli.status import WORST_FIRST

from .conftest import CliProject

PAGE = (Path(__file__).parents[3] / "docs" / "dagster.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Maintenance and status\n")[2].partition("\n## ")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)


def test_the_yaml_is_what_is_scaffolded_and_loads(project: CliProject) -> None:
    (shown,) = blocks("yaml")
    scaffolded = example(MaintenanceScaffolder.example).replace("EXAMPLE", "maintenance")
    assert yaml.safe_load(shown) == yaml.safe_load(scaffolded)
    (project.folder / "maintenance").mkdir()
    (project.folder / "maintenance" / "defs.yaml").write_text(scaffolded)
    definitions = load_folder(project.folder)
    key = dg.AssetKey(["maintenance", "dagster_history"])
    assert key in definitions.resolve_asset_graph().get_all_asset_keys()
    assert definitions.resolve_schedule_def("maintenance").cron_schedule == "17 3 * * *"
    assert project.run("check", "orders").exit_code == ExitCode.OK  # knows that it is another's


def test_the_commands(project: CliProject) -> None:
    project.pair.destination.execute("alter table orders add check (amount < 25)")
    project.sync(schedule="15 minutes")
    project.run("run", "orders")
    (commands,) = blocks("bash")
    for command in re.findall(r"^pgsync-assets (.+?) *(?:#.*)?$", commands, re.MULTILINE):
        assert project.run(*command.split()).exit_code == ExitCode.ROWS_REJECTED
    headings, *_, told = project.run("status").stdout.splitlines()
    assert headings.split() in [line.split() for line in SECTION.splitlines()]
    assert told in SECTION.splitlines()
    rows = re.findall(r"^\| ([\d, ]+) \|", SECTION, re.MULTILINE)
    assert [int(code) for row in rows for code in row.split(",")] == list(WORST_FIRST)
