"""Docs and code agree: pages made from the code are fresh, and what docs show exists."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from pgsync_assets.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
MADE = runpy.run_path(str(ROOT / "tools/docs.py"))["PAGES"]


@pytest.mark.parametrize("name", MADE)
def test_a_page_made_from_the_code_is_fresh(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == MADE[name](), "run `make docs`"


def test_every_key_of_the_configuration_is_explained() -> None:
    unexplained = re.findall(r"^\| `(\w+)` \| .* \|  \|$", MADE["configuration.md"](), re.MULTILINE)
    assert unexplained == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_exists(page: Path) -> None:
    shown = re.findall(r"pgsync-assets ([a-z-]+)", page.read_text(encoding="utf-8"))
    assert set(shown) <= set(app.commands)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_is_shown_exists(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = re.findall(r"(?:^|`|=1 )make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(shown) <= set(targets)


def test_every_command_is_in_the_readme_or_the_docs() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in app.commands if f"pgsync-assets {name}" not in text] == []
