"""What the four kinds of partitions have in common."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..errors import ConfigurationError
from .base import Config
from .partition import Partition, Slice
from .validation import suggestion

MOST_PARTITIONS = 1_000
FORBIDDEN = "..."
"""Dagster writes ranges of partitions with it, as in `a...b`; it takes no such key."""

_LONGEST_NAME = 100
_FEW = 12  # names that a message can list


class PartitionKind(Config):
    """One way to cut a model; what it may hold is in its fields."""

    @property
    @abstractmethod
    def by(self) -> str | None:
        """The column that decides which partition a row is in; None: the key does."""

    @property
    @abstractmethod
    def covered(self) -> Slice | None:
        """All that the partitions hold together, those to come too; None: every row."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """The partitions in words, and which rows are in none."""

    @abstractmethod
    def slices(self, key: Sequence[str], until: dt.datetime) -> Iterable[tuple[str, Slice]]:
        """Names and slices of all partitions, in their order."""

    @abstractmethod
    def slice_named(self, key: Sequence[str], name: str) -> Slice:
        """The slice of one partition.

        Raises:
            ConfigurationError: there is none of this name.
        """

    def is_of_key(self, key: Sequence[str]) -> bool:
        """Whether the key alone decides which partition a row is in.

        Args:
            key: the columns of the model's key.
        """
        return self.by is None or self.by in key

    def partitions(self, key: Sequence[str], until: dt.datetime) -> Iterator[Partition]:
        """All partitions, in their order.

        Args:
            key: the columns of the model's key.
            until: now, with its time zone; windows that begin later are not there yet.
        """
        for name, part in self.slices(key, until):
            yield Partition(name, part, self.is_of_key(key))

    def partition_named(self, key: Sequence[str], name: str) -> Partition:
        """One partition.

        Args:
            key: the columns of the model's key.
            name: Dagster's partition key.

        Raises:
            ConfigurationError: there is none of this name.
        """
        return Partition(name, self.slice_named(key, name), self.is_of_key(key))


class StaticKind(PartitionKind):
    """Partitions that are all written down, whatever the time is."""

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """Names of all partitions, in their order."""

    @abstractmethod
    def static_slices(self, key: Sequence[str]) -> Iterable[tuple[str, Slice]]:
        """Names and slices of all partitions, in their order."""

    def slices(self, key: Sequence[str], until: dt.datetime) -> Iterable[tuple[str, Slice]]:
        """The same at any time."""
        del until
        return self.static_slices(key)

    def slice_named(self, key: Sequence[str], name: str) -> Slice:
        """The slice of one partition.

        Raises:
            ConfigurationError: there is none of this name.
        """
        found = dict(self.static_slices(key)).get(name)
        if found is None:
            raise ConfigurationError(
                f"{name!r} is not the name of a partition", _told(name, self.names)
            )
        return found


def check_names(names: Sequence[str]) -> None:
    """Makes sure that partitions can be told apart, by people, by Dagster and in a shell.

    Raises:
        ValueError: two have one name, or a name is none that Dagster takes.
    """
    for name in names:
        wrong = _obstacle(name)
        if wrong:
            raise ValueError(f"{name!r} cannot be the name of a partition: {wrong}; give it a name")
    twice = repeated(names)
    if twice:
        raise ValueError(f"two partitions would be named {twice[0]!r}; give them names")


def repeated(values: Iterable[str | None]) -> list[str]:
    """What is there more than once, None as `null`."""
    counted = Counter("null" if value is None else value for value in values)
    return [value for value, count in counted.items() if count > 1]


def _obstacle(name: str) -> str | None:
    if not name or name != name.strip():
        return "it is empty, or begins or ends with a blank"
    if not name.isprintable():
        return "it has characters that cannot be shown"
    if FORBIDDEN in name:
        return f"Dagster writes ranges with {FORBIDDEN!r}"
    if len(name) > _LONGEST_NAME:
        return f"it has more than {_LONGEST_NAME} characters"
    return None


def listed(names: Sequence[str]) -> str:
    """Names of partitions in a message: all of them, or the first and the last of many."""
    if len(names) <= _FEW:
        return ", ".join(names)
    return f"{names[0]}, {names[1]} .. {names[-1]}"


def _told(name: str, names: list[str]) -> str:
    return suggestion(name, names) if len(names) <= _FEW else f"they are {listed(names)}"
