"""When a sync runs by itself."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from .base import ShortConfig, TimeZone
from .cron import Days, read_cron
from .duration import Duration
from .recurrence import Recurrence, Window, of_cron, of_interval, refined

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Status = Literal["RUNNING", "STOPPED"]

_MINUTE = dt.timedelta(minutes=1)
_DAY = dt.timedelta(days=1)
_KEY = "key:"
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class ScheduleConfig(ShortConfig):
    """When a sync runs: every so often, by cron, at times of chosen days, or after others."""

    model_config = ConfigDict(populate_by_name=True)

    every: Duration | None = Field(
        default=None,
        description="An interval of whole minutes, as in `15 minutes`; `times` says when on the "
        "days of one of whole days or weeks.",
    )
    cron: str | None = Field(
        default=None, description="Five fields, as in `0 6 * * *`, or `@hourly`, `@daily`."
    )
    times: tuple[str, ...] = Field(
        default=(), description='Times of the day, as in `["06:00", "18:30"]`.'
    )
    after: tuple[str, ...] = Field(
        default=(),
        description="After each run that succeeded of one of these: names of syncs, or keys of "
        "assets, as in `analytics/orders` or `key:orders`.",
    )
    weekdays: tuple[Weekday, ...] = Field(
        default=(), description="Only on these days, as in `[monday, friday]`; default: all."
    )
    between: str | None = Field(  # no pair: Dagster makes no sample of an array of fixed length
        default=None,
        description="Only between two times of the day, both included, as in `08:00-18:00`; across "
        "midnight where the first one is later.",
    )
    except_: tuple[dt.date, ...] = Field(
        default=(), alias="except", description="Not on these dates, as in `[2026-12-25]`."
    )
    time_zone: TimeZone = Field(
        default="UTC", description="Of the times and days above, as in `Europe/Berlin`."
    )
    status: Status = Field(
        default="RUNNING", description="Whether it runs as soon as it is loaded (`RUNNING`)."
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, written: Any) -> Any:
        if isinstance(written, str):
            is_cron = written.startswith("@") or len(written.split()) > 2
            return {"cron" if is_cron else "every": written}
        return dict(written) if isinstance(written, Mapping) else written

    @field_validator("every")
    @classmethod
    def _whole_minutes(cls, value: dt.timedelta | None) -> dt.timedelta | None:
        if value is not None and (value < _MINUTE or value % _MINUTE):
            raise ValueError("a schedule counts in whole minutes, one at least")
        return value

    @field_validator("cron")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None:
            read_cron(value)
        return value

    @field_validator("times")
    @classmethod
    def _are_times(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            _minutes(text)
        return value

    @field_validator("after")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(part for name in value for part in name.removeprefix(_KEY).split("/")):
            raise ValueError("a name is empty; write it as in `orders` or `analytics/orders`")
        return value

    @field_validator("between")
    @classmethod
    def _is_window(cls, value: str | None) -> str | None:
        if value is not None:
            _window(value)
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> ScheduleConfig:
        kinds = [name for name in ("every", "cron", "after") if getattr(self, name)]
        if len(kinds) > 1 or not (kinds or self.times):
            found = f"it has {' and '.join(kinds)}" if kinds else "it has none"
            raise ValueError(f"a schedule has one of every, cron, times, after; {found}")
        if self.times and kinds and (self.every is None or self.every % _DAY):
            raise ValueError("times: beside an `every` of whole days or weeks only")
        if self.after:
            self._nothing_refined()
        return self

    def _nothing_refined(self) -> None:
        refinements = ("weekdays", "between", "except_", "time_zone")
        written = [name.rstrip("_") for name in refinements if name in self.model_fields_set]
        if written:
            raise ValueError(
                f"{written[0]}: not beside `after`: what happens upstream says when it runs"
            )

    @model_validator(mode="after")
    def _runs_at_times(self) -> ScheduleConfig:
        if not self.after:
            _ = self.recurrence  # says so where nothing is left
        return self

    @property
    def syncs_before(self) -> tuple[str, ...]:
        """Names of syncs in `after`."""
        return tuple(name for name in self.after if not _is_key(name))

    @property
    def assets_before(self) -> tuple[str, ...]:
        """Keys of assets in `after`, their parts separated by `/`."""
        return tuple(name.removeprefix(_KEY) for name in self.after if _is_key(name))

    @property
    def recurrence(self) -> Recurrence | None:
        """When it runs; None where others decide that (`after`).

        Raises:
            ValueError: never.
        """
        if self.after:
            return None
        window = _window(self.between) if self.between else None
        return refined(self._unrefined, self.weekdays, window, self.except_)

    @property
    def _unrefined(self) -> Recurrence:
        times = tuple(sorted(set(map(_minutes, self.times))))
        if self.cron is not None:
            return of_cron(read_cron(self.cron), self.time_zone)
        if self.every is not None:
            return of_interval(self.every // _MINUTE, times, self.time_zone)
        return Recurrence(times, Days(), self.time_zone)


def _is_key(name: str) -> bool:
    return name.startswith(_KEY) or "/" in name


def _minutes(text: str) -> int:
    """Minutes from midnight."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'{text!r} is not a time of the day; write it as in "06:00"')
    return int(found[1]) * 60 + int(found[2])


def _window(text: str) -> Window:
    first, _, last = text.partition("-")
    return _minutes(first), _minutes(last)
