"""Partitions that are time windows: an hour, day, week, month, quarter or year each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field, model_validator

from ..errors import ConfigurationError
from .base import Identifier, TimeZone
from .partition import Interval, Slice
from .partition_kind import PartitionKind
from .windows import Calendar, Every

_BEGINNINGS: dict[Every, str] = {
    "week": "a Sunday, where weeks begin",
    "month": "the first day of a month",
    "quarter": "the first day of January, April, July or October",
    "year": "the first of January",
}


class TimeWindows(PartitionKind):
    """Time windows over one column: `{column, every, start}`.

    A window holds the rows from its beginning on and before the next one. Rows with NULL there, or
    from before `start`, are in no window and are not sent.
    """

    column: Identifier = Field(description="A date or timestamp column.")
    every: Every = Field(description="Length of a window.")
    start: dt.date = Field(description="First day, where a window begins.")
    end: dt.date | None = Field(default=None, description="First day that is not in it any more.")
    time_zone: TimeZone = Field(
        default="UTC",
        description="IANA name of the zone whose clock the windows follow, as in Europe/Berlin.",
    )

    @model_validator(mode="before")
    @classmethod
    def _says_how(cls, value: Any) -> Any:
        """A mapping without a key of any kind ends here."""
        if isinstance(value, dict) and not {"every", "start", "end", "time_zone"} & value.keys():
            raise ValueError(
                "say how to cut: every (and column, start: time windows), hash (of the key), "
                "ranges (and column) or values (and column)"
            )
        return value

    @model_validator(mode="after")
    def _ends_after_start(self) -> TimeWindows:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"end {self.end} is not after start {self.start}")
        return self

    @model_validator(mode="after")
    def _bounds_begin_windows(self) -> TimeWindows:
        # Dagster begins with the first whole window: rows before it would be in no partition.
        for bound, day in (("start", self.start), ("end", self.end)):
            if day and self.calendar.around(self.calendar.midnight(day)).date() != day:
                raise ValueError(f"{bound} {day} is not {_BEGINNINGS[self.every]}")
        return self

    @model_validator(mode="after")
    def _hours_stay_hours(self) -> TimeWindows:
        if self.every == "hour" and not self.calendar.keeps_hours(self.start, self.end):
            raise ValueError(
                f"time_zone {self.time_zone}: its clock changes by something else than an hour, "
                "where hourly windows lose their names; leave time_zone out (UTC), or cut by day"
            )
        return self

    @property
    def by(self) -> str:
        """Its column."""
        return self.column

    @property
    def calendar(self) -> Calendar:
        """Where windows begin, and how they are named."""
        return Calendar(self.every, self.time_zone)

    @property
    def covered(self) -> Slice:
        """From `start` to `end`; to the end of time where there is none."""
        lower = next(self.calendar.bounds(self.start))
        upper = self.calendar.midnight(self.end) if self.end else None
        return Interval(self.column, lower.isoformat(), upper.isoformat() if upper else None)

    @property
    def summary(self) -> str:
        """The windows in words, and which rows are in none."""
        return (
            f"each {self.every} of {self.column} from {self.start} to {self.end or 'now'} "
            f"({self.time_zone}); rows with NULL there, or outside of that time, are in none"
        )

    def slices(self, key: Sequence[str], until: dt.datetime) -> Iterator[tuple[str, Slice]]:
        """Windows that have begun, oldest first: what is known of today has to travel today."""
        del key
        calendar = self.calendar
        for lower in calendar.bounds(self.start):
            if lower.timestamp() > until.timestamp() or (self.end and lower.date() >= self.end):
                return
            yield calendar.name(lower), self._window(lower)

    def slice_named(self, key: Sequence[str], name: str) -> Slice:
        """The window of a key as Dagster writes it: `2013-01-01`, or `2013-01-01-05:00`.

        Raises:
            ConfigurationError: the key is not written so, is not the beginning of a window, or is
                outside of `start` and `end`.
        """
        del key
        calendar = self.calendar
        moment = calendar.read(name)
        if moment is None:
            example = calendar.name(next(calendar.bounds(self.start)))
            raise ConfigurationError(
                f"{name!r} is not the name of a partition", f"write it as in {example}"
            )
        if moment.date() < self.start or (self.end and moment.date() >= self.end):
            raise ConfigurationError(
                f"the partition {name} is outside of {self.start} to {self.end or 'now'}",
                "choose another one, or change partitions.start and partitions.end",
            )
        lower = calendar.around(moment)
        if lower != moment:
            raise ConfigurationError(
                f"no {self.every} begins at {name}",
                f"the {self.every} around it is {calendar.name(lower)}",
            )
        return self._window(lower)

    def _window(self, lower: dt.datetime) -> Interval:
        return Interval(self.column, lower.isoformat(), self.calendar.next(lower).isoformat())
