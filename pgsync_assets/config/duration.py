"""A length of time as people write it: `90 seconds`, `15 minutes`, `2 hours`, `1 day`."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_WRITTEN = re.compile(rf"\s*(\d+)\s+({'|'.join(_UNITS)})s?\s*")


def _read(value: Any) -> dt.timedelta:
    if isinstance(value, dt.timedelta):
        return value
    found = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError(f"{value!r} is not a length of time; write it as in `15 minutes`")
    seconds = int(found[1]) * _UNITS[found[2]]
    if seconds > 366 * 86_400:
        raise ValueError(f"{value!r} is more than a year")
    return dt.timedelta(seconds=seconds)


def written(duration: dt.timedelta) -> str:
    """A duration in the largest unit that is exact, as in `90 minutes`.

    Args:
        duration: whole seconds.
    """
    seconds = int(duration.total_seconds())
    unit, size = next(
        (unit, size) for unit, size in reversed(_UNITS.items()) if seconds % size == 0
    )
    number = seconds // size
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


Duration = Annotated[
    dt.timedelta,
    BeforeValidator(_read),
    PlainSerializer(written),
    WithJsonSchema({"type": "string", "examples": ["15 minutes", "2 hours", "1 day"]}),
]
"""A length of time: a number and a unit, as in `15 minutes`; at most a year."""
