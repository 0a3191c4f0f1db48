"""`status`: how each sync stands, and whether somebody is needed."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from pgsync_assets.cli.exit_code import ExitCode
from pgsync_assets.cli.lengths import of_bytes, of_count, of_seconds
from pgsync_assets.plan import lock_key

from ...fix_children import Child
from ...fix_databases import AUDIT_SCHEMA, PLANNER_SCHEMA, Side
from ...fix_syncs import Syncs
from .conftest import CliProject

RUNS = f"{AUDIT_SCHEMA}.sync_runs"


def asked(project: CliProject, code: ExitCode, *options: str) -> dict[str, Any]:
    """What is known of the only sync."""
    ended = project.run("status", "--json", *options)
    assert ended.exit_code == code, ended.stderr
    (found,) = ended.document["syncs"]
    return dict(found)


def shown(project: CliProject, *options: str) -> list[list[str]]:
    """Words of each line; no line is longer than a terminal."""
    lines = project.run("status", *options).stdout.splitlines()
    table = lines[: lines.index("")] if "" in lines else lines
    assert max(map(len, table), default=0) <= 80
    return [line.split() for line in lines]


def needed(found: dict[str, Any]) -> list[str]:
    return [need["what"] for need in found["needs"]]


def test_a_sync_that_is_well(project: CliProject) -> None:
    before = project.everything()
    assert shown(project)[1] == ["orders", "never", "-", "-", "-", "0", "0", "0", "0", "B"]
    assert project.everything() == before
    project.run("run", "orders")
    before = project.everything()
    found = asked(project, ExitCode.OK)
    assert project.everything() == before
    whole = found["whole"]
    assert (whole["last"]["ended"], whole["rows"], found["needs"]) == ("ok", 3, [])
    assert 0 < whole["last"]["seconds"] < 60
    assert whole["bytes"] > 8192
    headings, line = shown(project)
    assert headings[:3] == ["sync", "last", "run"]
    assert line[:2] == ["orders", "ok"]
    assert project.run("status", "--quiet").stdout == ""


def test_the_next_run_is_what_the_schedule_says(project: CliProject) -> None:
    project.sync(schedule={"times": ["12:00"], "time_zone": "Asia/Tokyo"})
    next_run = dt.datetime.fromisoformat(asked(project, ExitCode.OK)["next_run"])
    assert (next_run.utcoffset(), next_run.hour) == (dt.timedelta(hours=9), 12)
    now = dt.datetime.now(dt.timezone.utc)
    assert dt.timedelta(0) < next_run - now <= dt.timedelta(days=1)
    assert re.fullmatch(r"\d+[hms]", shown(project)[1][4])
    project.sync(schedule={"times": ["12:00"], "status": "STOPPED"})
    assert asked(project, ExitCode.OK)["next_run"] is None


def test_rows_that_are_rejected_or_wait(project: CliProject) -> None:
    project.pair.destination.execute("alter table orders add check (amount < 25)")
    project.run("run", "orders")
    found = asked(project, ExitCode.ROWS_REJECTED)
    assert (found["whole"]["rejected"], found["whole"]["waiting"]) == (1, 0)
    assert needed(found) == ["1 row rejected; pgsync-assets rejected orders"]
    project.sync(retry_rejected=False)
    project.run("run", "orders")
    whole = asked(project, ExitCode.ROWS_REJECTED)["whole"]
    assert (whole["rejected"], whole["parked"], whole["waiting"]) == (0, 1, 1)
    project.pair.source.execute("update orders set amount = 1 where id < 3")
    project.run("plan", "orders")
    found = asked(project, ExitCode.ROWS_REJECTED)
    assert found["whole"]["waiting"] == 3  # one of them parked
    assert needed(found) == ["1 row parked; pgsync-assets rejected orders"]


def test_a_plan_that_a_guard_holds(project: CliProject) -> None:
    project.sync(delete="delete_row", guard={"max_removed": 1})
    project.run("run", "orders")
    project.pair.source.execute("delete from orders where id > 1")
    assert project.run("run", "orders").exit_code == ExitCode.HELD
    found = asked(project, ExitCode.HELD)
    assert (found["whole"]["last"]["ended"], found["whole"]["held"]) == ("held", [2])
    (told,) = needed(found)
    assert told.startswith("plan 2 is held: ")
    assert "2 of 3 rows (66.7 %) would be removed" in told
    assert told.endswith("; pgsync-assets show 2")
    project.run("discard", "2")
    assert needed(asked(project, ExitCode.OK)) == []


def test_a_run_that_failed(project: CliProject) -> None:
    project.run("run", "orders")
    project.pair.source.execute("update orders set amount = 1")
    project.pair.destination.execute("alter table orders drop column amount")
    assert project.run("run", "orders").exit_code != ExitCode.OK
    found = asked(project, ExitCode.FAILED)
    assert found["whole"]["last"]["ended"] == "failed"
    (told,) = needed(found)
    assert told.startswith("failed: ")
    assert "amount" in told
    assert shown(project)[-1][:2] == ["orders:", "failed:"]


def test_late_by_its_freshness(project: CliProject) -> None:
    project.sync(freshness={"within": "2 hours"})
    assert needed(asked(project, ExitCode.OK)) == []  # it is not known since when it is expected
    project.run("run", "orders")
    assert needed(asked(project, ExitCode.OK)) == []
    older = "started_at = started_at - interval '3 h', finished_at = finished_at - interval '3 h'"
    project.pair.source.execute(f"update {RUNS} set {older}")
    assert needed(asked(project, ExitCode.LATE)) == ["late: succeeded 3h ago, has to every 2 hours"]
    project.run("plan", "orders")  # sends nothing
    assert asked(project, ExitCode.LATE)


def test_running_and_cut_off(project: CliProject, child: Child) -> None:
    syncs = Syncs(project.pair)
    model = {"table": "public.orders", "key": ["id"]}
    orders = {"name": "orders", "table": "public.orders", "model": model}
    assert child.run(syncs, "batch claimed:kill", **orders) < 0
    found = asked(project, ExitCode.TRY_AGAIN)
    assert (found["whole"]["last"]["ended"], found["whole"]["waiting"]) == ("unfinished", 3)
    assert needed(found) == ["was cut off; the next run goes on: pgsync-assets run orders"]
    with project.pair.source.connect(autocommit=False) as connection:
        key = lock_key(PLANNER_SCHEMA, "orders", "")
        connection.execute("select pg_advisory_xact_lock(%s)", [key])
        assert asked(project, ExitCode.OK)["whole"]["last"]["ended"] == "running"
        assert shown(project)[1][:2] == ["orders", "running"]
    project.run("run", "orders")
    assert asked(project, ExitCode.OK)["whole"]["last"]["ended"] == "ok"


def test_partitions_are_summed_up(project: CliProject) -> None:
    project.sync(partitions={"hash": 2})
    project.run("run", "orders")
    found = asked(project, ExitCode.OK)
    parts = found["partitions"]
    assert [part["partition"] for part in parts] == ["0", "1"]
    assert sum(part["rows"] for part in parts) == found["whole"]["rows"] == 3
    assert "partitions)" in shown(project)[2]
    lines = shown(project, "--partitions")
    assert [line[0] for line in lines[-2:]] == ["0", "1"]
    project.pair.source.execute(
        f"update {RUNS} set status = 'failed', error = 'no' where partition = '1'"
    )
    assert asked(project, ExitCode.FAILED)["whole"]["last"]["error"] == "no"


def test_partitions_that_share_a_state(project: CliProject) -> None:
    project.sync(partitions={"column": "customer", "values": ["Ada", "Bob"]})
    project.run("run", "orders")
    found = asked(project, ExitCode.OK)
    assert {part["partition"] for part in found["partitions"]} == {"Ada", "Bob", "other"}
    assert (found["whole"]["rows"], found["whole"]["last"]["ended"]) == (3, "ok")


def test_a_database_that_is_down_costs_its_own_lines(
    project: CliProject, platform_side: Side
) -> None:
    names = ("host", "port", "database", "user")
    project.connections(
        platform={name: getattr(platform_side, name) for name in names}, gone={"port": 1}
    )
    project.run("run", "orders")
    other = {"source": "gone", "destination": "crm", "model": {"table": "public.x", "key": ["id"]}}
    syncs = [{**other, "name": name, "table": f"public.{name}"} for name in ("x", "y")]
    project._write("others", "PgSyncComponent", syncs=syncs)
    ended = project.run("status")
    assert ended.exit_code == ExitCode.TRY_AGAIN
    lines = [line.split() for line in ended.stdout.splitlines()]
    assert [line[:2] for line in lines[1:4]] == [["orders", "ok"], ["x", "?"], ["y", "?"]]
    assert "x, y: not looked at: " in ended.stdout
    found = {one["sync"]: one for one in project.run("status", "--json").document["syncs"]}
    assert found["orders"]["error"] is None
    assert found["x"]["error"]["type"] == "ConnectionLost"
    assert project.run("status", "orders").exit_code == ExitCode.OK


def test_the_history_of_a_former_name(project: CliProject) -> None:
    project.run("run", "orders")
    project.sync(name="purchases")
    assert asked(project, ExitCode.OK)["whole"]["last"]["ended"] == "never"
    project.run("state", "move", "orders", "purchases")
    assert asked(project, ExitCode.OK)["whole"]["last"]["ended"] == "ok"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-1, "0s"), (0.4, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (172_800, "2d")],
)
def test_lengths_of_time(seconds: float, told: str) -> None:
    assert of_seconds(seconds) == told


def test_sizes_and_counts() -> None:
    assert [of_bytes(n) for n in (0, 1023, 16_384, 1_300_000, 2**30)] == [
        *("0 B", "1023 B", "16 kB", "1.2 MB", "1.0 GB")
    ]
    assert [of_count(n) for n in (0, 9_999, 12_345, 999_999, 1_234_567)] == [
        *("0", "9,999", "12k", "1,000k", "1.2M")
    ]
