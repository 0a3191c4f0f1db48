"""`pgsync-assets test-connection` as a person sees it, and as its page shows it."""

from __future__ import annotations

import re
from pathlib import Path

import dagster as dg
import yaml

from pgsync_assets.assets import build_connection_tests
from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject

PAGE = (Path(__file__).parents[3] / "docs" / "connections.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Testing a connection\n")[2].partition("\n## ")[0]
(COMMAND,) = re.findall(r"```bash\npgsync-assets (.*?)\n```", SECTION)
(SHOWN,) = re.findall(r"```\n(connection crm.*?)\n```", SECTION, re.DOTALL)
LINE = re.compile(r"(?m)^(-|ok|WARNING|FAILED) +(\w+(?:,? ?[\w.]+)*?)  +(\d+\.\d\d)?")


def test_it_looks_as_the_page_shows_it(project: CliProject) -> None:
    side = project.pair.destination
    side.execute(f"revoke update on orders from {side.user}", f"alter role {side.user} createrole")
    before = project.everything()
    try:
        ended = project.run(*COMMAND.split())
    finally:
        side.execute(f"alter role {side.user} nocreaterole")
    assert ended.exit_code == ExitCode.FAILED
    assert project.everything() == before
    told = ended.stdout.strip()
    lines = LINE.findall(told)
    assert [line[:2] for line in lines] == [line[:2] for line in LINE.findall(SHOWN)]
    assert len(lines) == 18
    assert told.splitlines()[0] == SHOWN.splitlines()[0]
    # What there is to do stands below the table, unbroken, and is what the page shows.
    assert told[told.index("->") :] == SHOWN[SHOWN.index("->") :]
    assert max(map(len, [*told.splitlines(), *SHOWN.splitlines()])) <= 80


def test_it_is_a_document_for_programs(project: CliProject) -> None:
    document = project.run("test-connection", "shop", "--json").document
    assert (document["connection"], document["roles"]) == ("shop", ["source"])
    assert document["passed"] is True
    assert {frozenset(line) for line in document["lines"]} == {
        frozenset(("name", "state", "detail", "remedy", "seconds", "passed"))
    }
    names = {line["name"]: line["state"] for line in document["lines"]}
    assert (names["planner schema"], names["SSH tunnel"]) == ("ok", "skipped")


def test_what_it_is_tested_for(project: CliProject) -> None:
    def names(*arguments: str) -> set[str]:
        document = project.run("test-connection", *arguments, "--json").document
        return {line["name"] for line in document["lines"]}

    project.connections(spare={})
    assert {"planner schema", "ledger schema"} <= names("spare")  # nobody uses it: both
    assert "planner schema" not in names("spare", "--role", "destination")
    assert "rights, mode mirror" in names("crm", "--table", "public.orders", "--mode", "mirror")
    project.sync(engine="standard")
    document = project.run("test-connection", "shop", "--json").document
    skipped = {line["name"]: line["detail"] for line in document["lines"]}
    assert "engine standard only reads here" in skipped["planner schema"]


def test_what_cannot_be_tested_is_said(project: CliProject) -> None:
    for arguments, said in (
        (("shoq",), "no connection is named 'shoq'; did you mean 'shop'?"),
        (("shop", "--sync", "order"), "no sync named 'order'"),
        (("shop", "--sync", "orders", "--role", "destination"), "as its destination"),
        (("crm", "--sync", "orders", "--table", "public.orders"), "name two tables"),
    ):
        ended = project.run("test-connection", *arguments)
        assert ended.exit_code == ExitCode.USAGE
        assert said in ended.message
    project.connections(spare={})
    assert (
        "does not use the connection 'spare'"
        in project.run("test-connection", "spare", "--sync", "orders").message
    )


def test_the_configuration_of_the_job_is_right() -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)
    assert dg.validate_run_config(build_connection_tests(["crm"], []), yaml.safe_load(shown))


def test_check_has_the_lines_of_both_connections(project: CliProject) -> None:
    project.connections(crm={"database": "no_such_db"})
    document = project.run("check", "--json").document
    lines = {line["name"]: line for line in document["syncs"]["orders"]}
    assert lines["connection shop"]["state"] == "ok"
    assert lines["connection shop"]["seconds"] > 0
    assert lines["connection crm"]["state"] == "failed"
    assert lines["connection crm"]["detail"].startswith("credentials: ")
