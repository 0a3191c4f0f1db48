"""`run`, `plan`, `show` and `check` on two real databases: numbers, exit codes, JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from pgsync_assets.cli.exit_code import ExitCode

from .conftest import CliProject

CHECK_AMOUNT = "alter table orders add constraint small check (amount < 25)"


def test_a_first_run_sends_every_row(project: CliProject) -> None:
    ended = project.run("run", "orders")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert project.pair.destination.rows("select * from orders") == project.pair.source.rows(
        "select * from orders"
    )
    assert ended.stdout.splitlines()[1].split()[:1] == ["orders"]
    assert ended.stdout.splitlines()[1].split()[2:6] == ["3", "0", "0", "0"]


def test_a_second_run_sends_only_changes(project: CliProject) -> None:
    project.run("run", "orders")
    project.pair.source.execute("update orders set amount = 11 where id = 1")
    ended = project.run("run", "orders", "--json")
    (outcome,) = ended.document["outcomes"]
    assert outcome["succeeded"] == {"added": 0, "changed": 1, "removed": 0, "total": 1}
    assert outcome["row_count"] == 3


def test_full_resync_sends_every_row_again(project: CliProject) -> None:
    project.run("run", "orders")
    project.pair.destination.execute("delete from orders")
    ended = project.run("run", "orders", "--full-resync", "--json")
    assert ended.exit_code == ExitCode.OK
    assert project.pair.destination.rows("select count(*) from orders") == [(3,)]


def test_a_row_limit_says_what_it_left_over(project: CliProject) -> None:
    planned = project.run("plan", "orders", "--row-limit", "1")
    assert "2 of 3 changes are left to the next run" in planned.stdout
    ended = project.run("run", "orders", "--row-limit", "2")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "1 of 3 changes are left to the next run" in ended.stdout
    (outcome,) = project.run("run", "orders", "--row-limit", "2", "--json").document["outcomes"]
    assert (outcome["succeeded"]["added"], outcome["left"]) == (1, 0)


def test_only_rejected_rows(project: CliProject) -> None:
    project.pair.destination.execute(CHECK_AMOUNT)
    project.run("run", "orders")
    project.pair.source.execute("update orders set amount = 11 where id = 1")
    project.pair.destination.execute("alter table orders drop constraint small")
    ended = project.run("run", "orders", "--only-rejected", "--json")
    (outcome,) = ended.document["outcomes"]
    assert (outcome["succeeded"]["total"], outcome["left"]) == (1, 1)
    refused = project.run("run", "orders", "--only-rejected", "--full-resync")
    assert refused.exit_code == ExitCode.USAGE


def test_rejected_rows_are_exit_code_3_and_are_shown(project: CliProject) -> None:
    project.pair.destination.execute(CHECK_AMOUNT)
    ended = project.run("run", "orders")
    assert ended.exit_code == ExitCode.ROWS_REJECTED
    assert "Rejected rows (1 of 1)" in ended.stdout
    assert "small" in ended.stdout
    assert ended.stderr.count("Error") == 0


def test_show_lists_runs_and_the_rejected_rows_of_one(project: CliProject) -> None:
    project.pair.destination.execute(CHECK_AMOUNT)
    (outcome,) = project.run("run", "orders", "--json").document["outcomes"]
    listed = project.run("show")
    assert listed.exit_code == ExitCode.OK
    assert "orders" in listed.stdout
    one = project.run("show", str(outcome["run_id"]))
    assert one.exit_code == ExitCode.OK
    assert "small" in one.stdout
    (report,) = project.run("show", str(outcome["run_id"]), "--json").document["reports"]
    assert report["connection"] == "shop"
    assert [row["row_id"] for row in report["report"]["failed"]] == ["3"]


def test_show_before_the_first_run(project: CliProject) -> None:
    ended = project.run("show")
    assert (ended.exit_code, ended.stdout) == (ExitCode.OK, "Nothing has run yet.\n")
    assert project.run("show", "--json").document == {"runs": [], "plans": []}


def test_show_of_a_run_that_is_not_there(project: CliProject) -> None:
    project.run("run", "orders")
    ended = project.run("show", "4711")
    assert ended.exit_code == ExitCode.USAGE
    assert "no run has the number 4711" in ended.message


def test_plan_shows_rows_and_leaves_the_destination_alone(project: CliProject) -> None:
    project.run("run", "orders")
    before = project.everything()[1]
    project.pair.source.execute(
        "update orders set customer = 'Eve' where id = 3",
        "insert into orders values (4, 'Joe', 1)",
        "delete from orders where id = 1",
    )
    ended = project.run("plan", "orders")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "1 added, 1 changed, 1 removed" in ended.stdout
    assert "NULL -> Eve" in ended.stdout
    assert project.everything()[1] == before
    document = project.run("plan", "orders", "--json", "--limit", "1").document
    assert document["counts"]["total"] == 3
    assert len(document["changes"]) == 1


def test_plan_and_run_list_keys_that_identify_no_row(project: CliProject) -> None:
    project.pair.source.execute(
        "alter table orders drop constraint orders_pkey",
        "insert into orders values (2, 'Twin', 1)",
    )
    for command in ("plan", "run"):
        ended = project.run(command, "orders")
        assert "rejected for their key: 0 with a NULL key, 2 with a repeated one" in ended.stdout
        listed = ended.stdout.partition("with a repeated one\n")[2].splitlines()
        assert [line.split() for line in listed[:2]] == [["id", "rows"], ["2", "2"]]
    document = project.run("plan", "orders", "--json").document
    assert document["invalid_keys"]["sample"] == [{"columns": {"id": "2"}, "rows": 2}]
    project.sync(on_duplicate_key="fail")
    ended = project.run("run", "orders")
    assert ended.exit_code == ExitCode.FAILED
    assert "id=2 (2 rows)" in ended.message
    assert "id=2 (2 rows)" in project.run("show").stdout


def test_a_run_after_a_plan_sends_the_same(project: CliProject) -> None:
    planned = project.run("plan", "orders", "--json").document["counts"]
    (outcome,) = project.run("run", "orders", "--json").document["outcomes"]
    assert outcome["succeeded"] == planned


MONTHS = {"column": "at", "every": "month", "start": "2024-01-01", "end": "2024-04-01"}


@pytest.fixture
def visits(project: CliProject) -> CliProject:
    """Ninety days of a visit each, by month."""
    for side in (project.pair.source, project.pair.destination):
        side.execute("create table visits (at date, id integer, primary key (at, id))")
    project.pair.source.execute(
        "insert into visits select '2024-01-01'::date + n, n from generate_series(0, 89) n"
    )
    project.pair.source.grant_table("visits")
    project.pair.destination.grant_table("visits", "SELECT", "INSERT", "UPDATE", "DELETE")
    cut(project, MONTHS)
    return project


def cut(visits: CliProject, partitions: dict[str, Any] | None, *key: str, **fields: Any) -> None:
    """Writes the sync, cut into these partitions."""
    model = {"table": "public.visits", "key": list(key or ("at", "id"))}
    fields |= {"partitions": partitions} if partitions else {}
    visits.sync(table="public.visits", model=model, **fields)


def test_a_partitioned_sync_runs_every_partition_or_one(visits: CliProject) -> None:
    (february,) = visits.run("run", "orders", "--partition", "2024-02-01", "--json").document[
        "outcomes"
    ]
    assert (february["partition"], february["succeeded"]["added"]) == ("2024-02-01", 29)
    every = visits.run("run", "orders", "--json").document["outcomes"]
    assert [(one["partition"], one["succeeded"]["added"]) for one in every] == [
        ("2024-01-01", 31),
        ("2024-02-01", 0),
        ("2024-03-01", 30),
    ]


@pytest.mark.parametrize("jobs", ["1", "3", "64"])
def test_partitions_run_side_by_side(visits: CliProject, jobs: str) -> None:
    cut(visits, {"hash": 11})
    ended = visits.run("run", "orders", "--jobs", jobs, "--json")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    outcomes = ended.document["outcomes"]
    assert [one["partition"] for one in outcomes] == [f"{n:02}" for n in range(11)]
    assert sum(one["succeeded"]["added"] for one in outcomes) == 90
    everything = "select * from visits order by 1"
    assert visits.pair.destination.rows(everything) == visits.pair.source.rows(everything)


def test_what_is_done_is_told_when_a_job_fails(visits: CliProject) -> None:
    visits.pair.destination.execute("alter table visits add check (at <> '2024-02-02')")
    cut(visits, MONTHS, max_rejected_rows=0)
    ended = visits.run("run", "orders", "--jobs", "3", "--json")
    assert ended.exit_code == ExitCode.FAILED
    assert ended.document["error"]["type"] == "TooManyRejectedRows"
    done = {one["partition"]: one["succeeded"]["added"] for one in ended.document["outcomes"]}
    assert done == {"2024-01-01": 31, "2024-03-01": 30}
    assert visits.pair.destination.rows("select count(*) from visits") == [(61,)]


@pytest.mark.parametrize(
    ("partitions", "key", "told"),
    [
        (None, ("at", "id"), "has no partitions that could run side by side"),
        (MONTHS, ("id",), "the partitions of 'orders' take turns: 'at' is not one of its key (id)"),
    ],
)
def test_partitions_that_take_turns_are_not_run_at_once(
    visits: CliProject, partitions: dict[str, Any] | None, key: tuple[str, ...], told: str
) -> None:
    cut(visits, partitions, *key)
    before = visits.everything()
    ended = visits.run("run", "orders", "--jobs", "2")
    assert ended.exit_code == ExitCode.USAGE
    assert told in ended.message
    assert "--jobs" in ended.message.partition("->")[2]
    assert visits.everything() == before


def test_check_and_plan_speak_of_partitions(visits: CliProject) -> None:
    ended = visits.run("check", "orders", "--json")
    (line,) = (one for one in ended.document["syncs"]["orders"] if one["name"] == "partitions")
    assert line["detail"].startswith("each month of at from 2024-01-01 to 2024-04-01 (UTC); rows")
    ended = visits.run("plan", "orders")
    assert ended.exit_code == ExitCode.USAGE
    assert "name one with --partition KEY: 2024-01-01, 2024-02-01, 2024-03-01" in ended.message
    ended = visits.run("plan", "orders", "--partition", "2024-03-01")
    assert "orders 2024-03-01, plan 1: 30 added" in ended.stdout
    cut(visits, {"hash": 100})
    assert "KEY: 00, 01 .. 99" in visits.run("plan", "orders").message


def test_a_sync_whose_time_has_not_come(visits: CliProject) -> None:
    cut(visits, {"column": "at", "every": "year", "start": "2999-01-01"})
    ended = visits.run("run", "orders")
    assert ended.exit_code == ExitCode.USAGE
    assert "has no partition yet" in ended.message


def test_check_passes_and_writes_nothing(project: CliProject) -> None:
    before = project.everything()
    ended = project.run("check")
    assert ended.exit_code == ExitCode.OK, ended.stdout
    assert "FAILED" not in ended.stdout
    assert project.everything() == before
    document = project.run("check", "orders", "--json").document
    assert document["passed"] is True
    assert len(document["syncs"]["orders"]) >= 5


def test_check_names_the_missing_grant(project: CliProject) -> None:
    project.pair.destination.execute("revoke insert, update on orders from pgsync_destination")
    ended = project.run("check")
    assert ended.exit_code == ExitCode.FAILED
    assert "FAILED" in ended.stdout
    grants = [line for line in ended.stdout.splitlines() if line.lower().startswith("grant")]
    assert grants
    project.pair.destination.execute(*grants)
    assert project.run("check").exit_code == ExitCode.OK


@pytest.mark.parametrize("end", ["shop", "crm"])
def test_check_goes_on_where_one_end_is_down(project: CliProject, end: str) -> None:
    project.connections(**{end: {"port": 1}})
    ended = project.run("check", "--json")
    assert ended.exit_code == ExitCode.FAILED
    results = ended.document["syncs"]["orders"]
    assert any(one["passed"] for one in results)
    assert any(not one["passed"] and end in one["name"] for one in results)


def test_check_reaches_connections_that_no_sync_uses(project: CliProject) -> None:
    project.connections(spare={"port": 1})
    ended = project.run("check")
    assert ended.exit_code == ExitCode.FAILED
    assert "connection spare, which no sync uses" in ended.stdout
    assert project.run("check", "orders").exit_code == ExitCode.OK


def test_check_names_syncs_that_write_one_table(project: CliProject) -> None:
    assert "shared:" not in project.run("check").stdout
    file = project.folder / "orders" / "defs.yaml"
    other = file.read_text(encoding="utf-8").replace("name: orders", "name: again")
    (project.folder / "again").mkdir()
    (project.folder / "again" / "defs.yaml").write_text(other, encoding="utf-8")
    ended = project.run("check")
    assert ended.exit_code == ExitCode.OK
    told = "both write public.orders in crm: of a key that both have, the last run decides"
    assert told in " ".join(ended.stdout.split())
    (found,) = project.run("check", "--json").document["shared_tables"]
    assert sorted(found["syncs"]) == ["again", "orders"]


def test_the_installed_command_is_the_same(project: CliProject) -> None:
    """In a process of its own, through a pipe: progress on stderr, one document on stdout."""
    environment = {**os.environ, **{k: v for k, v in project.environment.items() if v}}
    command = [sys.executable, "-m", "pgsync_assets.cli", "run", "orders"]
    arguments = ["--defs", str(project.folder)]
    plain = subprocess.run(
        [*command, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    assert "orders: done" in plain.stderr
    assert "\x1b" not in plain.stdout + plain.stderr
    ended = subprocess.run(
        [*command, *arguments, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    assert json.loads(ended.stdout)["sync"] == "orders"
