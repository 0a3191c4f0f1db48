"""`plan`, `show`, `apply`, `approve`, `discard`: a plan by its number, from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.steps import changes

from ...fix_databases import Pair, Side
from ...fix_syncs import ENGINES
from .conftest import CliProject

EDITS = (
    "update orders set customer = 'Eve' where id = 3",
    "insert into orders values (4, 'Joe', 1)",
    "delete from orders where id = 1",
)


@pytest.fixture(params=list(ENGINES))
def edited(request: pytest.FixtureRequest, project: CliProject, platform_side: Side) -> CliProject:
    """Three orders are in, and one of each kind of change waits."""
    project.connections(
        platform={
            "host": platform_side.host,
            "port": platform_side.port,
            "database": platform_side.database,
            "user": platform_side.user,
        }
    )
    project.sync(**ENGINES[request.param], delete="delete_row", guard={"max_removed": 1})
    assert project.run("run", "orders").exit_code == ExitCode.OK
    project.pair.source.execute(*EDITS)
    return project


def destination(project: CliProject) -> list[tuple[Any, ...]]:
    return project.pair.destination.rows("select id, customer, amount from orders order by id")


def planned(project: CliProject) -> str:
    return str(project.run("plan", "orders", "--json").document["run_id"])


def test_plan_show_apply(edited: CliProject) -> None:
    before = destination(edited)
    ended = edited.run("plan", "orders")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "orders, plan 2: 1 added, 1 changed, 1 removed" in ended.stdout
    assert "`pgsync-assets apply 2` writes exactly these rows" in ended.stdout
    edited.pair.source.execute("update orders set customer = 'later' where id = 2")
    shown = edited.run("show", "2")
    assert shown.exit_code == ExitCode.OK, shown.stderr
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert "changed 3 customer NULL -> Eve" in lines
    assert "removed 1 id 1" in lines
    assert "customer Ada" in lines  # with digests: read from the destination
    assert "added 4 id 4" in lines
    assert destination(edited) == before
    applied = edited.run("apply", "2")
    assert applied.exit_code == ExitCode.OK, applied.stderr
    assert "orders, plan 2: 1 added, 1 changed, 1 removed into public.orders" in applied.stdout
    assert [row[:2] for row in destination(edited)] == [(2, "Bob"), (3, "Eve"), (4, "Joe")]
    again = edited.run("apply", "2")
    assert again.exit_code == ExitCode.FAILED
    assert "plan 2 cannot be applied: it was applied already" in again.message


def test_every_change_is_exported(
    edited: CliProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "AT_ONCE", 2)  # several chunks
    edited.pair.source.execute("insert into orders values (5, '', null), (6, '\"a\", b', 2)")
    number = planned(edited)
    ended = edited.run("show", number, "--limit", "1", "--export", str(tmp_path / "plan.json"))
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "5 changes written to" in ended.stdout
    found = {one["row_id"]: one for one in json.loads((tmp_path / "plan.json").read_text())}
    assert found["3"]["before"] == {"id": "3", "customer": None, "amount": "30.00"}
    assert found["3"]["after"] == {"id": "3", "customer": "Eve", "amount": "30.00"}
    assert found["1"]["before"] == {"id": "1", "customer": "Ada", "amount": "10.00"}
    assert (found["1"]["after"], found["5"]["before"]) == (None, None)
    assert found["5"]["after"] == {"id": "5", "customer": "", "amount": None}
    assert edited.run("show", number, "--export", str(tmp_path / "plan.csv")).exit_code == 0
    text = (tmp_path / "plan.csv").read_text()
    rows = list(csv.reader(text.splitlines()))
    assert ["changed", "3", "customer", "", "Eve"] in rows
    assert ["added", "6", "customer", "", '"a", b'] in rows
    assert '"added","5","customer",,""' in text
    assert sorted(tmp_path.glob("*.part")) == []


def test_what_cannot_be_exported(edited: CliProject, tmp_path: Path) -> None:
    number = planned(edited)
    ended = edited.run("show", number, "--export", str(tmp_path / "plan.xml"))
    assert (ended.exit_code, ".csv or .json" in ended.message) == (ExitCode.USAGE, True)
    ended = edited.run("show", number, "--export", str(tmp_path / "nowhere" / "plan.csv"))
    assert (ended.exit_code, "cannot be written" in ended.message) == (ExitCode.USAGE, True)
    ended = edited.run("show", "1", "--export", str(tmp_path / "plan.csv"))
    assert (ended.exit_code, "it was applied already" in ended.message) == (1, True)


def test_a_guarded_run_is_an_exit_code_of_its_own_and_a_plan_that_waits(
    edited: CliProject,
) -> None:
    edited.pair.source.execute("delete from orders where id = 2")
    ended = edited.run("run", "orders")
    assert ended.exit_code == ExitCode.HELD
    assert "2 of 3 rows (66.7 %) would be removed, max_removed is 1" in ended.message
    assert "pgsync-assets show 2" in ended.message
    again = edited.run("run", "orders", "--json").document["error"]
    assert (again["plan"], again["rows"]["removed"]) == (2, 2)
    listed = edited.run("show")
    assert "Held plans" in listed.stdout
    assert [one["plan"]["run_id"] for one in edited.run("show", "--json").document["plans"]] == [2]
    shown = edited.run("show", "2", "--json").document["plans"][0]
    assert "max_removed is 1" in shown["reason"]
    assert len(shown["changes"]) == shown["counts"]["total"] == 4
    applied = edited.run("apply", "2", "--json", "--by", "ada")
    assert applied.document["outcomes"][0]["succeeded"]["removed"] == 2
    assert [row[0] for row in destination(edited)] == [3, 4]
    assert "Held plans" not in edited.run("show").stdout


def test_approved(edited: CliProject) -> None:
    number = planned(edited)
    ended = edited.run("approve", number, "--by", "ada")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "approved by ada" in ended.stdout
    (waiting,) = edited.run("show", "--json").document["plans"]
    assert waiting["plan"]["approved_at"]
    assert "approved by ada" in edited.run("show", number).stdout
    assert edited.run("plan", "orders", "--json").document["run_id"] == int(number)
    assert edited.run("apply", number).exit_code == ExitCode.OK
    late = edited.run("approve", number)
    assert late.exit_code == ExitCode.FAILED
    assert "cannot be approved: it was applied already" in late.message


def test_discarded(edited: CliProject) -> None:
    number, before = planned(edited), destination(edited)
    ended = edited.run("discard", number, "--by", "ada")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "was discarded" in ended.stdout
    refused = edited.run("apply", number)
    assert "it was discarded by ada" in refused.message
    assert destination(edited) == before
    assert "Held plans" not in edited.run("show").stdout


def test_a_plan_that_is_not_there(edited: CliProject) -> None:
    for command in ("apply", "approve", "discard"):
        ended = edited.run(command, "4711")
        assert ended.exit_code == ExitCode.FAILED
        assert "no sync of the project has a plan 4711" in ended.message
    assert "has no sync named 'oders'" in edited.run("apply", "1", "--sync", "oders").message


def test_a_number_that_two_databases_know(project: CliProject, database_pair: Pair) -> None:
    """The destination is a source as well: each numbers the plans that it holds."""
    database_pair.destination.execute(
        *(
            f"create schema {name} authorization {database_pair.destination.user}"
            for name in ("hightouch_planner", "hightouch_audit")
        ),
        "create table copies (like orders including all)",
    )
    database_pair.destination.grant_table("copies", "SELECT", "INSERT", "UPDATE", "DELETE")
    back = {"name": "copies", "source": "crm", "table": "public.copies"}
    project.sync(**back)
    (project.folder / "orders").rename(project.folder / "copies")
    project.sync()
    for sync in ("orders", "copies"):
        assert project.run("plan", sync).exit_code == ExitCode.OK
    ended = project.run("apply", "1")
    assert ended.exit_code == ExitCode.USAGE
    assert "several databases have a plan 1: of orders, copies" in ended.message.replace(
        "copies, orders", "orders, copies"
    )
    assert project.run("apply", "1", "--sync", "orders").exit_code == ExitCode.OK
    assert len(destination(project)) == 3
