"""The calendar behind time windows: bounds and names, as Dagster has them. Pure.

A day, week, month, quarter or year begins at midnight on the wall clock of its zone. Hours are
3,600 seconds each, counted from the first midnight: when the clock goes back there are two of the
same name, of which the later one carries its offset, and when it goes forward one name is missing.
No instant is lost, and none is in two windows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

Every = Literal["hour", "day", "week", "month", "quarter", "year"]

KEY_FORMATS: dict[Every, str] = {
    "hour": "%Y-%m-%d-%H:%M",
    "day": "%Y-%m-%d",
    "week": "%Y-%m-%d",
    "month": "%Y-%m-%d",
    "quarter": "%Y-%m-%d",
    "year": "%Y-%m-%d",
}
"""How Dagster writes partition keys (hourly, daily, weekly from Sunday, monthly and longer)."""

_HOUR = dt.timedelta(hours=1)
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_YEARS_AHEAD = 50


@dataclass(frozen=True)
class Calendar:
    """Windows of one length in one time zone.

    Args:
        every: length of a window.
        zone: IANA name of a time zone.
    """

    every: Every
    zone: str

    @cached_property
    def tzinfo(self) -> dt.tzinfo:
        """The zone. UTC needs no database of zones."""
        return dt.timezone.utc if self.zone == "UTC" else ZoneInfo(self.zone)

    def midnight(self, day: dt.date) -> dt.datetime:
        """Where a day begins on the wall clock, whether that clock shows it or not."""
        return dt.datetime(day.year, day.month, day.day, tzinfo=self.tzinfo)

    def next(self, lower: dt.datetime) -> dt.datetime:
        """The bound after a bound."""
        if self.every == "hour":
            return (lower.astimezone(dt.timezone.utc) + _HOUR).astimezone(self.tzinfo)
        day = lower.date()
        if self.every in _MONTHS:
            month = day.year * 12 + day.month - 1 + _MONTHS[self.every]
            return self.midnight(dt.date(month // 12, month % 12 + 1, 1))
        return self.midnight(day + dt.timedelta(days=7 if self.every == "week" else 1))

    def bounds(self, start: dt.date) -> Iterator[dt.datetime]:
        """Beginnings of windows from a day on, without end."""
        lower = self._shown(self.midnight(start))
        while True:
            yield lower
            lower = self.next(lower)

    def name(self, lower: dt.datetime) -> str:
        """Dagster's key of the window that begins there."""
        name = lower.strftime(KEY_FORMATS[self.every])
        return f"{name}{lower:%z}" if self.every == "hour" and _is_second(lower) else name

    def read(self, name: str) -> dt.datetime | None:
        """The moment that a key names, whether a window begins there or not; None: it is no key."""
        key_format = KEY_FORMATS[self.every]
        moment: dt.datetime | None
        try:
            moment = dt.datetime.strptime(name, key_format).replace(tzinfo=self.tzinfo)
        except ValueError:
            moment = self._read_second(name)
        is_key = moment is not None and moment.year < dt.MAXYEAR and self.name(moment) == name
        return moment if is_key else None

    def around(self, moment: dt.datetime) -> dt.datetime:
        """The bound at a moment or before it."""
        if self.every == "hour":
            return self._shown(moment).replace(minute=0, second=0, microsecond=0)
        day = moment.date()
        if self.every in _MONTHS:
            months = (day.month - 1) // _MONTHS[self.every] * _MONTHS[self.every]
            return self.midnight(day.replace(month=months + 1, day=1))
        if self.every == "week":
            return self.midnight(day - dt.timedelta(days=day.isoweekday() % 7))
        return self.midnight(day)

    def keeps_hours(self, start: dt.date, end: dt.date | None) -> bool:
        """Whether hours stay hours: the clock changes by whole ones, and back by one at the most.

        Else hours would begin at other minutes after a change, where Dagster gives one key two
        meanings (measured with 1.13.27, Australia/Lord_Howe), or a wall clock would show a whole
        window twice (Antarctica/Troll).

        Args:
            start: first day.
            end: first day that does not count any more; default: 50 years of it.
        """
        last = end or dt.date(min(start.year + _YEARS_AHEAD, dt.MAXYEAR - 1), 1, 1)
        days = range(0, (last - start).days + 7, 7)
        moments = [self.midnight(start + dt.timedelta(days=day)) for day in days]
        offsets = [moment.utcoffset() or dt.timedelta() for moment in moments]
        changes = {after - before for before, after in pairwise(offsets)}
        return all(change >= -_HOUR and not change % _HOUR for change in changes)

    def _shown(self, lower: dt.datetime) -> dt.datetime:
        """The same instant as the clock shows it: an hour that it skips is the next one."""
        if self.every != "hour":
            return lower
        return lower.astimezone(dt.timezone.utc).astimezone(self.tzinfo)

    def _read_second(self, name: str) -> dt.datetime | None:
        if self.every != "hour":
            return None
        try:
            return dt.datetime.strptime(name, KEY_FORMATS["hour"] + "%z").astimezone(self.tzinfo)
        except (ValueError, OverflowError):
            return None


def _is_second(moment: dt.datetime) -> bool:
    """Whether the clock shows this time for the second time."""
    first = moment.replace(fold=0).utcoffset() or dt.timedelta()
    return moment.fold == 1 and first > (moment.utcoffset() or dt.timedelta())
