"""docs/models.md: the function and the file that it shows are models of syncs that run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.connect.platform import VARIABLES

from ...fix_databases import Side
from .conftest import CliProject

PAGE = (Path(__file__).parents[3] / "docs" / "models.md").read_text(encoding="utf-8")
TABLES = {
    "scores": "customer_id bigint primary key, score double precision, tags text[]",
    "prices": "sku text primary key, price numeric(10,2), since date",
}


def blocks(section: str, language: str) -> list[str]:
    """The code blocks of a section."""
    text = PAGE[PAGE.index(f"\n## {section}\n") :].partition("\n## ")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_each_example_runs(
    project: CliProject, platform_side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name, variable in VARIABLES.items():
        project.environment[variable] = str(getattr(platform_side, name))
    for name, columns in TABLES.items():
        project.pair.destination.execute(f"create table {name} ({columns})")
        project.pair.destination.grant_table(name, "SELECT", "INSERT", "UPDATE", "DELETE")
    (function,) = [block for block in blocks("A DataFrame", "python") if "shop_scores" in block]
    Path("shop_scores.py").write_text(function)  # in the working directory
    (project.folder / "prices.csv").write_text("sku,price,since\n007,1.50,2024-02-29\n")
    names = []
    for section in ("A DataFrame", "A file"):
        for block in blocks(section, "yaml"):
            sync = yaml.safe_load(block)["attributes"]["syncs"][0]
            if sync["name"] in TABLES:
                names.append(sync["name"])
                ended = _in_one_file(project, block).run("run", sync["name"])
                assert ended.exit_code == ExitCode.OK, ended.stderr
    assert names == ["scores", "prices"]
    rows = project.pair.destination.rows
    assert rows("select * from scores order by 1") == [(1, 0.93, ["new"]), (2, None, [])]
    assert rows("select sku, price::text, since::text from prices") == [
        ("007", "1.50", "2024-02-29")
    ]


def _in_one_file(project: CliProject, block: str) -> CliProject:
    """A folder with a file of its own is a leaf, so the connections stand in the same file."""
    connections = (project.folder / "connections" / "defs.yaml").read_text()
    (project.folder / "defs.yaml").write_text(f"{connections}---\n{block}")
    return project
