"""What docs/audit.md says of a row's history and a run's page: its commands are run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject

PAGE = (Path(__file__).parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")
SECTION, OF_PAGES = (
    PAGE.partition(heading)[2].partition("\n## ")[0]
    for heading in ("## A row's history\n", "### A run as a page of your own\n")
)
COMMAND = re.compile(r"^pgsync-assets (.+?) *(?:#.*)?$", re.MULTILINE)
TIME = re.compile(r"\d{4}-\d\d-\d\d( [\d:]{8})?")


def lines(text: str) -> list[str]:
    return [TIME.sub("TIME", line).rstrip() for line in text.strip().splitlines()]


def test_the_commands(project: CliProject) -> None:
    project.sync(audit="full")
    source = project.pair.source
    project.run("run", "orders")
    source.execute("update orders set amount = 25.5, customer = 'Bea' where id = 2")
    project.run("run", "orders")
    project.pair.destination.execute("alter table orders add constraint small check (amount < 50)")
    source.execute("update orders set amount = 99 where id = 2")
    project.run("run", "orders")
    commands, shown = SECTION.split("```")[1:4:2]
    told = []
    pages = OF_PAGES.split("```")[1]
    for command in COMMAND.findall(commands + pages):
        ended = project.run(*shlex.split(command))
        assert ended.exit_code == ExitCode.OK, ended.stderr
        told.append(ended.stdout)
    assert lines(told[0]) == lines(shown)
    assert "both ends have it, and differ in amount" in told[1]
