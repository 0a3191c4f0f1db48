"""Our time windows are Dagster's partitions: same names, same bounds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import dagster as dg
import pytest
from pydantic import ValidationError

from pgsync_assets.config import PartitionsConfig
from pgsync_assets.config.windows import all_partitions, partition_named
from pgsync_assets.errors import ConfigurationError

DAGSTER = {
    "hour": (dg.HourlyPartitionsDefinition, "%Y-%m-%d-%H:%M"),
    "day": (dg.DailyPartitionsDefinition, "%Y-%m-%d"),
    "week": (dg.WeeklyPartitionsDefinition, "%Y-%m-%d"),
    "month": (dg.MonthlyPartitionsDefinition, "%Y-%m-%d"),
}
# In most places where summer time begins, on a year's end, in a leap year, on a window's bound.
MOMENTS = [
    dt.datetime(2024, 3, 10, 7, 30, tzinfo=dt.timezone.utc),
    dt.datetime(2024, 2, 29, 23, 59, 59, tzinfo=dt.timezone.utc),
    dt.datetime(2024, 3, 1, tzinfo=dt.timezone.utc),
    dt.datetime(2024, 12, 31, 23, 59, 59, tzinfo=dt.timezone.utc),
    dt.datetime(2025, 1, 5, tzinfo=dt.timezone.utc),
]
BOUNDS = {
    "hour": ("2024-02-25", "2024-02-28"),
    "day": ("2023-12-31", "2024-06-30"),
    "week": ("2023-12-31", "2024-06-30"),
    "month": ("2023-12-01", "2024-06-01"),
}


def _config(every: str, start: str, end: str | None = None) -> PartitionsConfig:
    given = {"column": "at", "every": every, "start": start, "end": end}
    return PartitionsConfig.model_validate(given)


def _dagster(every: str, start: str, end: str | None) -> Any:
    definition, key_format = DAGSTER[every]
    first, last = (
        day and dt.datetime.fromisoformat(day).strftime(key_format) for day in (start, end)
    )
    return definition(start_date=first, end_date=last, end_offset=1)


@pytest.mark.parametrize("every", DAGSTER)
@pytest.mark.parametrize("ends", [False, True], ids=["open", "ends"])
@pytest.mark.parametrize("until", MOMENTS, ids=str)
def test_names_are_dagsters_partition_keys(every: str, ends: bool, until: dt.datetime) -> None:
    start, end = BOUNDS[every][0], BOUNDS[every][1] if ends else None
    expected = _dagster(every, start, end).get_partition_keys(current_time=until)
    ours = [window.name for window in all_partitions(_config(every, start, end), until)]
    assert ours == expected


@pytest.mark.parametrize("every", DAGSTER)
def test_bounds_are_dagsters_time_windows(every: str) -> None:
    start, end = BOUNDS[every]
    theirs = _dagster(every, start, end)
    ours = all_partitions(_config(every, start, end), MOMENTS[-1])
    assert ours
    for window in ours:
        expected = theirs.time_window_for_partition_key(window.name)
        assert (window.lower, window.upper) == (
            expected.start.isoformat(),
            expected.end.isoformat(),
        )


@pytest.mark.parametrize("every", DAGSTER)
def test_a_window_is_found_by_its_name(every: str) -> None:
    config = _config(every, *BOUNDS[every])
    for window in all_partitions(config, MOMENTS[-1]):
        assert partition_named(config, window.name) == window


@pytest.mark.parametrize(
    ("every", "key", "message"),
    [
        ("month", "2024-01", "not the name of a partition"),
        ("month", "2024-01-15", "no month begins at 2024-01-15"),
        ("week", "2024-01-01", "no week begins at 2024-01-01"),
        ("day", "2024-1-1", "not the name of a partition"),
        ("day", "2024-02-30", "not the name of a partition"),
        ("hour", "2024-02-25-05:30", "no hour begins"),
        ("month", "2023-11-01", "outside of"),
        ("month", "2024-06-01", "outside of"),
        ("month", "9999-12-01", "not the name of a partition"),
        ("day", "", "not the name of a partition"),
    ],
)
def test_a_wrong_name_is_refused(every: str, key: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        partition_named(_config(every, *BOUNDS[every]), key)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("every", "start", "message"),
    [("month", "2024-01-02", "first day of a month"), ("week", "2024-01-01", "not a Sunday")],
)
def test_a_start_within_a_window_is_refused(every: str, start: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        _config(every, start)
