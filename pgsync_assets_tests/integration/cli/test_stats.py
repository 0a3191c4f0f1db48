"""`stats`: every number is that of runs whose times and rows are known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from .conftest import CliProject

pytestmark = pytest.mark.breaks_the_audit("its runs are made up")

EMPTY = "truncate hightouch_audit.sync_runs, hightouch_audit.changelog_rows"
RUN = """
    insert into hightouch_audit.sync_runs (sync_id, sync_run_id, partition, status, started_at,
        finished_at, approved_at, num_planned_add, num_attempted_add, num_succeeded_add,
        num_failed_add, num_planned_remove, num_attempted_remove, num_succeeded_remove, num_left)
    select '{sync}', {run}, '{partition}', '{status}', noon + '{started}', noon + '{ended}',
        noon + {approved}, {added} + {failed}, {added} + {failed}, {added}, {failed},
        {removed}, {removed}, {removed}, {left}
    from (select ((now() at time zone 'UTC')::date - {ago} + time '12:00') at time zone 'UTC'
        as noon) as day
"""
_DEFAULTS: dict[str, Any] = {
    "sync": "orders",
    "partition": "",
    "status": "succeeded",
    "approved": "null::interval",
    "added": 0,
    "failed": 0,
    "removed": 0,
    "left": 0,
}


def ran(project: CliProject, run: int, ago: int, started: str, ended: str, **more: Any) -> None:
    """Records a run that ended some days ago, at times that are told from noon."""
    values = _DEFAULTS | {"run": run, "ago": ago, "started": started, "ended": ended} | more
    project.pair.source.execute(RUN.format(**values))


@pytest.fixture
def history(project: CliProject) -> CliProject:
    """Runs of four days; more ended before."""
    assert project.run("run", "orders").exit_code == 0
    project.pair.source.execute(EMPTY)
    ran(project, 1, 9, "0 s", "10 s", added=1000)
    # Two days ago: 100 s, 10 rows a second; the rows before were of the run 7 days earlier.
    ran(project, 2, 2, "0 s", "100 s", added=990, removed=10)
    # It was asked for a part: what it left is as old as before.
    ran(project, 3, 2, "1 h", "1 h 10 s", added=100, left=5)
    # Yesterday: a failed run, and one that was held for an hour and worked 4 s.
    ran(project, 4, 1, "0 s", "20 s", status="failed")
    ran(project, 5, 1, "2 h", "3 h 4 s", approved="interval '3 h'", added=6, failed=2)
    return project


@pytest.fixture
def days(history: CliProject) -> Iterator[list[dict[str, Any] | None]]:
    """The last days of the sync as programs are told them, oldest first."""
    (one,) = history.run("stats", "orders", "--days", "4", "--json").document["syncs"]
    assert one["connection"] == "shop"
    yield list(one["days"].values())


def chosen(day: dict[str, Any] | None, *names: str) -> list[Any]:
    assert day is not None
    return [day[name] for name in names]


def test_runs_and_rows_of_each_day(days: list[dict[str, Any] | None]) -> None:
    before, first, second, today = days
    assert before is today is None
    rows = ("runs", "failed", "added", "changed", "removed", "sent", "attempted", "rejected")
    assert chosen(first, *rows) == [2, 0, 1090, 0, 10, 1100, 1100, 0]
    assert chosen(second, *rows) == [2, 1, 6, 0, 0, 6, 8, 2]
    assert chosen(second, "rejected_share") == [0.25]


def test_times_of_each_day(days: list[dict[str, Any] | None]) -> None:
    _, first, second, _ = days
    times = ("rows_per_second", "seconds", "worst_seconds")
    assert chosen(first, *times) == [10, 55, 100]
    assert chosen(second, *times) == [1.5, 12, 20]  # an hour of waiting is no work


def test_lag_is_since_the_last_run_began_that_brought_everything(
    days: list[dict[str, Any] | None],
) -> None:
    _, first, second, _ = days
    day = 86_400
    assert chosen(first, "lag_seconds") == [7 * day + 100]
    # The part of two days ago and the failed run brought the rest no nearer.
    assert chosen(second, "lag_seconds") == [day + 3 * 3600 + 4]


def test_a_first_run_has_no_lag_and_each_partition_its_own(project: CliProject) -> None:
    assert project.run("run", "orders").exit_code == 0
    project.pair.source.execute(EMPTY)
    ran(project, 1, 1, "0 s", "5 s", partition="east")
    ran(project, 2, 1, "0 s", "9 h", partition="west")
    (one,) = project.run("stats", "--json").document["syncs"]
    assert one["total"]["lag_seconds"] is None
    ran(project, 3, 1, "10 h", "10 h 1 s", partition="east")
    (one,) = project.run("stats", "--json").document["syncs"]
    assert one["total"]["lag_seconds"] == 10 * 3600 + 1


def test_runs_of_a_former_name_are_of_the_sync(history: CliProject) -> None:
    source = history.pair.source
    source.execute(
        "update hightouch_audit.sync_runs set sync_id = 'sales'",
        "insert into hightouch_audit.former_names (sync_id, former_id, until_run)"
        " values ('orders', 'sales', 4)",
    )
    (one,) = history.run("stats", "--json").document["syncs"]
    assert one["total"]["runs"] == 3  # number 5 is of another sync that has the name since


def test_an_audit_of_an_older_version_can_be_read(history: CliProject) -> None:
    history.pair.source.execute(
        "alter table hightouch_audit.sync_runs drop column approved_at cascade",
        "alter table hightouch_audit.sync_runs drop column num_left",
    )
    (one,) = history.run("stats", "--days", "3", "--json").document["syncs"]
    assert (one["total"]["runs"], one["total"]["worst_seconds"]) == (4, 3604)


def test_tables_fit_a_terminal(history: CliProject) -> None:
    shown = history.run("stats").stdout.splitlines()
    assert max(map(len, shown)) <= 80
    assert shown[0].split()[:3] == ["sync", "runs", "failed"]
    words = shown[1].split()
    # The median of 10, 10 and 1.5 rows a second; of 100 s, 10 s, 20 s and 4 s.
    assert words == ["orders", "4", "1", "1,106", "0.2%", "10", "15s", "100s", "7d", "····█▂·"]
    shown = history.run("stats", "orders").stdout.splitlines()
    assert max(map(len, shown)) <= 80
    assert [line.split()[0] for line in shown[1:]][-1] == "all"
    assert len(shown) == 4
    failed = shown[2].split()
    assert failed[1:] == ["2", "1", "6", "0", "0", "25.0%", "2", "12s", "27h"]


def test_a_sync_without_a_run(project: CliProject) -> None:
    shown = project.run("stats").stdout.splitlines()
    assert shown[1].split() == ["orders", "0", *["-"] * 7, "·" * 7]
    assert project.run("stats", "--json").document["syncs"][0]["total"] is None
    assert "no sync" in project.run("stats", "nobody").message


def test_the_plot_shows_each_day_and_loads_nothing(history: CliProject, tmp_path: Path) -> None:
    file = tmp_path / "stats.svg"
    assert history.run("stats", "--days", "4", "--svg", str(file)).exit_code == 0
    text = file.read_text()
    root = ET.fromstring(text)  # noqa: S314 - our own
    styles = [one.get("class") for one in root.iter() if one.tag.endswith("rect")]
    assert styles.count("bar") == 2  # rows and lag of two days ago
    assert styles.count("bad") == 2  # and of yesterday, when a run failed
    words = [one.text or "" for one in root.iter() if one.tag.endswith("text")]
    first = dt.datetime.now(dt.timezone.utc).date() - dt.timedelta(days=3)
    assert any(f"{first}" in one for one in words)
    assert any("4 runs, 1 failed, 1,106 rows, 2 rejected" in one for one in words)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    ended = history.run("stats", "--svg", str(tmp_path / "nowhere" / "stats.svg"))
    assert "cannot be written" in ended.message
