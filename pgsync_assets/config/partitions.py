"""Slices of a model that are planned and materialised on their own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from .base import Config, Identifier


class PartitionsConfig(Config):
    """Time windows over one key column of the model.

    The column has to be one of the key: a row then never moves to another partition, so that
    partitions can be planned on their own and at the same time.
    """

    column: Identifier = Field(description="A date or timestamp column of the key.")
    every: Literal["hour", "day", "week", "month"] = Field(description="Length of a window.")
    start: dt.date = Field(description="First day, UTC.")
    end: dt.date | None = Field(default=None, description="First day that is not in it any more.")

    @model_validator(mode="after")
    def _ends_after_start(self) -> PartitionsConfig:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"end {self.end} is not after start {self.start}")
        return self

    @model_validator(mode="after")
    def _bounds_begin_windows(self) -> PartitionsConfig:
        # Dagster begins with the first whole window: rows before it would be in no partition.
        for bound, day in (("start", self.start), ("end", self.end)):
            if day and self.every == "month" and day.day != 1:
                raise ValueError(f"{bound} {day} is not the first day of a month")
            if day and self.every == "week" and day.isoweekday() != 7:
                raise ValueError(f"{bound} {day} is not a Sunday, where weeks begin")
        return self


@dataclass(frozen=True)
class Partition:
    """One slice: rows with `lower <= column < upper`.

    Args:
        name: Dagster's partition key, e.g. `2013-01-01`.
        column: column of the model that the bounds are about.
        lower: first value that is in it, as text that PostgreSQL reads (ISO 8601 with offset).
        upper: first value that is not in it.
        is_of_key: it is a function of the key: a row never moves to another partition.
    """

    name: str
    column: str
    lower: str
    upper: str
    is_of_key: bool = True
