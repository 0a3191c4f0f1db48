"""A recurrence in words, and a name made of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from .cron import MINUTES_OF_A_DAY, Days
from .duration import written
from .recurrence import WEEKDAYS, Recurrence, Window, clock

_MOST_TIMES = 6
_MOST_DATES = 3
_LONGEST_NAME = 90
_IN_NAMES = {"*": "any", ",": "_and_", "-": "_to_", "/": "_by_", " ": "_"}


def in_words(recurrence: Recurrence) -> str:
    """When it is, as in `every 15 minutes from 08:00 to 18:00, Monday to Friday, Europe/Berlin`.

    Args:
        recurrence: the recurrence.
    """
    return ", ".join(_parts(recurrence))


def names_of(recurrences: Collection[Recurrence]) -> dict[Recurrence, str]:
    """A name of letters, digits and `_` for each: another one for each, and the same tomorrow.

    Dates are not in it: a new one would make another schedule of it, which nobody turned on or off.
    Where that leaves two with one name, both get a digest.

    Args:
        recurrences: all that there are.
    """
    plain = {one: _name(one) for one in recurrences}
    counts = Counter(plain.values())
    return {
        one: name if counts[name] == 1 and len(name) <= _LONGEST_NAME else _with_digest(name, one)
        for one, name in plain.items()
    }


def _name(recurrence: Recurrence) -> str:
    words = in_words(replace(recurrence, exceptions=())).lower()
    words = re.sub(r"`([^`]*)`", lambda found: _as_name(found[1]), words)
    name = re.sub(r"\W+", "_", words.replace("+", "_plus_")).strip("_")
    return f"{name}_with_exceptions" if recurrence.exceptions else name


def _with_digest(name: str, recurrence: Recurrence) -> str:
    written = (recurrence.crons, recurrence.zone, recurrence.step, recurrence.window)
    rest = (sorted(recurrence.weekdays), recurrence.exceptions)
    digest = hashlib.sha256(repr((written, rest)).encode()).hexdigest()[:8]
    return f"{name[:_LONGEST_NAME]}_{digest}"


def _as_name(cron: str) -> str:
    return "".join(_IN_NAMES.get(character, character) for character in cron)


def _parts(recurrence: Recurrence) -> Iterator[str]:
    days, step = recurrence.days, recurrence.step
    if days.days is not None or days.months is not None:
        yield "cron " + ", ".join(f"`{cron}`" for cron in recurrence.crons)
    elif step is not None and step.unit == "minute":
        yield f"every {written(step.length)}"
    else:
        prefix = f"every {written(step.length)} " if step else ""
        yield prefix + _times(recurrence)
        yield from _weekdays(days.weekdays or ())
    yield from _weekdays(recurrence.weekdays)
    if recurrence.window is not None:
        yield f"only {_from_to(recurrence.window)}"
    if recurrence.zone != "UTC":
        yield recurrence.zone
    if recurrence.exceptions:
        yield f"except on {_dates(recurrence.exceptions)}"


def _times(recurrence: Recurrence) -> str:
    times = recurrence.times
    even = _evenly(times)
    if even is not None:
        length, window, is_whole_day = even
        text = f"every {written(dt.timedelta(minutes=length)).removeprefix('1 ')}"
        if is_whole_day:
            return f"{text} from {clock(window[0])}" if window[0] else text
        return f"{text} {_from_to(window)}"
    if len(times) <= _MOST_TIMES:
        return f"at {_and(map(clock, times))}"
    lines = Recurrence(times, Days(), recurrence.zone).crons
    return "cron " + ", ".join(f"`{cron}`" for cron in lines)


def _evenly(times: tuple[int, ...]) -> tuple[int, Window, bool] | None:
    """Minutes between times that follow each other evenly, the first and the last one, and whether
    they go round the clock."""
    if len(times) < 4:
        return None
    gaps = [
        (after - time) % MINUTES_OF_A_DAY
        for time, after in zip(times, (*times[1:], times[0]), strict=True)
    ]
    length = min(gaps)
    odd = [position for position, gap in enumerate(gaps) if gap != length]
    if len(odd) > 1:
        return None
    if not odd:
        return length, (times[0], times[-1]), True
    return length, (times[(odd[0] + 1) % len(times)], times[odd[0]]), False


def _from_to(window: Window) -> str:
    return f"from {clock(window[0])} to {clock(window[1])}"


def _weekdays(numbers: Iterable[int]) -> Iterator[str]:
    ordered = sorted(numbers, key=lambda number: (number - 1) % 7)  # from Monday
    names = [WEEKDAYS[number].capitalize() for number in ordered]
    places = [(number - 1) % 7 for number in ordered]
    if len(names) > 2 and places == [*range(places[0], places[0] + len(places))]:
        yield f"{names[0]} to {names[-1]}"
    elif names:
        yield _and(names)


def _dates(dates: tuple[dt.date, ...]) -> str:
    if len(dates) > _MOST_DATES:
        return f"{len(dates)} dates"
    return _and(map(str, dates))


def _and(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
