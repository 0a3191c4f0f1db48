"""Cron: minute, hour, day of the month, month and day of the week, read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

MINUTES_OF_A_DAY = 1_440


@dataclass(frozen=True)
class _Field:
    """One of the five: its numbers, and words that stand for some of them."""

    noun: str
    low: int
    high: int
    words: Mapping[str, int]

    def read(self, text: str) -> frozenset[int]:
        found: set[int] = set()
        for part in text.split(","):
            found.update(self._part(part))
        return frozenset(found)

    def _part(self, text: str) -> range:
        span, slash, step = text.partition("/")
        if slash and (not step.isdecimal() or not 1 <= int(step) <= self.high):
            raise ValueError(f"{self.noun}: {text!r}: a step is a number from 1 to {self.high}")
        if span == "*":
            first, last = self.low, self.high
        else:
            low, dash, high = span.partition("-")
            first = self._number(low)
            last = self._number(high) if dash else self.high if slash else first
            if last == 0 < first and self.high == 7:
                last = 7  # sat-sun: a Sunday is both
        if last < first:
            raise ValueError(f"{self.noun}: {text!r} ends before it begins")
        return range(first, last + 1, int(step) if slash else 1)

    def _number(self, text: str) -> int:
        number = self.words.get(text.lower(), int(text) if text.isdecimal() else -1)
        if not self.low <= number <= self.high:
            words = f", or {next(iter(self.words))} and the like" if self.words else ""
            raise ValueError(
                f"{self.noun}: {text!r} is no number from {self.low} to {self.high}{words}"
            )
        return number

    def write(self, values: Iterable[int]) -> str:
        numbers = sorted(values)
        if len(numbers) > self.high - self.low:
            return "*"
        step = numbers[1] - numbers[0] if len(numbers) > 2 else 0
        if self.low == 0 and step > 1 and numbers == [*range(0, self.high + 1, step)]:
            return f"*/{step}"
        return ",".join(_runs(numbers))


_MINUTE = _Field("minute", 0, 59, {})
_HOUR = _Field("hour", 0, 23, {})
_DAY = _Field("day of the month", 1, 31, {})
_MONTH = _Field("month", 1, 12, {name: at for at, name in enumerate(_MONTHS, 1)})
_WEEKDAY = _Field("day of the week", 0, 7, {name: at for at, name in enumerate(_WEEKDAYS)})
_WEEKDAY_OF_SEVEN = _Field("day of the week", 0, 6, {})


def _runs(numbers: list[int]) -> list[str]:
    """Numbers as cron writes them, three and more in a row as `1-5`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return [
        text
        for part in parts
        for text in ([f"{part[0]}-{part[-1]}"] if len(part) > 2 else map(str, part))
    ]


@dataclass(frozen=True)
class Days:
    """Which days: the last three fields. None is each of them.

    Args:
        days: of the month, from 1.
        months: from 1.
        weekdays: from 0, a Sunday. Beside `days` it is the one or the other, as cron has it.
    """

    days: frozenset[int] | None = None
    months: frozenset[int] | None = None
    weekdays: frozenset[int] | None = None

    @property
    def fields(self) -> str:
        """As cron writes them."""
        written = ((_DAY, self.days), (_MONTH, self.months), (_WEEKDAY_OF_SEVEN, self.weekdays))
        return " ".join("*" if values is None else field.write(values) for field, values in written)

    @property
    def are_never(self) -> bool:
        """Whether no year has such a day, as the 31st of February."""
        if self.weekdays is not None or self.days is None:
            return self.weekdays == frozenset()
        return min(self.days) > max(_LONGEST[month - 1] for month in self.months or range(1, 13))


@dataclass(frozen=True)
class Cron:
    """What five fields say.

    Args:
        times: minutes from midnight, in order.
        days: on which days.
    """

    times: tuple[int, ...]
    days: Days


def read_cron(text: str) -> Cron:
    """Reads five fields, or `@daily` and the like.

    Args:
        text: as the user wrote it.

    Raises:
        ValueError: it is none; the message names the field that is wrong.
    """
    nickname = _NICKNAMES.get(text.strip().lower())
    if text.strip().startswith("@") and nickname is None:
        raise ValueError(f"{text!r} is not known; there is {', '.join(_NICKNAMES)}")
    fields = (nickname or text).split()
    if len(fields) != 5:
        raise ValueError(
            f"{text!r} has {len(fields)} of the five fields: minute, hour, day of the month, "
            "month, day of the week; write it as in `0 6 * * 1-5`"
        )
    minutes, hours = _MINUTE.read(fields[0]), _HOUR.read(fields[1])
    times = tuple(sorted(hour * 60 + minute for hour in hours for minute in minutes))
    days = _days(fields[2], fields[3], fields[4])
    if days.are_never:
        raise ValueError(f"{text!r} is never: no such month has that day")
    return Cron(times, days)


def _days(day: str, month: str, weekday: str) -> Days:
    """Days of the month and of the week are the one or the other; where one of both is all of them,
    spelt out (`1-31`), that is every day, unless the other one has a `*` in it: so Dagster has it.
    """
    days, months = _DAY.read(day), _MONTH.read(month)
    weekdays = frozenset(number % 7 for number in _WEEKDAY.read(weekday))
    each_day, each_weekday = len(days) == 31, len(weekdays) == 7
    free_day = each_weekday and weekday != "*" and "*" not in day
    free_weekday = each_day and day != "*" and "*" not in weekday
    return Days(
        None if each_day or free_day else days,
        None if len(months) == 12 else months,
        None if each_weekday or free_weekday else weekdays,
    )


def write_cron(times: Iterable[int], days: Days) -> tuple[str, ...]:
    """The fewest lines of cron that say it.

    Args:
        times: minutes from midnight.
        days: on which days.
    """
    by_hour: dict[int, set[int]] = {}
    for time in sorted(times):
        by_hour.setdefault(time // 60, set()).add(time % 60)
    alike: dict[frozenset[int], list[int]] = {}
    for hour, minutes in by_hour.items():
        alike.setdefault(frozenset(minutes), []).append(hour)
    return tuple(
        f"{_MINUTE.write(minutes)} {_HOUR.write(hours)} {days.fields}"
        for minutes, hours in alike.items()
    )
