"""How long something is kept: `30 days`, `2 years`, or -1 for ever."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

FOR_EVER: Literal[-1] = -1
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_WRITTEN = re.compile(rf"\s*(\d+)\s+({'|'.join(_DAYS)})s?\s*")


def _read(value: Any) -> Any:
    if isinstance(value, dt.timedelta) or value == FOR_EVER:
        return value
    found = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError(f"{value!r} is not a time to keep something; write `30 days`, or -1")
    days = int(found[1]) * _DAYS[found[2]]
    if days > 100 * 365:
        raise ValueError(f"{value!r} is more than a hundred years; -1 keeps it for ever")
    return dt.timedelta(days=days)


def _written(kept: dt.timedelta | int) -> str | int:
    return kept if isinstance(kept, int) else f"{kept.days} days"


KeepFor = Annotated[
    dt.timedelta | Literal[-1],
    BeforeValidator(_read),
    PlainSerializer(_written),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["30 days", "2 years", -1]}),
]
"""Whole days, weeks, months of 30 days or years of 365; -1: for ever."""
