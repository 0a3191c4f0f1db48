"""`verify` on two real databases: what is printed, exported, and the exit code."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject


@pytest.fixture
def sent(project: CliProject) -> CliProject:
    """The project after its first run."""
    project.run("run", "orders")
    return project


def damage(project: CliProject) -> None:
    """Order 1 changed and order 2 gone, at the destination; order 4 new in the model."""
    project.pair.destination.execute(
        "update orders set customer = 'Mallory' where id = 1", "delete from orders where id = 2"
    )
    project.pair.source.execute("insert into orders values (4, 'Joe', 1)")


def test_in_step(sent: CliProject) -> None:
    before = sent.everything()[1]
    ended = sent.run("verify", "orders")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert ended.stdout.splitlines()[1].split() == ["orders", "3", "3", *"00000"]
    assert ended.stdout.splitlines()[-1] == "In step."
    assert sent.everything()[1] == before


def test_changes_of_somebody_else_are_exit_code_7(sent: CliProject) -> None:
    damage(sent)
    ended = sent.run("verify", "orders")
    assert ended.exit_code == ExitCode.NOT_IN_STEP
    assert ended.stderr.count("Error") == 0
    assert ended.stdout.splitlines()[1].split() == ["orders", "4", "1", *"11010"]
    assert "customer" in ended.stdout
    assert "run orders --full-resync" in ended.stdout
    assert "Mallory" not in ended.stdout + ended.stderr
    assert "Ada" not in ended.stdout + ended.stderr
    sent.run("run", "orders", "--full-resync")
    assert sent.run("verify", "orders").exit_code == ExitCode.OK


def test_values_are_shown_on_demand(sent: CliProject) -> None:
    damage(sent)
    ended = sent.run("verify", "orders", "--values")
    assert "Ada -> Mallory" in ended.stdout
    assert "Bob ->" in ended.stdout


def test_what_the_next_run_does_is_no_fault(sent: CliProject) -> None:
    sent.pair.source.execute("update orders set amount = 1 where id = 1")
    ended = sent.run("verify", "orders")
    assert ended.exit_code == ExitCode.OK
    assert "for the next run (changed)" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "In step, but for 1 row that the next run tries."


def test_rejected_rows_are_exit_code_3(project: CliProject) -> None:
    project.pair.destination.execute("alter table orders add constraint small check (amount < 25)")
    project.run("run", "orders")
    ended = project.run("verify", "orders")
    assert ended.exit_code == ExitCode.ROWS_REJECTED
    assert "(constraint small)" in " ".join(ended.stdout.split())


def test_bookkeeping_that_does_not_agree_is_exit_code_7(sent: CliProject) -> None:
    sent.pair.source.execute("update hightouch_planner.states set row_count = 7")
    ended = sent.run("verify", "orders")
    assert ended.exit_code == ExitCode.NOT_IN_STEP
    assert "orders: the state has 3 rows, and says that they are 7" in ended.stdout


def test_json(sent: CliProject) -> None:
    damage(sent)
    ended = sent.run("verify", "orders", "--json", "--limit", "1")
    assert ended.exit_code == ExitCode.NOT_IN_STEP
    assert ended.stderr == ""
    (found,) = ended.document["verifications"]
    assert (found["missing"], found["differs"], found["pending"]["added"]) == (1, 1, 1)
    assert (found["in_step"], found["total"]) == (False, 3)
    assert [(one["row_id"], one["kind"]) for one in found["differences"]] == [("2", "missing")]
    assert found["differences"][0]["model"] is None


def test_differences_are_exported(sent: CliProject, tmp_path: Path) -> None:
    damage(sent)
    file = tmp_path / "found.csv"
    ended = sent.run("verify", "orders", "--export", str(file))
    assert ended.exit_code == ExitCode.NOT_IN_STEP
    assert f"{file}: 3 differences" in ended.stdout.replace("\n", "")
    with file.open(encoding="utf-8", newline="") as stream:
        records = list(csv.DictReader(stream))
    assert [(one["row_id"], one["kind"], one["columns"]) for one in records] == [
        ("2", "missing", "[]"),
        ("1", "differs", '["customer"]'),
        ("4", "pending", "[]"),
    ]
    assert {one["model"] for one in records} == {""}
    assert "Mallory" not in file.read_text(encoding="utf-8")
    file = tmp_path / "found.json"
    sent.run("verify", "orders", "--values", "--export", str(file))
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written[1]["model"] == {"customer": "Ada"}
    assert written[1]["destination"] == {"customer": "Mallory"}


@pytest.mark.parametrize("name", ["found.txt", "nowhere/x.csv", "folder.csv"])
def test_a_file_that_cannot_be_written_is_refused(
    sent: CliProject, tmp_path: Path, name: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    ended = sent.run("verify", "orders", "--export", str(tmp_path / name))
    assert ended.exit_code == ExitCode.USAGE
    assert name.split("/")[0] in ended.message
    assert ended.stdout == ""


def test_partitions(project: CliProject) -> None:
    for side in (project.pair.source, project.pair.destination):
        side.execute("create table visits (at date, id integer, primary key (at, id))")
    project.pair.source.execute(
        "insert into visits select '2024-01-01'::date + n, n from generate_series(0, 59) n"
    )
    project.pair.source.grant_table("visits")
    project.pair.destination.grant_table("visits", "SELECT", "INSERT", "UPDATE", "DELETE")
    window = {"column": "at", "every": "month", "start": "2024-01-01", "end": "2024-03-01"}
    project.sync(
        table="public.visits",
        model={"table": "public.visits", "key": ["at", "id"]},
        partitions=window,
    )
    project.run("run", "orders")
    project.pair.destination.execute("delete from visits where id in (0, 1, 40)")
    found = project.run("verify", "orders", "--limit", "2", "--json").document["verifications"]
    assert [(one["partition"], one["rows"], one["missing"]) for one in found] == [
        ("2024-01-01", 31, 2),
        ("2024-02-01", 29, 1),
    ]
    assert [len(one["differences"]) for one in found] == [2, 0]
    ended = project.run("verify", "orders", "--partition", "2024-02-01")
    assert ended.stdout.splitlines()[1].split()[:4] == ["orders", "2024-02-01", "29", "28"]
    assert ended.exit_code == ExitCode.NOT_IN_STEP
    assert project.run("verify", "orders", "--partition", "2024-04-01").exit_code == ExitCode.USAGE


def test_a_sync_that_is_not_there(project: CliProject) -> None:
    ended = project.run("verify", "ordres")
    assert ended.exit_code == ExitCode.USAGE
    assert "orders" in ended.message
