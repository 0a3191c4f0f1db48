"""The page about plans, followed to the letter: its commands with its numbers, its YAML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pgsync_assets.assets.defs_folder import load_folder
from pgsync_assets.cli.exit_code import ExitCode

from .cli.conftest import CliProject, project  # noqa: F401 - a fixture

PAGE = (Path(__file__).parents[2] / "docs" / "plans.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[list[str]]:
    found = re.findall(r"^pgsync-assets (.+?) *(?:#.*)?$", block, re.MULTILINE)
    return [line.split() for line in found]


@pytest.mark.usefixtures("database_pair")
def test_the_page(project: CliProject) -> None:  # noqa: F811 - the fixture
    look, guarded = map(commands, blocks("bash"))
    guard, sensor = map(yaml.safe_load, blocks("yaml"))
    project.sync(delete="delete_row", **guard)
    project.run("run", "orders")
    project.pair.source.execute(
        "update orders set amount = 1 where id = 1", "insert into orders values (4, 'Joe', 1)"
    )
    project.sync(delete="delete_row", guard={"max_removed": 2})
    for command in look:
        ended = project.run(*command)
        assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "customer" in Path("changes.csv").read_text()
    assert project.pair.destination.rows("select count(*) from orders") == [(4,)]
    project.pair.source.execute("delete from orders where id <> 2")
    codes = [project.run(*command).exit_code for command in guarded]
    assert codes == [ExitCode.HELD, ExitCode.OK, ExitCode.OK, ExitCode.OK]
    assert "3 of 4 rows (75.0 %) would be removed" in project.run("run", "orders").message
    assert project.pair.destination.rows("select count(*) from orders") == [(4,)]
    (project.folder / "sensor").mkdir()
    (project.folder / "sensor" / "defs.yaml").write_text(yaml.safe_dump(sensor))
    (defined,) = load_folder(project.folder).sensors or []
    assert defined.name == "plans_approved"
