"""Schedules: which there are, what a tick asks for, and when the next one is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from pgsync_assets.assets.sync_schedule import build_sync_schedule, next_tick
from pgsync_assets.config import ScheduleConfig

from .conftest import CONNECTIONS, ORDERS, DefsFolder
from .test_components import one_sync, refusal

START, END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
DAYS = "{column: at, every: day, start: 2024-01-01, end: 2024-01-04}"
NIGHTLY = """
type: pgsync_assets.PgScheduleComponent
attributes: {name: nightly, schedule: "0 1 * * *", %s}
"""


def sync(name: str, schedule: str = "", **more: str) -> str:
    """A sync as YAML; what is not about schedules is the same for all."""
    keys = {**({"schedule": schedule} if schedule else {}), **more}
    written = "".join(f", {key}: {value}" for key, value in keys.items())
    model = f"{{table: public.{name}, key: [id, at]}}"
    return one_sync(name, table=f"app.{name}{written}", model=model)


def loaded(folder: DefsFolder, *documents: str) -> dg.Definitions:
    files = {f"part_{at}": text for at, text in enumerate(documents)}
    return folder.write({"connections": CONNECTIONS, **files}).load()


def schedules(definitions: dg.Definitions) -> dict[str, dg.ScheduleDefinition]:
    found = [one for one in definitions.schedules or [] if isinstance(one, dg.ScheduleDefinition)]
    return {one.name: one for one in found}


@pytest.fixture(scope="module")
def home() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:  # one in memory is not passed on to a schedule
        yield made


@pytest.fixture
def instance(home: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    """An instance without runs, which may be made."""
    for name, value in (("SHOP_HOST", "x"), ("SHOP_PORT", "1"), ("SHOP_PW", "x"), ("CRM_PW", "x")):
        monkeypatch.setenv(name, value)
    for run in home.get_runs():
        home.delete_run(run.run_id)
    return home


def tick(
    definitions: dg.Definitions,
    name: str,
    instance: dg.DagsterInstance,
    at: str = "2026-11-23T06:00+00:00",
) -> tuple[dict[str | None, dg.RunRequest], str | None]:
    """The requests by their run keys, and why there are none."""
    context = dg.build_schedule_context(
        instance=instance,
        repository_def=definitions.get_repository_def(),
        scheduled_execution_time=dt.datetime.fromisoformat(at),
    )
    with context:
        found = definitions.resolve_schedule_def(name).evaluate_tick(context)
    return {one.run_key: one for one in found.run_requests or []}, found.skip_message


def test_one_for_all_that_run_at_the_same_times(defs_folder: DefsFolder) -> None:
    definitions = loaded(
        defs_folder,
        sync("a", "{every: 15 minutes}") + "---" + sync("b", "'*/15 * * * *'"),
        sync("c", '{times: ["06:00"], time_zone: Europe/Berlin, except: [2026-12-25]}'),
        sync("d", "15 minutes") + "---" + sync("manual") + "---" + sync("e", "{after: [d]}"),
        sync("f", "{every: 15 minutes, status: STOPPED}"),
    )
    found = schedules(definitions)
    assert {name: one.cron_schedule for name, one in found.items()} == {
        "every_15_minutes": "*/15 * * * *",
        "at_06_00_europe_berlin_with_exceptions": "0 6 * * *",
        "every_15_minutes_stopped": "*/15 * * * *",
    }
    assert found["every_15_minutes"].description == "Every 15 minutes: a, b, d."
    assert found["every_15_minutes"].default_status is dg.DefaultScheduleStatus.RUNNING
    assert found["every_15_minutes_stopped"].default_status is dg.DefaultScheduleStatus.STOPPED
    berlin = found["at_06_00_europe_berlin_with_exceptions"]
    assert berlin.execution_timezone == "Europe/Berlin"


def test_a_run_for_each_sync(defs_folder: DefsFolder, instance: dg.DagsterInstance) -> None:
    definitions = loaded(
        defs_folder, sync("a", "1 hour"), sync("b", "1 hour"), sync("c", "1 hour", partitions=DAYS)
    )
    requests, _ = tick(definitions, "every_hour", instance)
    assert set(requests) == {"a", "b", "c"}
    assert requests["a"].tags["pgsync/sync"] == "a"
    tags = requests["c"].tags
    assert (tags["pgsync/sync"], tags[START], tags[END]) == ("c", "2024-01-01", "2024-01-03")
    made = {key.to_user_string() for key in requests["a"].asset_selection or []}
    assert made == {"crm/app/a", "hightouch_planner/a", "hightouch_audit/a"}
    checks = {check.name for check in requests["a"].asset_check_keys or []}
    assert "no_rejected_rows" in checks
    assert not checks & {"destination_in_step", "connection"}  # which are asked for alone


def test_runs_do_not_pile_up(defs_folder: DefsFolder, instance: dg.DagsterInstance) -> None:
    definitions = loaded(defs_folder, sync("a", "1 hour"), sync("b", "1 hour"))
    connections = definitions.resolve_job_def("test_connections")
    instance.create_run_for_job(connections)  # names no assets, and is none of ours
    assert set(tick(definitions, "every_hour", instance)[0]) == {"a", "b"}
    job = definitions.resolve_implicit_global_asset_job_def()
    queued = instance.create_run_for_job(job, asset_selection={dg.AssetKey(["crm", "app", "a"])})
    assert set(tick(definitions, "every_hour", instance)[0]) == {"b"}
    instance.delete_run(queued.run_id)
    instance.create_run_for_job(job)  # a run of everything
    requests, skipped = tick(definitions, "every_hour", instance)
    assert (requests, skipped) == (
        {},
        "a: the last run has not ended; b: the last run has not ended",
    )


def test_an_exception_is_skipped_with_its_reason(
    defs_folder: DefsFolder, instance: dg.DagsterInstance
) -> None:
    definitions = loaded(defs_folder, sync("a", '{times: ["06:00"], except: [2026-12-25]}'))
    name = "at_06_00_with_exceptions"
    requests, skipped = tick(definitions, name, instance, "2026-12-25T06:00+00:00")
    assert (requests, skipped) == ({}, "2026-12-25 is an exception of this schedule")
    assert set(tick(definitions, name, instance, "2026-12-26T06:00+00:00")[0]) == {"a"}


def test_a_partition_that_is_yet_to_come(
    defs_folder: DefsFolder, instance: dg.DagsterInstance
) -> None:
    later = "{column: at, every: day, start: 2099-01-01}"
    definitions = loaded(defs_folder, sync("a", "1 hour", partitions=later))
    requests, skipped = tick(definitions, "every_hour", instance)
    assert (requests, skipped) == ({}, "a: its first partition is yet to come")


def test_a_component_runs_syncs_or_any_assets(
    defs_folder: DefsFolder, instance: dg.DagsterInstance
) -> None:
    documents = (sync("a"), sync("b"), sync("c", partitions=DAYS))
    all_of_b = NIGHTLY % 'selection: "+key:crm/app/b or key:crm/app/a or key:crm/app/c"'
    two = NIGHTLY.replace("nightly", "two") % "syncs: [a, c]"
    definitions = loaded(defs_folder, *documents, all_of_b, two)
    assert set(schedules(definitions)) == {"nightly", "two"}
    assert set(tick(definitions, "two", instance)[0]) == {"a", "c"}
    requests, _ = tick(definitions, "nightly", instance)
    assert set(requests) == {"a", "c", "crm/app/b, models/b"}  # which keep their order


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ("syncs: [ordres]", "did you mean 'orders'"),
        ('syncs: [orders], selection: "*"', "exactly one of syncs, selection"),
        ("", "exactly one of syncs, selection"),
    ],
)
def test_what_a_component_refuses(defs_folder: DefsFolder, attributes: str, told: str) -> None:
    documents = {"connections": CONNECTIONS, "orders": sync("orders"), "n": NIGHTLY % attributes}
    assert told in refusal(defs_folder.write(documents))


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("{after: [orders]}", "`after` has no times of its own"),
        ("{cron: 0 25 * * *}", "hour: '25' is no number from 0 to 23"),
    ],
)
def test_a_schedule_that_is_wrong(defs_folder: DefsFolder, schedule: str, told: str) -> None:
    text = (NIGHTLY % "syncs: [orders]").replace('"0 1 * * *"', schedule)
    documents = {"connections": CONNECTIONS, "orders": sync("orders"), "nightly": text}
    assert told in refusal(defs_folder.write(documents))


def moments(written: Any, first: str, last: str) -> list[dt.datetime]:
    """The ticks that Dagster's daemon makes of a schedule, without those that are skipped."""
    schedule = ScheduleConfig.model_validate(written)
    made = build_sync_schedule("s", dg.AssetSelection.all(), schedule)
    zone = ZoneInfo(made.execution_timezone or "")
    begin, end = (dt.datetime.fromisoformat(day).replace(tzinfo=zone) for day in (first, last))
    crons = made.cron_schedule
    ticks = schedule_execution_time_iterator(begin.timestamp(), crons, made.execution_timezone)
    recurrence = schedule.recurrence
    assert recurrence is not None
    return [tick for tick in takewhile(lambda tick: tick < end, ticks) if recurrence.admits(tick)]


@pytest.mark.parametrize(
    "written",
    [
        {"times": ["02:30"]},
        {"times": ["02:30", "14:30"]},
        {"cron": "30 2 * * *"},
        {"cron": "30 2 * 3,10 *"},
        {"every": "1 day", "times": ["02:30"]},
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_a_time_that_is_not_or_is_twice_runs_once_a_day(written: Any, zone: str) -> None:
    """The night of each change of the clocks, and those around it."""
    for first, last in (("2026-03-01", "2026-04-12"), ("2026-10-01", "2026-11-12")):
        found = moments({**written, "time_zone": zone}, first, last)
        early = [tick.date() for tick in found if tick.hour < 12]
        begin = dt.date.fromisoformat(first)
        days = [begin + dt.timedelta(days=n) for n in range(42)]
        months = (3, 10) if "3,10" in written.get("cron", "") else range(1, 13)
        assert early == [day for day in days if day.month in months]


def test_intervals_when_the_clocks_change() -> None:
    berlin = {"time_zone": "Europe/Berlin"}
    for first, last, hours in (
        ("2026-03-29", "2026-03-30", 23),
        ("2026-10-25", "2026-10-26", 25),
    ):
        assert len(moments({"every": "15 minutes", **berlin}, first, last)) == 4 * hours
        assert len(moments({"every": "6 hours", **berlin}, first, last)) == 4
    found = moments({"every": "7 hours", **berlin}, "2026-03-20", "2026-11-12")
    pairs = zip(found, found[1:], strict=False)
    assert {after.timestamp() - tick.timestamp() for tick, after in pairs} == {7 * 3600.0}
    found = moments({"every": "2 days", **berlin}, "2026-03-20", "2026-11-12")
    pairs = zip(found, found[1:], strict=False)
    assert {after.date() - tick.date() for tick, after in pairs} == {dt.timedelta(days=2)}


@pytest.mark.parametrize(
    ("written", "after", "expected"),
    [
        ("15 minutes", "2026-11-22T04:00:00+00:00", "2026-11-22T04:15:00+00:00"),
        ("15 minutes", "2026-11-22T04:00:01+00:00", "2026-11-22T04:15:00+00:00"),
        (
            {"times": ["06:00"], "time_zone": "Europe/Berlin", "except": ["2026-12-25"]},
            "2026-12-24T06:00:00+01:00",
            "2026-12-26T06:00:00+01:00",
        ),
        ({"every": "2 weeks"}, "2024-01-01T00:00:00+00:00", "2024-01-15T00:00:00+00:00"),
        ("0 0 29 2 *", "2096-03-01T00:00:00+00:00", "2104-02-29T00:00:00+00:00"),
        ({"after": ["a"]}, "2026-11-22T04:00:00+00:00", None),
    ],
)
def test_the_next_tick(written: Any, after: str, expected: str | None) -> None:
    schedule = ScheduleConfig.model_validate(written)
    found = next_tick(schedule, dt.datetime.fromisoformat(after))
    assert (found.isoformat() if found else None) == expected


def sensors(definitions: dg.Definitions) -> dict[str, dg.SensorDefinition]:
    return {one.name: one for one in definitions.sensors or []}


def test_one_sensor_for_all_that_run_after_others(defs_folder: DefsFolder) -> None:
    definitions = loaded(
        defs_folder,
        sync("a", "1 hour"),
        sync("b", "{after: [a, analytics/orders]}") + "---" + sync("c", "{after: [b, 'key:raw']}"),
        sync("d", "{after: [a], status: STOPPED}"),
    )
    found = sensors(definitions)
    assert {name: one.default_status.value for name, one in found.items()} == {
        "after_others": "RUNNING",
        "after_others_stopped": "STOPPED",
    }
    assert found["after_others"].description == (
        "Runs after others: b after analytics/orders, crm/app/a; c after crm/app/b, raw."
    )


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("{after: [two]}", "{after: [one]}", "goes round in a circle: one after two after one"),
        ("{after: [crm/app/two]}", "{after: [one]}", "after: one after two after one: none"),
        ("{after: [crm/app/one]}", "1 hour", "after: one after one: none of them would begin"),
        ("{after: [too]}", "1 hour", "no sync is named 'too'; did you mean 'two'? (an asset is"),
    ],
)
def test_what_goes_round_in_a_circle(
    defs_folder: DefsFolder, first: str, second: str, told: str
) -> None:
    parts = {"connections": CONNECTIONS, "one": sync("one", first), "two": sync("two", second)}
    assert told in refusal(defs_folder.write(parts))


PAGE = (Path(__file__).parents[3] / "docs" / "dagster.md").read_text(encoding="utf-8")
SHOWN = re.findall(
    r"^```yaml\n(.*?)^```",
    PAGE.partition("\n## Schedules\n")[2].partition("\n## ")[0],
    re.MULTILINE | re.DOTALL,
)


def test_what_the_page_shows(defs_folder: DefsFolder, instance: dg.DagsterInstance) -> None:
    *of_syncs, component = SHOWN
    documents = []
    for name, text in zip("abcde", of_syncs, strict=True):
        indented = "".join(f"      {line}\n" for line in text.splitlines())
        block = ORDERS.replace("orders", name).rstrip("\n") + f"\n{indented}"
        documents.append(block)
    definitions = loaded(defs_folder, *documents, sync("customers"), component)
    assert set(schedules(definitions)) == {
        "every_15_minutes",
        "every_30_minutes_from_08_00_to_18_00_monday_to_friday_europe_berlin_with_exceptions",
        "at_06_00_and_18_30_stopped",
        "every_2_weeks_at_18_00_friday",
        "every_morning",
    }
    assert set(sensors(definitions)) == {"after_others"}
    assert len(tick(definitions, "every_morning", instance)[0]) == 6
