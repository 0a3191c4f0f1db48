"""The commands behind docs/scaling.md measure: small tables, real servers, a real daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.scaling import cuts, growth, location, measure, points, queued
from benchmarks.scaling.points import CHANGED, FIRST

ROWS = 3000


def test_a_point_says_what_a_run_took_of_each_server(tmp_path: Path) -> None:
    told = ["--table", "uuid", "--rows", str(ROWS), "--engine", "standard"]
    assert measure.main([*told, "--points", str(tmp_path)]) == 0
    first, *later = points.load(tmp_path)[::-1]
    assert (first.case, first.cost["sent"]) == (FIRST, ROWS)
    assert {one.case for one in later} == {CHANGED}
    assert sorted(one.changed for one in later) == [0, 0, ROWS // 100, ROWS // 10]
    assert all(one.cost["sent"] == one.changed for one in later)
    for server in ("source", "destination", "platform"):
        assert first.cost[f"{server}_cpu"] > 0
    assert first.cost["source_wal"] < 0.5 < first.cost["platform_wal"]
    assert first.cost["state"] > 0.1
    assert first.key_bytes == 16 < first.row_bytes < 100


def test_partitions_are_measured_by_the_way_in_which_they_are_cut(tmp_path: Path) -> None:
    kept = tmp_path / "cuts.json"
    told = ["--rows", "2000", "--engine", "standard", "--partitions", "2"]
    assert cuts.main([*told, "--kept", str(kept)]) == 0
    found = json.loads(kept.read_text())["cuts"]
    assert [one["how"] for one in found] == ["whole", "hash: 2", "2 ranges of the key"]
    assert all(one["source_cpu"] > 0 for one in found)


def test_a_code_location_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    kept = tmp_path / "location.json"
    assert location.main(["--syncs", "3", "--kept", str(kept)]) == 0
    figures = json.loads(kept.read_text())["syncs"]["3"]
    assert figures["requests"] == 2  # the third waits for another
    assert min(figures["load_cpu"], figures["tick_cpu"], figures["told_mb"]) > 0


@pytest.mark.nightly("Dagster's daemon runs syncs by a schedule of each minute, for minutes")
def test_what_runs_leave_in_the_tables_of_dagster(tmp_path: Path) -> None:
    kept = tmp_path / "growth.json"
    told = ["--syncs", "3", "--runs", "3", "--partitions", "4", "--idle", "20"]
    assert growth.main([*told, "--kept", str(kept)]) == 0
    found = json.loads(kept.read_text())
    assert found["runs"] >= 3
    assert found["tables"]["event_logs"]["rows"] > 20
    assert found["events"]["one run"]["rows"] > 20


@pytest.mark.nightly("Dagster's daemon starts, and waits for the next full minute")
def test_runs_are_put_into_the_queue_and_stay_there(tmp_path: Path) -> None:
    kept = tmp_path / "queued.json"
    assert queued.main(["--syncs", "6", "--kept", str(kept)]) == 0
    found = json.loads(kept.read_text())
    assert min(found["seconds_a_run"], found["cpu_s_a_run"]) > 0
