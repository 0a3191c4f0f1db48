"""Partitions that are written down: by hash of the key, by ranges, by lists of values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field, Tag, model_validator

from .base import Identifier
from .partition import Bucket, Interval, Slice, Values
from .partition_kind import MOST_PARTITIONS, StaticKind, check_names, repeated
from .partition_value import LIST, LIST_OR_MAPPING, MAPPING, Value, ValueOrNull, text_of

OTHER = "other"
_SOME = Field(min_length=1, max_length=MOST_PARTITIONS)


class HashPartitions(StaticKind):
    """Equal shares of the rows, by a hash of the key: `{hash: 8}`. Every row is in one."""

    hash: Annotated[int, Field(ge=2, le=MOST_PARTITIONS)] = Field(
        description="How many partitions; they are named 0 to 7, 00 to 15 and so on."
    )

    @property
    def by(self) -> None:
        """None: the key decides."""

    @property
    def names(self) -> list[str]:
        """Remainders, with zeros in front so that they sort."""
        width = len(str(self.hash - 1))
        return [f"{remainder:0{width}}" for remainder in range(self.hash)]

    @property
    def covered(self) -> None:
        """None: every row."""

    @property
    def summary(self) -> str:
        """The partitions in words."""
        return f"{self.hash} by hash of the key; every row is in one"

    def static_slices(self, key: Sequence[str]) -> Iterator[tuple[str, Slice]]:
        """All buckets of the key."""
        for remainder, name in enumerate(self.names):
            yield name, Bucket(tuple(key), self.hash, remainder)


class RangePartitions(StaticKind):
    """Ranges of one column: `{column, ranges: [100, 200]}` is `..100`, `100..200` and `200..`.

    A bound is the first value of the range behind it. The first and the last range are open, so
    that every row is in one, save those with NULL there: they are in none and are not sent.
    """

    column: Identifier = Field(description="A column whose values have an order.")
    ranges: Annotated[
        Annotated[tuple[Value, ...], _SOME, Tag(LIST)]
        | Annotated[dict[str, ValueOrNull], _SOME, Tag(MAPPING)],
        LIST_OR_MAPPING,
    ] = Field(
        description="Bounds in their order; or name: the bound below which it ends, with null for "
        "the last one, which takes the rest."
    )

    @model_validator(mode="after")
    def _bounds_and_names(self) -> RangePartitions:
        bounds = self.bounds
        if isinstance(self.ranges, dict) and None in [*self.ranges.values()][:-1]:
            raise ValueError("null is the end of the last range only, which takes the rest")
        if not bounds:
            raise ValueError("ranges has no bound: one partition would hold everything")
        twice = repeated(bounds)
        if twice:
            raise ValueError(f"the bound {twice[0]!r} is written twice")
        check_names(self.names)
        return self

    @property
    def by(self) -> str:
        """Its column."""
        return self.column

    @property
    def bounds(self) -> list[str]:
        """The bounds as text, in their order."""
        values = self.ranges.values() if isinstance(self.ranges, dict) else self.ranges
        return [str(value) for value in values if value is not None]

    @property
    def names(self) -> list[str]:
        """As written; or both bounds, as in `100..200`."""
        given = list(self.ranges) if isinstance(self.ranges, dict) else []
        spelled = [f"{lower or ''}..{upper or ''}" for lower, upper in self._intervals()]
        return given + spelled[len(given) :]

    @property
    def covered(self) -> Slice:
        """Everything but NULL."""
        return Interval(self.column, None, None)

    @property
    def summary(self) -> str:
        """The partitions in words, and which rows are in none."""
        return f"{len(self.names)} ranges of {self.column}; rows with NULL there are in none"

    def static_slices(self, key: Sequence[str]) -> Iterator[tuple[str, Slice]]:
        """All ranges, the lowest first."""
        del key
        for name, (lower, upper) in zip(self.names, self._intervals(), strict=True):
            yield name, Interval(self.column, lower, upper)

    def _intervals(self) -> list[tuple[str | None, str | None]]:
        return list(pairwise([None, *self.bounds, None]))


class ListPartitions(StaticKind):
    """Lists of values of one column: `{column, values: {dach: [DE, AT, CH]}}`, and `other`.

    `other` takes every other row, NULL included. With `other: false` such rows are in no partition
    and are not sent.
    """

    column: Identifier = Field(description="Any column.")
    values: Annotated[
        Annotated[tuple[ValueOrNull, ...], _SOME, Tag(LIST)]
        | Annotated[
            dict[str, Annotated[tuple[ValueOrNull, ...], Field(min_length=1)]], _SOME, Tag(MAPPING)
        ],
        LIST_OR_MAPPING,
    ] = Field(
        description="name: [value, ..]; or a list of values, each a partition of its own name. "
        "null is NULL."
    )
    other: bool = Field(
        default=True, description="One partition more, for all other rows, NULL included."
    )

    @model_validator(mode="after")
    def _values_and_names(self) -> ListPartitions:
        twice = repeated(self._all())
        if twice:
            raise ValueError(f"the value {twice[0]!r} is written twice")
        check_names(self.names)
        return self

    @property
    def by(self) -> str:
        """Its column."""
        return self.column

    @property
    def names(self) -> list[str]:
        """As written; or the values themselves. The rest is last."""
        return [name for name, _ in self._lists()] + [OTHER] * self.other

    @property
    def covered(self) -> Slice | None:
        """The values; None: every row."""
        return None if self.other else Values(self.column, self._all())

    @property
    def summary(self) -> str:
        """The partitions in words, and which rows are in none."""
        lists = f"{len(self._lists())} lists of values of {self.column}"
        if self.other:
            return f"{lists}, and {OTHER}; every row is in one"
        return f"{lists}; rows with another value, or NULL, are in none"

    def static_slices(self, key: Sequence[str]) -> Iterator[tuple[str, Slice]]:
        """All lists as written, and the rest."""
        del key
        for name, values in self._lists():
            yield name, Values(self.column, values)
        if self.other:
            yield OTHER, Values(self.column, self._all(), is_rest=True)

    def _lists(self) -> list[tuple[str, tuple[str | None, ...]]]:
        if isinstance(self.values, dict):
            return [(name, tuple(map(text_of, part))) for name, part in self.values.items()]
        texts = [text_of(value) for value in self.values]
        return [("null" if text is None else text, (text,)) for text in texts]

    def _all(self) -> tuple[str | None, ...]:
        return tuple(value for _, part in self._lists() for value in part)
