"""`state`, `state move` and `state drop`; and that renamed syncs are told by `run` and `check`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.cli.exit_code import ExitCode

from ...fix_databases import LEDGER_SCHEMA, PLANNER_SCHEMA, Side
from .conftest import CliProject

DATE = r"last run [-0-9: ]+UTC"
HASHED = {"partitions": {"hash": 2}}


@pytest.fixture
def renamed(project: CliProject) -> CliProject:
    """Three orders were sent by the sync `orders`, which is `purchases` now."""
    assert project.run("run", "orders").exit_code == ExitCode.OK
    project.sync(name="purchases")
    return project


def listed(project: CliProject, *options: str) -> list[dict[str, Any]]:
    ended = project.run("state", "--json", *options)
    assert ended.exit_code == ExitCode.OK, ended.stderr
    found: list[dict[str, Any]] = ended.document["states"]
    return found


def verdicts(project: CliProject) -> dict[str, str]:
    return {line["sync"]: line["verdict"] for line in listed(project)}


def words(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_renamed_sync_is_listed_and_moved(renamed: CliProject) -> None:
    (line,) = listed(renamed)
    assert line["bytes"] > 8192
    told = {name: line[name] for name in ("sync", "planner", "destination", "table", "key", "rows")}
    assert told == {
        "sync": "orders",
        "planner": "shop",
        "destination": "crm",
        "table": "public.orders",
        "key": ["id"],
        "rows": 3,
    }
    assert (line["verdict"], line["likely"]) == ("no such sync", "purchases")
    ended = renamed.run("state")
    command = "pgsync-assets state move orders purchases"
    assert f"orders (3 rows) in shop: no such sync; {command}" in words(ended.stdout)
    refused = renamed.run("run", "purchases")
    assert refused.exit_code == ExitCode.USAGE
    assert command in refused.message
    assert renamed.run("plan", "purchases").message == refused.message
    docs = (Path(__file__).parents[3] / "docs/models.md").read_text(encoding="utf-8")
    assert re.sub(DATE, "", refused.stderr) in re.sub(DATE, "", docs)
    ended = renamed.run(*command.split()[1:])
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert "orders is purchases now: 1 state with 3 rows in the planner of shop" in ended.stdout
    assert verdicts(renamed) == {"purchases": "in use"}
    (outcome,) = renamed.run("run", "purchases", "--json").document["outcomes"]
    assert outcome["succeeded"] == {"added": 0, "changed": 0, "removed": 0, "total": 0}
    runs = renamed.run("show", "--sync", "purchases", "--json").document["runs"]
    assert [one["run"]["sync"] for one in runs] == [*["purchases"] * 3, "orders"]  # 2 refused
    again = renamed.run("state", "move", "orders", "purchases")
    assert (again.exit_code, again.stdout) == (0, "orders was moved to purchases already\n")


def test_check_names_what_nobody_has(renamed: CliProject) -> None:
    ended = renamed.run("check")
    assert ended.exit_code == ExitCode.OK
    told = (
        "orphaned: orders (3 rows) in shop: no such sync; pgsync-assets state move orders purchases"
    )
    assert told in words(ended.stdout)
    (line,) = renamed.run("check", "--json").document["orphans"]
    assert line["sync"] == "orders"
    assert "orphaned" not in renamed.run("check", "purchases").stdout


def test_listing_writes_nothing_and_needs_nothing_of_ours(project: CliProject) -> None:
    before = project.everything()
    ended = project.run("state")
    assert (ended.exit_code, ended.stdout) == (0, "Nothing is known of any sync.\n")
    assert project.everything() == before
    project.run("run", "orders")
    before = project.everything()
    assert verdicts(project) == {"orders": "in use"}
    assert project.everything() == before


def test_a_deleted_sync_is_dropped(renamed: CliProject) -> None:
    renamed.sync(name="others", table="public.others")
    (line,) = listed(renamed)
    assert (line["likely"], line["command"]) == (None, "pgsync-assets state drop orders")
    unasked = renamed.run("state", "drop", "orders")
    assert unasked.exit_code == ExitCode.USAGE
    assert "Forget 'orders': 1 state with 3 rows in the planner of shop? Nobody" in unasked.message
    ended = renamed.run("state", "drop", "orders", "--yes")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert listed(renamed) == []
    assert ledger(renamed) == []
    assert renamed.pair.destination.rows("select count(*) from orders") == [(3,)]
    renamed.sync(name="purchases")
    assert renamed.run("run", "purchases").exit_code == ExitCode.OK
    assert renamed.run("show", "--sync", "purchases").stdout.count("orders") == 0


def ledger(project: CliProject) -> list[tuple[Any, ...]]:
    return project.pair.destination.rows(
        f"select sync from {LEDGER_SCHEMA}.pgsync_ledger order by 1"
    )


def test_partitions_are_one_line_unless_asked(project: CliProject) -> None:
    project.sync(**HASHED)
    assert project.run("run", "orders").exit_code == ExitCode.OK
    (line,) = listed(project)
    assert (line["states"], line["rows"], line["verdict"]) == (2, 3, "in use")
    both = listed(project, "--partitions")
    assert [one["partition"] for one in both] == ["0", "1"]
    assert sum(one["rows"] for one in both) == 3
    assert "orders (2 partitions)" in " ".join(words(project.run("state").stdout))


def test_rejected_parked_and_held_are_said(project: CliProject) -> None:
    project.pair.destination.execute("alter table orders add check (amount < 25)")
    project.sync(retry_rejected=False)
    assert project.run("run", "orders").exit_code == ExitCode.ROWS_REJECTED
    project.pair.source.execute("update orders set amount = 1 where id = 1")
    assert project.run("plan", "orders").exit_code == ExitCode.OK
    (line,) = listed(project)
    assert (line["refused"], line["parked"], line["held"]) == (1, 1, [2])
    assert "in use, plan 2 held, 1 parked" in " ".join(words(project.run("state").stdout))


def test_only_a_held_plan(project: CliProject) -> None:
    project.run("plan", "orders")
    project.sync(name="purchases")
    assert verdicts(project) == {"orders": "only a held plan"}
    assert project.run("run", "purchases").exit_code == ExitCode.OK  # nothing was sent before
    assert project.run("state", "drop", "orders", "--yes").exit_code == ExitCode.OK
    assert verdicts(project) == {"purchases": "in use"}


def platform_of(project: CliProject, side: Side) -> None:
    names = ("host", "port", "database", "user")
    project.connections(platform={name: getattr(side, name) for name in names})


def test_a_switched_engine_and_other_ends(project: CliProject, platform_side: Side) -> None:
    platform_of(project, platform_side)
    project.run("run", "orders")
    project.sync(engine="standard")
    assert verdicts(project) == {"orders": "other engine"}
    project.sync(table="public.others")
    assert verdicts(project) == {"orders": "other destination"}
    project.sync(source="crm", destination="shop", table="public.others")
    assert verdicts(project) == {"orders": "other source"}


def test_a_source_that_is_gone_leaves_a_line_in_the_ledger(project: CliProject) -> None:
    project.run("run", "orders")
    tables = ("rejections", "refused_rows", "runs", "states")
    for table in tables:
        project.pair.source.execute(f"delete from {PLANNER_SCHEMA}.{table}")
    (line,) = listed(project)
    assert (line["verdict"], line["planner"], line["destination"]) == ("ledger only", None, "crm")
    assert line["is_ours"] is True
    told = words(project.run("state").stdout)
    assert (
        "orders in the ledger at crm: ledger only; pgsync-assets state drop orders --ledger-only"
        in told
    )
    project.pair.source.execute(f"update {PLANNER_SCHEMA}.installation set id = gen_random_uuid()")
    assert listed(project)[0]["is_ours"] is False
    warned = project.run("state", "drop", "orders", "--ledger-only").message
    assert "it may be another project's" in warned
    ended = project.run("state", "drop", "orders", "--ledger-only", "--yes")
    assert (ended.exit_code, ledger(project)) == (ExitCode.OK, []), ended.stderr
    again = project.run("state", "drop", "orders", "--ledger-only", "--yes")
    assert "no ledger remembers 'orders'" in again.message


@pytest.mark.parametrize("engine", ["lightning", "standard"])
def test_without_a_ledger_at_the_destination(
    project: CliProject, platform_side: Side, engine: str
) -> None:
    names = ("host", "port", "database", "user")
    project.connections(
        crm={"schemas": {"ledger": None}},
        platform={name: getattr(platform_side, name) for name in names},
    )
    project.sync(engine=engine)
    assert project.run("run", "orders").exit_code == ExitCode.OK
    assert verdicts(project) == {"orders": "in use"}
    project.sync(name="purchases", engine=engine)
    assert listed(project)[0]["destination"] == "crm"
    assert project.run("state", "move", "orders", "purchases").exit_code == ExitCode.OK
    assert verdicts(project) == {"purchases": "in use"}
    project.sync(name="orders", engine=engine)
    assert project.run("state", "drop", "purchases", "--yes").exit_code == ExitCode.OK
    assert listed(project) == []


def test_a_connection_that_cannot_be_reached_is_told(renamed: CliProject) -> None:
    renamed.connections(gone={"port": 1})
    ended = renamed.run("state")
    assert ended.exit_code == ExitCode.TRY_AGAIN
    assert "gone was not looked at" in ended.message
    assert "orders" in ended.stdout
    document = renamed.run("state", "--json").document
    assert [one["connection"] for one in document["unreachable"]] == ["gone"]
    assert [one["sync"] for one in document["states"]] == ["orders"]
    refused = renamed.run("state", "drop", "orders", "--ledger-only", "--yes")
    assert "not reached: gone" in " ".join(refused.stderr.split())


def test_a_destination_that_no_connection_leads_to(renamed: CliProject) -> None:
    renamed.connections(crm={"port": 1})
    refused = renamed.run("state", "drop", "orders", "--yes")
    assert refused.exit_code == ExitCode.USAGE
    told = " ".join(refused.stderr.split())
    assert (
        "no connection of the project leads to the destination of 'orders' (not reached: crm)"
        in told
    )
    ended = renamed.run("state", "drop", "orders", "--planner-only", "--yes")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    assert 'DELETE FROM "pgsync_ledger"."pgsync_ledger" WHERE installation = ' in ended.stdout
    assert ledger(renamed) == [("orders",)]
    renamed.connections()
    (statement,) = [line for line in ended.stdout.splitlines() if line.startswith("DELETE")]
    assert verdicts(renamed) == {"orders": "ledger only"}
    renamed.pair.destination.execute(statement)
    assert ledger(renamed) == []


def test_what_is_refused(renamed: CliProject) -> None:
    ended = renamed.run("state", "move", "order", "purchases")
    assert "no state is named 'order'" in ended.message
    assert "did you mean 'orders'" in ended.message
    ended = renamed.run("state", "drop", "order", "--yes")
    assert "did you mean 'orders'" in ended.message
    ended = renamed.run("state", "move", "orders", "purchase")
    assert "has no sync named 'purchase'" in ended.message
    ended = renamed.run("state", "move", "purchases", "purchases")
    assert "'purchases' is a sync of this project" in ended.message
    ended = renamed.run("state", "drop", "purchases", "--yes")
    assert "pgsync-assets reset purchases begins anew" in ended.message
    ended = renamed.run("state", "drop", "orders", "--planner-only", "--ledger-only")
    assert ended.exit_code == ExitCode.USAGE


def test_two_connections_to_one_database_are_one_planner(renamed: CliProject) -> None:
    side = renamed.pair.source
    same = {"port": side.port, "database": side.database, "user": side.user}
    renamed.connections(again=same | {"password": "$SHOP_PASSWORD"})
    assert [line["planner"] for line in listed(renamed)] == ["shop"]
