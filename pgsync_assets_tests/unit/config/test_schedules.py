"""What a schedule says: its crons, its words, what it leaves out, and what is refused."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dagster._utils.schedules import schedule_execution_time_iterator
from pydantic import ValidationError

from pgsync_assets.config import ScheduleConfig
from pgsync_assets.config.recurrence import Recurrence
from pgsync_assets.config.recurrence_words import in_words, names_of
from pgsync_assets.errors import ConfigurationError
from pgsync_assets.project import read_project

BERLIN = {"time_zone": "Europe/Berlin"}
DAYS_ON = {"weekdays": ["monday", "friday"], "between": "08:00-18:00"}


def recurrence(written: Any) -> Recurrence:
    found = ScheduleConfig.model_validate(written).recurrence
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("written", "crons", "words", "name"),
    [
        ("15 minutes", ["*/15 * * * *"], "every 15 minutes", "every_15_minutes"),
        ({"every": "1 hour"}, ["0 * * * *"], "every hour", "every_hour"),
        ("0 6 * * mon-fri", ["0 6 * * 1-5"], "at 06:00, Monday to Friday", None),
        ("@daily", ["0 0 * * *"], "at 00:00", "at_00_00"),
        ("0 0 1-31 * 1", ["0 0 * * *"], "at 00:00", "at_00_00"),  # the one or the other
        ("0 6 1-5 * *", ["0 6 1-5 * *"], "cron `0 6 1-5 * *`", "cron_0_6_1_to_5_any_any"),
        ("0 9 * * sat-sun", ["0 9 * * 0,6"], "at 09:00, Saturday and Sunday", None),
        (
            {"every": "45 minutes"},
            [
                "0,45 */3 * * *",
                "30 1,4,7,10,13,16,19,22 * * *",
                "15 2,5,8,11,14,17,20,23 * * *",
            ],
            "every 45 minutes",
            "every_45_minutes",
        ),
        (
            {"every": "30 minutes", **DAYS_ON},
            ["0,30 8-17 * * 1,5", "0 18 * * 1,5"],
            "every 30 minutes from 08:00 to 18:00, Monday and Friday",
            "every_30_minutes_from_08_00_to_18_00_monday_and_friday",
        ),
        (
            {"every": "15 minutes", "between": "22:00-06:00"},
            ["*/15 0-5,22,23 * * *", "0 6 * * *"],
            "every 15 minutes from 22:00 to 06:00",
            None,
        ),
        (
            {"times": ["06:00", "18:30"], **BERLIN, "except": ["2026-12-25"]},
            ["0 6 * * *", "30 18 * * *"],
            "at 06:00 and 18:30, Europe/Berlin, except on 2026-12-25",
            "at_06_00_and_18_30_europe_berlin_with_exceptions",
        ),
        ({"every": "7 hours"}, ["0 * * * *"], "every 7 hours", "every_7_hours"),
        ({"every": "36 hours"}, ["0 0,12 * * *"], "every 36 hours", None),
        ({"every": "2 days", "times": ["06:00"]}, ["0 6 * * *"], "every 2 days at 06:00", None),
        ("1 week", ["0 0 * * 1"], "at 00:00, Monday", None),
        (
            {"every": "2 weeks", "times": ["18:00"], "weekdays": ["friday"]},
            ["0 18 * * 5"],
            "every 2 weeks at 18:00, Friday",
            "every_2_weeks_at_18_00_friday",
        ),
    ],
)
def test_in_cron_and_in_words(written: Any, crons: list[str], words: str, name: str | None) -> None:
    found = recurrence(written)
    assert list(found.crons) == crons
    assert in_words(found) == words
    assert name is None or names_of([found]) == {found: name}


def test_what_means_the_same_is_the_same() -> None:
    same: list[Any] = ["0 6 * * *", {"times": ["06:00"]}, {"every": "1 day", "times": ["6:00"]}]
    assert len({recurrence(written) for written in same}) == 1
    assert recurrence("1 hour") == recurrence("@hourly")
    assert recurrence({"every": "1 hour", **BERLIN}) != recurrence("1 hour")


def test_names_are_different_valid_and_short() -> None:
    dates = [f"2026-12-{day:02}" for day in range(1, 31)]
    texts = ["0 1-3 5 * *", "0 1 3-5 * *", "0 1,3 5 * *", "0 1 3,5 * *", "*/7 1 2 3 4"]
    many = [
        *texts,
        *(
            {"cron": text, "time_zone": zone}
            for text in texts
            for zone in ("Etc/GMT+5", "Etc/GMT-5")
        ),
        *({"times": ["06:00"], "except": dates[:upto]} for upto in range(1, 31)),
        {"times": ["06:00"], "except": dates[1:]},
        {"every": "50 minutes", "between": "08:00-18:00"},
        {"times": [f"{8 + n * 50 // 60:02}:{n * 50 % 60:02}" for n in range(13)]},
    ]
    names = names_of({recurrence(written) for written in many}).values()
    assert len(set(names)) == len(names) == len(many)
    assert all(name.isidentifier() and name.isascii() and len(name) < 120 for name in names)


def test_cron_is_read_as_dagster_reads_it() -> None:
    """Whole sets of fields at random, by what runs on: the canonical form ticks like the text."""
    chance = random.Random(7)  # noqa: S311
    choices = (
        ("*", "*/7", "0", "5,35", "10-20/5", "59", "*/15"),
        ("*", "*/5", "0", "1,13", "8-18/3", "22"),
        ("*", "*", "1", "1,15", "*/10", "28-31", "1-31"),
        ("*", "*", "2", "1,7", "jan-mar", "*/4"),
        ("*", "*", "0", "7", "1-5", "mon,fri", "*/2", "0-6"),
    )
    for _ in range(200):
        text = " ".join(chance.choice(field) for field in choices)
        try:
            found = recurrence(text)
        except ValidationError as error:
            assert "is never" in str(error)
            continue
        start = at("2026-01-01").timestamp()
        ours = filter(found.admits, schedule_execution_time_iterator(start, found.crons, "UTC"))
        theirs = schedule_execution_time_iterator(start, text, "UTC")
        assert [*islice(ours, 10)] == [*islice(theirs, 10)], text


def at(text: str, zone: str = "UTC") -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("written", "moment", "skipped"),
    [
        ({"times": ["06:00"], "except": ["2026-12-25"]}, "2026-12-25T06:00", "2026-12-25 is"),
        ({"times": ["06:00"], "except": ["2026-12-25"]}, "2026-12-26T06:00", None),
        ({"cron": "0 6 1 * *", "weekdays": ["monday"]}, "2026-12-01T06:00", "not on a Tuesday"),
        ({"cron": "0 6 1 * *", "weekdays": ["monday"]}, "2026-06-01T06:00", None),
        ({"every": "2 days"}, "2024-01-01T00:00", None),
        ({"every": "2 days"}, "2024-01-02T00:00", "only every 2 days"),
        ({"every": "2 weeks", "weekdays": ["friday"]}, "2024-01-05T00:00", None),
        ({"every": "2 weeks", "weekdays": ["friday"]}, "2024-01-12T00:00", "only every 2 weeks"),
        ({"every": "7 hours"}, "2024-01-01T07:00", None),
        ({"every": "7 hours"}, "2024-01-02T04:00", None),
        ({"every": "7 hours"}, "2024-01-02T00:00", "only every 7 hours"),
        ({"every": "7 hours", **DAYS_ON}, "2024-01-01T07:00", "only from 08:00 to 18:00"),
        ({"every": "7 hours", **DAYS_ON}, "2024-01-02T11:00", "not on a Tuesday"),
    ],
)
def test_what_no_cron_can_say(written: Any, moment: str, skipped: str | None) -> None:
    found = recurrence(written)
    told = found.skipped(at(moment))
    assert (told is None) == (skipped is None) == found.admits(at(moment))
    assert (told or "").startswith(skipped or "")


def test_a_date_is_one_of_the_zone() -> None:
    found = recurrence({"times": ["00:30"], "except": ["2026-12-25"], **BERLIN})
    assert not found.admits(at("2026-12-24T23:30"))  # 00:30 of the 25th in Berlin
    assert found.admits(at("2026-12-25T23:30"))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("hourly", "'hourly' is not a length of time; write it as in `15 minutes`"),
        ("90 seconds", "whole minutes, one at least"),
        ("30 seconds", "whole minutes, one at least"),
        ("0 25 * * *", "hour: '25' is no number from 0 to 23"),
        ("0 6 * *", "has 4 of the five fields"),
        ("*/0 6 * * *", "minute: '*/0': a step is a number from 1 to 59"),
        ("0 6 * * fri-mon", "day of the week: 'fri-mon' ends before it begins"),
        ("0 0 * * mun", "day of the week: 'mun' is no number from 0 to 7, or sun and the like"),
        ("@reboot", "'@reboot' is not known; there is @hourly"),
        ("0 0 31 2,4 *", "is never"),
        ({"times": ["24:00"]}, "'24:00' is not a time of the day"),
        ({"times": [1110]}, "valid string"),  # 18:30 without quotes, in YAML 1.1
        ({}, "one of every, cron, times, after; it has none"),
        ({"every": "1 day", "cron": "@daily"}, "it has every and cron"),
        ({"after": ["a"], "times": ["06:00"]}, "times: beside an `every` of whole days"),
        ({"every": "1 hour", "times": ["06:00"]}, "times: beside an `every` of whole days"),
        ({"times": ["06:00"], "between": "07:00-08:00"}, "has none of its times (06:00)"),
        ({"every": "7 hours", "between": "08:10-08:50"}, "has none of its times"),
        ({"every": "1 hour", "between": "8-9"}, "'8' is not a time of the day"),
        ({"cron": "@weekly", "weekdays": ["friday"]}, "names other days of the week"),
        ({"after": ["a"], "weekdays": ["friday"]}, "weekdays: not beside `after`"),
        ({"after": ["a//b"]}, "a name is empty"),
        ({"every": "1 hour", "weekdays": ["Mon"]}, "'monday', 'tuesday'"),
        ({"every": "1 hour", "time_zone": "Berlin"}, "is not a time zone"),
    ],
)
def test_what_is_refused(written: Any, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ScheduleConfig.model_validate(written)
    assert told in str(caught.value)


CONNECTIONS = """type: pgsync_assets.PgConnectionsComponent
attributes:
  connections:
    a: {host: a, database: a, user: a, password: $A}
---
"""


def written_syncs(schedules: Mapping[str, str]) -> str:
    lines = [CONNECTIONS + "type: pgsync_assets.PgSyncComponent", "attributes:", "  syncs:"]
    for name, schedule in schedules.items():
        model = f"{{table: public.{name}, key: [id]}}"
        lines.append(f"    - {{name: {name}, source: a, destination: a, table: app.{name},")
        lines.append(f"       model: {model},")
        lines.append(f"       schedule: {schedule}}}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("schedules", "told"),
    [
        ({"x": "{after: [y]}", "y": "1 hour", "z": "{after: [x, analytics/orders]}"}, None),
        ({"x": "{after: [why]}", "why_not": "1 hour"}, "defs.yaml:11: *no sync is named 'why'"),
        (
            {"x": "1 hour", "y": "{after: [z]}", "z": "{after: [x, y]}"},
            "defs.yaml:14: *circle: y after z after y;",
        ),
        ({"x": "{after: [x]}"}, "defs.yaml:11: *circle: x after x;"),
        ({"x": "{every: 1 hour, excpt: []}"}, "did you mean 'except'?"),
        ({"x": "{cron: 0 25 * * *}"}, "defs.yaml:11: *syncs[0].schedule.cron: hour: '25'"),
        ({"x": "{times: [18:30]}"}, "schedule.times[0]: should be text; put it in quotes"),
    ],
)
def test_with_file_and_line(tmp_path: Path, schedules: Mapping[str, str], told: str | None) -> None:
    (tmp_path / "defs.yaml").write_text(written_syncs(schedules))
    if told is None:
        assert set(read_project(tmp_path).syncs) == set(schedules)
        return
    with pytest.raises(ConfigurationError) as caught:
        read_project(tmp_path)
    assert "errors" not in caught.value.message  # one slip, one sentence
    assert all(part in caught.value.message for part in told.split(" *"))
