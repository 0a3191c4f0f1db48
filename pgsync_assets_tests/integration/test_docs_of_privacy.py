"""The section on privacy, followed to the letter: its YAML, its commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pgsync_assets.cli.exit_code import ExitCode

from .cli.conftest import CliProject, project  # noqa: F401 - a fixture

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
SECTION = re.split(r"^## (?=\w)", PAGE, flags=re.MULTILINE)


def block(language: str) -> str:
    (section,) = (one for one in SECTION if one.startswith("Privacy"))
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.mark.usefixtures("database_pair")
def test_the_section(project: CliProject) -> None:  # noqa: F811 - the fixture
    project.environment["AUDIT_KEY"] = "a key that nobody guesses"
    written = yaml.safe_load(block("yaml"))
    project.sync(delete="delete_row", **written)
    assert project.run("run", "orders").exit_code == ExitCode.OK
    fields = "select fields from hightouch_audit.sync_changelog where row_id = '2'"
    ((found,),) = project.pair.source.rows(fields)
    assert set(found) == {"id", "customer"} and len(found["customer"]) == 64
    plain, of_state = re.findall(r"^pgsync-assets (.+?) *(?:#.*)?$", block("bash"), re.MULTILINE)
    ended = project.run(*plain.split())
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "sync_changelog" in ended.stdout and "--also-state" in ended.stdout
    (document,) = project.run(*of_state.split()).document
    assert document["removed"] == {"snapshot": 1}
    query = "select row_id from hightouch_audit.sync_changelog order by 1"
    assert project.pair.source.rows(query)[0] == ("(forgotten)",)


@pytest.mark.usefixtures("database_pair")
def test_forget_says_what_is_not_there_and_asks(project: CliProject) -> None:  # noqa: F811
    project.sync()
    assert project.run("forget", "orders", "--key", "1", "--yes").exit_code == ExitCode.FAILED
    project.run("run", "orders")
    asked = project.run("forget", "orders", "--key", "1")
    assert asked.exit_code == ExitCode.USAGE and "say --yes" in asked.message
    ended = project.run("forget", "orders", "--key", "99", "--yes", "--json")
    assert ended.exit_code == ExitCode.FAILED
    (document,) = ended.document
    assert (document["removed"], document["is_found"]) == ({}, False)
    wrong = project.run("forget", "orders", "--key", "1", "--key", "2", "--yes")
    assert wrong.exit_code == ExitCode.USAGE and "the key has one column, id" in wrong.message
    kept = project.pair.source.rows("select count(*) from hightouch_audit.forgotten")
    assert kept == [(0,)]
