"""docs/models.md, Lineage: what it shows is what comes out, and its picture is made by the command.

After a change of the picture: copy the one that the failing test names over that of the docs.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from .conftest import CliProject

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "models.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("\n## Lineage\n") :]
PICTURE = DOCS / "images" / "column_lineage.svg"


def block(language: str) -> str:
    """The first fenced block of a language in the section."""
    found = re.search(rf"^```{language}\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_of_the_page(project: CliProject, tmp_path: Path) -> None:
    source = project.pair.source
    source.execute(block("sql"), f"grant usage on schema sales to {source.user}")
    source.grant_table("turnover", schema="sales")
    source.grant_table("customers", schema="sales")
    project.sync(**yaml.safe_load(block("yaml")))
    commands = [line.partition("#")[0].split()[1:] for line in block("sh").splitlines()]
    tree = block("text").splitlines()
    for command in commands:
        where = [str(tmp_path / word) if word.endswith(".svg") else word for word in command]
        ended = project.run(*where)
        assert ended.exit_code == 0, ended.stderr
        if len(command) == 2:
            assert [line.rstrip() for line in ended.stdout.splitlines()] == tree
    made = tmp_path / "customers.svg"
    assert made.read_text(encoding="utf-8") == PICTURE.read_text(encoding="utf-8"), made
