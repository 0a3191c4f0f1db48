"""One slice of a model, as data: what is in it, and whether the matching key alone decides that.

`model/slice.py` makes SQL of it. A slice is one of three shapes; time windows and ranges are both
intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Interval:
    """Rows with `lower <= column < upper`; a row with NULL there is in no interval.

    Args:
        column: column of the model that the bounds are about.
        lower: first value that is in it, as text that the column's type reads; None: no bound. The
            bounds of a time window are ISO 8601 in the wall clock of its zone, with the offset: a
            column with a time zone takes the instant, one without drops the offset and takes the
            wall clock.
        upper: first value that is not in it any more; None: no bound.
    """

    column: str
    lower: str | None
    upper: str | None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that decide."""
        return (self.column,)

    @property
    def fingerprint(self) -> list[Any]:
        """Changes with what is in it."""
        return ["interval", self.column, self.lower, self.upper]


@dataclass(frozen=True)
class Values:
    """Rows whose column is one of some values; or is none of them, NULL among the rest.

    Args:
        column: column of the model.
        values: as text that the column's type reads; None is NULL.
        is_rest: the rows that have *none* of the values.
    """

    column: str
    values: tuple[str | None, ...]
    is_rest: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that decide."""
        return (self.column,)

    @property
    def fingerprint(self) -> list[Any]:
        """Changes with what is in it."""
        return ["values", self.column, list(self.values), self.is_rest]


@dataclass(frozen=True)
class Bucket:
    """Rows whose key has one remainder of its hash. Every row is in exactly one bucket.

    Args:
        columns: the columns of the key, in its order.
        modulus: how many buckets there are.
        remainder: which one this is, from 0.
    """

    columns: tuple[str, ...]
    modulus: int
    remainder: int

    @property
    def fingerprint(self) -> list[Any]:
        """Changes with what is in it."""
        return ["bucket", list(self.columns), self.modulus, self.remainder]


Slice = Interval | Values | Bucket


@dataclass(frozen=True)
class Partition:
    """A named slice of a model, planned, written and audited on its own.

    Args:
        name: Dagster's partition key, e.g. `2013-01-01`, `07`, `100..200`, `other`.
        slice: which rows are in it.
        is_of_key: the matching key alone decides which partition a row is in. Such a row never
            moves, so that partitions of the sync may run at the same time; others take turns.
    """

    name: str
    slice: Slice
    is_of_key: bool

    @property
    def fingerprint(self) -> list[Any]:
        """What decides which rows are in it, for JSON: another one makes a plan another plan."""
        return self.slice.fingerprint
