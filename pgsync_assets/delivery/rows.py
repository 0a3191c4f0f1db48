"""Rows as a user has them: dicts, tuples, a DataFrame, or a COPY stream; read once, one by one."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, Union

from ..errors import ConfigurationError

if TYPE_CHECKING:
    import pandas

GivenRows = Union[
    Iterable[Mapping[str, Any]],
    Iterable[Sequence[Any]],
    Iterable[bytes],
    IO[bytes],
    "pandas.DataFrame",
]
"""What can be delivered."""

CHUNK = 256 * 1024
END_OF_COPY = b"\\."
# COPY allows a backslash before a real newline or tab; who cuts at them would cut a value.
_ESCAPED_BREAK = re.compile(rb"(?<!\\)(?:\\\\)*\\(?:\t|$)")


@dataclass(frozen=True)
class Table:
    """Rows whose values are Python's.

    Args:
        columns: their names.
        rows: the values of each row, in that order.
    """

    columns: tuple[str, ...]
    rows: Iterator[Sequence[Any]]


@dataclass(frozen=True)
class Lines:
    """Rows in PostgreSQL's text format of COPY.

    Args:
        columns: their names.
        rows: one line each, without its end.
    """

    columns: tuple[str, ...]
    rows: Iterator[bytes]


def read(given: Any, columns: tuple[str, ...] | None) -> Table | Lines:
    """Recognises what was given. Nothing of it is held in memory.

    Args:
        given: the rows.
        columns: names of the columns; None where the rows name them.

    Raises:
        ConfigurationError: it is nothing that can be read, or `columns` is missing.
    """
    if _is_frame(given):
        return _of_frame(given, columns)
    if isinstance(given, bytes):
        given = [given]
    elif hasattr(given, "read"):
        given = iter(partial(given.read, CHUNK), b"")
    elif isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise ConfigurationError(
            f"rows of the type {type(given).__name__} cannot be written",
            "give dicts, tuples, a pandas DataFrame, a binary file or chunks of bytes",
        )
    items = iter(given)
    first = next(items, None)
    if first is None:
        return Table(_named(columns), iter(()))
    return _of_items(first, chain([first], items), columns)


def _of_items(first: Any, items: Iterator[Any], columns: tuple[str, ...] | None) -> Table | Lines:
    if isinstance(first, Mapping):
        names = columns or tuple(first)
        return Table(names, _values(items, names))
    names = _named(columns)
    if isinstance(first, bytes | bytearray | memoryview):
        return Lines(names, _lines(items, len(names)))
    if isinstance(first, Sequence) and not isinstance(first, str):
        return Table(names, _sized(items, len(names)))
    raise ConfigurationError(
        f"row 1 is a {type(first).__name__}; rows are dicts, tuples, or chunks of a COPY stream",
        "a text stream has to be opened in binary mode" if isinstance(first, str) else None,
    )


def _named(columns: tuple[str, ...] | None) -> tuple[str, ...]:
    if not columns:
        raise ConfigurationError(
            "only dicts and DataFrames name their columns",
            'name those of the rows, in their order, as in columns=["id", "name"]',
        )
    return columns


def _values(items: Iterator[Mapping[str, Any]], names: tuple[str, ...]) -> Iterator[Sequence[Any]]:
    """A key that is not there is no NULL: it may be misspelled."""
    for number, item in enumerate(items, 1):
        if len(item) != len(names) or any(name not in item for name in names):
            raise ConfigurationError(
                f"row {number} does not have exactly the columns {', '.join(names)}",
                "give each row each column, None for NULL; or name the columns with columns=",
            )
        yield [item[name] for name in names]


def _sized(items: Iterator[Sequence[Any]], width: int) -> Iterator[Sequence[Any]]:
    for number, item in enumerate(items, 1):
        if len(item) != width:
            raise ConfigurationError(f"row {number} has {len(item)} values for {width} columns")
        yield item


def _lines(chunks: Iterator[bytes], width: int) -> Iterator[bytes]:
    number, has_ended = 0, False
    for line in _cut(chunks):
        number += 1
        if has_ended:
            raise _malformed(number, "stands behind the end of the data")
        if line == END_OF_COPY:
            has_ended = True
            continue
        if _ESCAPED_BREAK.search(line) or b"\r" in line:
            raise _malformed(number, "has a tab or an end of line that is not written as an escape")
        if line.count(b"\t") != width - 1:
            found = line.count(b"\t") + 1
            raise _malformed(number, f"has {found} values for {width} columns")
        yield line


def _cut(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest: list[bytes] = []
    for chunk in chunks:
        head, *lines = bytes(chunk).split(b"\n")
        rest.append(head)
        if lines:
            yield b"".join(rest)
            yield from lines[:-1]
            rest = [lines[-1]]
    if last := b"".join(rest):
        yield last


def _malformed(number: int, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"line {number} of the COPY stream {what}",
        "rows come as COPY .. TO STDOUT writes them: text format, tabs, \\N, ends of line as \\n",
    )


def _is_frame(given: Any) -> bool:
    """Whether it is a DataFrame; where there is one, pandas is loaded already."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(given, pandas.DataFrame)


def _of_frame(frame: Any, columns: tuple[str, ...] | None) -> Table:
    names = tuple(frame.columns) if columns is None else columns
    strange = [name for name in names if not isinstance(name, str)]
    missing = [name for name in names if name not in frame.columns]
    if strange or missing or len(set(frame.columns)) != len(frame.columns):
        raise ConfigurationError(
            f"the DataFrame has the columns {', '.join(map(str, frame.columns))}; each needs a "
            "name of its own, a str"
            + (f", and {', '.join(missing)} is not there" if missing else ""),
            "its index is not written: reset_index() makes a column of it",
        )
    rows = frame[list(names)].itertuples(index=False, name=None)
    return Table(names, _without_gaps(rows, sys.modules["pandas"].NaT, sys.modules["pandas"].NA))


def _without_gaps(rows: Iterable[tuple[Any, ...]], *gaps: object) -> Iterator[Sequence[Any]]:
    """NaN, NaT and NA are how a DataFrame says NULL."""
    is_gap: Callable[[Any], bool] = lambda v: (  # noqa: E731
        any(v is gap for gap in gaps) or (isinstance(v, float | Decimal) and v != v)
    )
    for row in rows:
        yield [None if is_gap(value) else value for value in row]
