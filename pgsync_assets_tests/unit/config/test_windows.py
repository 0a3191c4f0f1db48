"""Our time windows are Dagster's partitions: same names, same instants, in every time zone."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import dagster as dg
import pytest
from pydantic import ValidationError

from pgsync_assets.config import Interval, Partition, TimeWindows
from pgsync_assets.errors import ConfigurationError

CRON = {
    "hour": "0 * * * *",
    "day": "0 0 * * *",
    "week": "0 0 * * 0",
    "month": "0 0 1 * *",
    "quarter": "0 0 1 1,4,7,10 *",
    "year": "0 0 1 1 *",
}
BOUNDS = {
    "hour": ("2024-02-25", "2024-02-28"),
    "day": ("2023-12-31", "2024-06-30"),
    "week": ("2023-12-31", "2024-06-30"),
    "month": ("2023-12-01", "2024-06-01"),
    "quarter": ("2023-10-01", "2024-10-01"),
    "year": ("2023-01-01", "2025-01-01"),
}
# Clocks that change by an hour, at two in the night; by half an hour; at midnight, so that a day
# begins at one; an hour that is there twice around midnight; and one that never changes.
ZONES = [
    "UTC",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "America/Havana",
    "Asia/Kolkata",
]
YEARS = {
    "day": ("2021-12-31", "2025-01-01"),
    "week": ("2019-12-29", "2025-01-05"),
    "month": ("2015-12-01", "2025-02-01"),
    "quarter": ("2009-10-01", "2025-01-01"),
    "year": ("1999-01-01", "2025-01-01"),
}
# Weeks in which the clocks change: New York, Santiago and Havana, in spring and in autumn.
HOURS = [("2024-03-09", "2024-03-11"), ("2024-11-02", "2024-11-04"), ("2024-09-07", "2024-09-09")]
# On a bound, just before one, in a leap year, and within the hour that New York has twice.
MOMENTS = [
    dt.datetime(2024, 3, 10, 7, 30, tzinfo=dt.timezone.utc),
    dt.datetime(2024, 2, 29, 23, 59, 59, tzinfo=dt.timezone.utc),
    dt.datetime(2024, 3, 1, tzinfo=dt.timezone.utc),
    dt.datetime(2024, 11, 3, 6, 30, tzinfo=dt.timezone.utc),
    dt.datetime(2024, 12, 31, 23, 59, 59, tzinfo=dt.timezone.utc),
    dt.datetime(2025, 1, 5, tzinfo=dt.timezone.utc),
]


def windows(every: str, start: str, end: str | None = None, zone: str = "UTC") -> TimeWindows:
    given = {"column": "at", "every": every, "start": start, "end": end, "time_zone": zone}
    return TimeWindows.model_validate(given)


def dagster(
    every: str, start: str, end: str | None, zone: str
) -> dg.TimeWindowPartitionsDefinition:
    first, last = (day and dt.datetime.fromisoformat(day) for day in (start, end))
    assert first
    return dg.TimeWindowPartitionsDefinition(
        cron_schedule=CRON[every],
        fmt="%Y-%m-%d-%H:%M" if every == "hour" else "%Y-%m-%d",
        start=first,
        end=last,
        timezone=zone,
        end_offset=1,
    )


def partitions(config: TimeWindows, until: dt.datetime = MOMENTS[-1]) -> list[Partition]:
    return list(config.partitions(("id",), until))


def bounds(partition: Partition) -> tuple[str, str]:
    assert isinstance(partition.slice, Interval)
    assert partition.slice.lower and partition.slice.upper
    return partition.slice.lower, partition.slice.upper


def instants(partition: Partition) -> tuple[float, ...]:
    return tuple(dt.datetime.fromisoformat(bound).timestamp() for bound in bounds(partition))


def assert_same(every: str, start: str, end: str | None, zone: str, until: dt.datetime) -> None:
    ours = partitions(windows(every, start, end, zone), until)
    theirs = dagster(every, start, end, zone)
    assert [window.name for window in ours] == theirs.get_partition_keys(current_time=until)
    found = [theirs.time_window_for_partition_key(window.name) for window in ours]
    expected = [(window.start.timestamp(), window.end.timestamp()) for window in found]
    assert [instants(window) for window in ours] == expected


@pytest.mark.parametrize("every", CRON)
@pytest.mark.parametrize("ends", [False, True], ids=["open", "ends"])
@pytest.mark.parametrize("until", MOMENTS, ids=str)
def test_names_and_instants_are_dagsters(every: str, ends: bool, until: dt.datetime) -> None:
    start, end = BOUNDS[every][0], BOUNDS[every][1] if ends else None
    if every == "hour":
        until = min(until, MOMENTS[0])
    assert_same(every, start, end, "UTC", until)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("every", YEARS)
def test_the_same_over_years_in_every_zone(every: str, zone: str) -> None:
    assert_same(every, *YEARS[every], zone, MOMENTS[-1])


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone != "Australia/Lord_Howe"])
@pytest.mark.parametrize(("start", "end"), HOURS)
def test_the_same_hours_where_clocks_change(zone: str, start: str, end: str) -> None:
    assert_same("hour", start, end, zone, MOMENTS[-1])
    assert_same("hour", start, None, zone, dt.datetime.fromisoformat(f"{end}T05:30:00+00:00"))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("every", CRON)
def test_no_instant_is_lost_or_repeated(every: str, zone: str) -> None:
    if every == "hour" and zone == "Australia/Lord_Howe":
        with pytest.raises(ValidationError, match="its clock changes by something else"):
            windows(every, "2024-01-01", zone=zone)
        return
    start, end = YEARS.get(every, ("2024-01-01", "2024-12-31"))
    ours = partitions(windows(every, start, end, zone))
    assert all(instants(one)[1] == instants(two)[0] for one, two in pairwise(ours))
    assert len({window.name for window in ours}) == len(ours)
    if every == "hour":
        assert {upper - lower for lower, upper in map(instants, ours)} == {3600}
    # The wall clock of the bounds is what a column without a time zone is compared with.
    clocks = [bound[:19] for window in ours for bound in bounds(window)]
    assert clocks == sorted(clocks)


@pytest.mark.parametrize("every", CRON)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "America/Santiago"])
def test_a_window_is_found_by_its_name(every: str, zone: str) -> None:
    start, end = ("2024-03-08", "2024-11-05") if every == "hour" else BOUNDS[every]
    config = windows(every, start, end, zone)
    for window in partitions(config):
        assert config.partition_named(("id",), window.name) == window


@pytest.mark.parametrize(
    ("every", "key", "message"),
    [
        ("month", "2024-01", "not the name of a partition"),
        ("month", "2024-01-15", "no month begins at 2024-01-15"),
        ("week", "2024-01-01", "no week begins at 2024-01-01"),
        ("quarter", "2024-02-01", "no quarter begins at 2024-02-01"),
        ("year", "2024-02-01", "no year begins at 2024-02-01"),
        ("day", "2024-1-1", "not the name of a partition"),
        ("day", "2024-02-30", "not the name of a partition"),
        ("hour", "2024-02-25-05:30", "no hour begins"),
        ("hour", "2024-02-25-05:00+0000", "not the name of a partition"),
        ("month", "2023-11-01", "outside of"),
        ("month", "2024-06-01", "outside of"),
        ("month", "9999-12-01", "not the name of a partition"),
        ("day", "", "not the name of a partition"),
    ],
)
def test_a_wrong_name_is_refused(every: str, key: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        windows(every, *BOUNDS[every]).partition_named(("id",), key)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("2024-03-10-02:00", "the hour around it is 2024-03-10-03:00"),  # the clock skips it
        ("2024-11-03-01:00-0400", "write it as in"),  # the first one has no offset
        ("2024-11-03-05:00-0500", "write it as in"),  # there is one of that name only
    ],
)
def test_an_hour_that_the_clock_does_not_show_so_is_refused(key: str, told: str) -> None:
    config = windows("hour", "2024-03-01", zone="America/New_York")
    with pytest.raises(ConfigurationError) as caught:
        config.partition_named(("id",), key)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"every": "month", "start": "2024-01-02"}, "first day of a month"),
        ({"every": "week", "start": "2024-01-01"}, "not a Sunday"),
        ({"every": "quarter", "start": "2024-02-01"}, "first day of January, April"),
        ({"every": "year", "start": "2024-04-01"}, "first of January"),
        ({"every": "day", "start": "2024-01-02", "end": "2024-01-02"}, "not after start"),
        ({"every": "day", "start": "2024-01-02", "zone": "Europe/Brelin"}, "not a time zone"),
        ({"every": "day", "start": "2024-01-02", "zone": "../etc/passwd"}, "not a time zone"),
        ({"every": "day", "start": "2024-01-02", "zone": "Europe"}, "not a time zone"),
        ({"every": "day", "start": "2024-01-02", "zone": ""}, "not a time zone"),
        ({"every": "hour", "start": "2024-01-02", "zone": "Antarctica/Troll"}, "its clock"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        windows(**fields)


def test_hours_of_a_zone_that_changed_its_clock_long_ago() -> None:
    """Kathmandu moved by a quarter of an hour in 1986, and not since."""
    assert partitions(windows("hour", "2024-01-01", "2024-01-02", "Asia/Kathmandu"))
    with pytest.raises(ValidationError, match="its clock"):
        windows("hour", "1985-01-01", zone="Asia/Kathmandu")
