"""What a schedule comes down to: times of chosen days, and what they leave out.

Cron can say most of it, and says it here: the more it says, the fewer ticks are skipped. What no
cron can say (every 7 hours, every other week, not on that date) is asked of each tick.

An interval is counted from a fixed moment, never from the last run, so that it is the same after a
restart and for all who read it:

- one that divides a day, from midnight by the clock of the zone: every 6 hours is 00:00, 06:00,
  12:00 and 18:00, also on a day with 23 or 25 hours;
- days and weeks, from Monday, 2024-01-01, by the calendar of the zone;
- any other, as every 7 hours, from that day's midnight in UTC: exactly so long after the last one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from math import gcd
from typing import Literal
from zoneinfo import ZoneInfo

from .cron import MINUTES_OF_A_DAY, Cron, Days, write_cron
from .duration import written

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
"""As cron counts them."""

_ANCHOR = dt.date(2024, 1, 1)
_MINUTES_OF_A_WEEK = 7 * MINUTES_OF_A_DAY
_MONDAY = 1

Window = tuple[int, int]
"""Two times of the day, in minutes from midnight, both included; across midnight where the first
one is later."""


def clock(minutes: int) -> str:
    """A time of the day, as in `06:00`.

    Args:
        minutes: from midnight.
    """
    return f"{minutes // 60:02}:{minutes % 60:02}"


def zone_of(name: str) -> dt.tzinfo:
    """A time zone by its name.

    Args:
        name: of the IANA; `UTC` needs no database of zones.
    """
    return dt.timezone.utc if name == "UTC" else ZoneInfo(name)


@dataclass(frozen=True)
class Step:
    """An interval that no cron can say.

    Args:
        number: of units, 2 at least.
        unit: minutes by UTC, or days or weeks by the calendar of the zone.
    """

    number: int
    unit: Literal["minute", "day", "week"]

    @property
    def length(self) -> dt.timedelta:
        """How long it is."""
        return dt.timedelta(**{f"{self.unit}s": self.number})

    def is_due(self, local: dt.datetime) -> bool:
        """Whether a moment is one of its own.

        Args:
            local: by the clock of the zone.
        """
        days = (local.date() - _ANCHOR).days
        passed = {
            "minute": lambda: int(local.timestamp() - _midnight(_ANCHOR).timestamp()) // 60,
            "day": lambda: days,
            "week": lambda: days // 7,
        }[self.unit]()
        return passed % self.number == 0


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.timezone.utc)


@dataclass(frozen=True)
class Recurrence:
    """When something runs. Two that are equal run at the same moments.

    Args:
        times: minutes from midnight, in order.
        days: on which days.
        zone: of times, days and everything below.
        step: only where this interval has passed.
        weekdays: only on these, where `days` cannot say so; from 0, a Sunday.
        window: only within, where `times` cannot say so.
        exceptions: not on these dates.
    """

    times: tuple[int, ...]
    days: Days
    zone: str
    step: Step | None = None
    weekdays: frozenset[int] = frozenset()
    window: Window | None = None
    exceptions: tuple[dt.date, ...] = ()

    @property
    def crons(self) -> tuple[str, ...]:
        """Five fields each; a tick of any of them counts, unless it is skipped."""
        return write_cron(self.times, self.days)

    @property
    def cron_zone(self) -> str:
        """The zone of `crons`."""
        return "UTC" if self.step and self.step.unit == "minute" else self.zone

    def skipped(self, moment: dt.datetime) -> str | None:
        """Why a tick does not count, in words; None where it does.

        Args:
            moment: of the tick, with its time zone.
        """
        local = moment.astimezone(zone_of(self.zone))
        weekday = local.isoweekday() % 7
        if local.date() in self.exceptions:
            return f"{local.date()} is an exception of this schedule"
        if self.weekdays and weekday not in self.weekdays:
            return f"not on a {WEEKDAYS[weekday].capitalize()}"
        if self.window and not is_within(local.hour * 60 + local.minute, self.window):
            return f"only from {clock(self.window[0])} to {clock(self.window[1])}"
        if self.step and not self.step.is_due(local):
            return f"only every {written(self.step.length)}"
        return None

    def admits(self, moment: dt.datetime) -> bool:
        """Whether a tick of `crons` counts.

        Args:
            moment: of the tick, with its time zone.
        """
        return self.skipped(moment) is None


def is_within(time: int, window: Window) -> bool:
    """Whether a time of the day is in a window.

    Args:
        time: minutes from midnight.
        window: both ends are in it.
    """
    first, last = window
    return first <= time <= last if first <= last else time >= first or time <= last


def of_cron(cron: Cron, zone: str) -> Recurrence:
    """By cron.

    Args:
        cron: what it says.
        zone: that its fields are in.
    """
    return Recurrence(cron.times, cron.days, zone)


def of_interval(minutes: int, times: tuple[int, ...], zone: str) -> Recurrence:
    """Every so often.

    Args:
        minutes: the interval.
        times: on the days of an interval of whole days; none is midnight.
        zone: that days are counted in.
    """
    at = times or (0,)
    if minutes % _MINUTES_OF_A_WEEK == 0:
        monday = Days(weekdays=frozenset({_MONDAY}))
        return Recurrence(at, monday, zone, _step(minutes // _MINUTES_OF_A_WEEK, "week"))
    if minutes % MINUTES_OF_A_DAY == 0:
        return Recurrence(at, Days(), zone, _step(minutes // MINUTES_OF_A_DAY, "day"))
    if MINUTES_OF_A_DAY % minutes == 0:
        return Recurrence(tuple(range(0, MINUTES_OF_A_DAY, minutes)), Days(), zone)
    often = range(0, MINUTES_OF_A_DAY, gcd(minutes, MINUTES_OF_A_DAY))
    return Recurrence(tuple(often), Days(), zone, _step(minutes, "minute"))


def _step(number: int, unit: Literal["minute", "day", "week"]) -> Step | None:
    return Step(number, unit) if number > 1 else None


def refined(
    recurrence: Recurrence,
    weekdays: Collection[str],
    window: Window | None,
    exceptions: Collection[dt.date],
) -> Recurrence:
    """The same on fewer days, and at fewer times of them.

    Args:
        recurrence: what is refined.
        weekdays: their names; none is all of them.
        window: None is the whole day.
        exceptions: dates.

    Raises:
        ValueError: nothing would be left of it.
    """
    numbers = frozenset(map(WEEKDAYS.index, weekdays))
    made = replace(recurrence, exceptions=tuple(sorted(set(exceptions))))
    if made.step and made.step.unit == "minute":
        _in(replace(made, times=_by_the_clock(made)), window)  # says so where nothing is left
        return replace(made, weekdays=numbers, window=window)
    return _on(_in(made, window), numbers)


def _in(recurrence: Recurrence, window: Window | None) -> Recurrence:
    times = tuple(t for t in recurrence.times if window is None or is_within(t, window))
    if not times and window:
        told = ", ".join(clock(time) for time in recurrence.times[:3])
        raise ValueError(
            f"between: {clock(window[0])}-{clock(window[1])} has none of its times ({told}"
            f"{', ...' if len(recurrence.times) > 3 else ''}): it would never run"
        )
    return replace(recurrence, times=times)


def _by_the_clock(recurrence: Recurrence) -> tuple[int, ...]:
    """Times by UTC as times of the zone, in winter and in summer."""
    zone = zone_of(recurrence.zone)
    seasons = (_midnight(dt.date(2024, month, 1)).astimezone(zone) for month in (1, 7))
    ahead = {local.hour * 60 + local.minute for local in seasons}
    return tuple(sorted({(t + a) % MINUTES_OF_A_DAY for t in recurrence.times for a in ahead}))


def _on(recurrence: Recurrence, weekdays: frozenset[int]) -> Recurrence:
    days, is_weekly = recurrence.days, recurrence.step and recurrence.step.unit == "week"
    if not weekdays:
        return recurrence
    if days.days is not None:  # cron would take the one or the other
        return replace(recurrence, weekdays=weekdays)
    left = weekdays if is_weekly or days.weekdays is None else weekdays & days.weekdays
    if not left:
        raise ValueError("weekdays: the cron names other days of the week: it would never run")
    return replace(recurrence, days=replace(days, weekdays=left if len(left) < 7 else None))
