"""Comparing only rows past a cursor, between full comparisons."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from .base import Config, Identifier

_DURATION = re.compile(r"[1-9]\d{0,5} (second|minute|hour|day|week)s?")


def _is_duration(value: str | int | float) -> str | int | float:
    if isinstance(value, str) and not _DURATION.fullmatch(value):
        raise ValueError(f"{value!r} is not a duration such as '10 minutes' or '1 day'")
    return value


Duration = Annotated[str, AfterValidator(_is_duration)]
"""A length of time in words: `10 minutes`."""


class CursorConfig(Config):
    """For models too large to be compared at every run.

    In between, only rows at or past the highest value seen, minus the lag, are compared. What a
    cursor cannot see (removed rows, rows whose cursor did not move, transactions that committed
    later than the lag) is found by the next full comparison.
    """

    column: Identifier = Field(
        description="A column of the model that grows whenever a row changes."
    )
    lag: Annotated[str | Annotated[float, Field(ge=0)], AfterValidator(_is_duration)] = Field(
        description="How far behind the highest value seen a comparison begins: a duration for "
        "dates and timestamps (longer than the longest transaction), a number for numbers."
    )
    full_every: Duration = Field(
        default="1 day", description="The whole model is compared at least this often."
    )
