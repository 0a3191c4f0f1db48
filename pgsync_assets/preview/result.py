"""A preview in numbers and texts: plain values that every face (assets, CLI) shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..model.key_quality import KeyQuality

Row = tuple[str | None, ...]
"""Values of a row as text, in the order of the columns; long ones are cut."""

DistinctBy = Literal["all rows", "sample", "pg_stats"]
"""What a number of distinct values was made from; only that of all rows is exact."""


@dataclass(frozen=True)
class TopValue:
    """A value that many rows have.

    Args:
        value: as text.
        share: of the rows that were looked at, 0 to 1.
    """

    value: str
    share: float


@dataclass(frozen=True)
class Histogram:
    """How many rows lie between two values, in buckets of one width.

    Args:
        lower: the lowest finite value, where the first bucket begins, as text.
        upper: the highest finite value, which is in the last bucket, as text.
        counts: rows of each bucket, among those that were looked at.
    """

    lower: str
    upper: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Profile:
    """Figures of one column, of the rows that were looked at.

    Args:
        name: of the column.
        type: as `format_type` writes it.
        null_share: 0 to 1; None where no row was looked at.
        distinct: values beside NULL; None where the type has no equality.
        distinct_by: what that number was made from.
        minimum: as text; None where the type has no order; texts are compared byte by byte.
        maximum: the same.
        top: the most frequent values, of a column with few of them.
        histogram: of numbers, dates and timestamps.
    """

    name: str
    type: str
    null_share: float | None = None
    distinct: int | None = None
    distinct_by: DistinctBy | None = None
    minimum: str | None = None
    maximum: str | None = None
    top: tuple[TopValue, ...] = ()
    histogram: Histogram | None = None

    @property
    def is_estimate(self) -> bool:
        """Whether its number of distinct values is one."""
        return self.distinct is not None and self.distinct_by != "all rows"


@dataclass(frozen=True)
class ModelPreview:
    """What the rows of a model look like.

    Args:
        name: of the model.
        key: names of the columns that identify a row.
        key_is_proven: an index guarantees that the key is unique and never NULL.
        rows: of the model; None where they could not be counted in time.
        about: how many rows it has by PostgreSQL's estimate, where they were not counted.
        looked_at: rows that the figures of the columns are made from.
        columns: in the order of the model.
        first: the first rows, in no order.
        sample: random rows.
        quality: what its key is worth; None where that could not be found out in time.
        notes: what a person should know about it, in sentences.
        seconds: duration of each step.
    """

    name: str
    key: tuple[str, ...]
    key_is_proven: bool
    rows: int | None
    about: int | None
    looked_at: int
    columns: tuple[Profile, ...]
    first: tuple[Row, ...] = ()
    sample: tuple[Row, ...] = ()
    quality: KeyQuality | None = None
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def told(self) -> str:
        """What the figures are made from, in a sentence."""
        if not self.looked_at:
            return "The model has no rows." if self.rows == 0 else "No row was looked at."
        if self.looked_at == self.rows:
            return f"Figures of all {self.rows:,} rows."
        if self.rows is None and (self.about or 0) <= self.looked_at:
            return f"Figures of {self.looked_at:,} rows."
        of = f"{self.rows:,}" if self.rows is not None else f"about {self.about:,}"
        return f"Figures of {self.looked_at:,} random rows of {of}."
