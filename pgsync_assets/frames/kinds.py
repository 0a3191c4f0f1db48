"""Which type of PostgreSQL a column has, by the Python types of its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..delivery.values import kind_of
from .nested import plain
from .refusal import refused

if TYPE_CHECKING:
    from .frame import Chunk, FrameColumn

LARGE = "int of more than 64 bits"
TYPES = {
    "bool": "boolean",
    "int": "bigint",
    "float": "double precision",
    "Decimal": "numeric",
    "str": "text",
    "datetime": "timestamp",
    "datetime with a time zone": "timestamptz",
    "date": "date",
    "time": "time",
    "time with a time zone": "timetz",
    "timedelta": "interval",
    "UUID": "uuid",
    "bytes": "bytea",
    "bytearray": "bytea",
    "memoryview": "bytea",
    LARGE: "numeric",
}
"""By the type that all values of a column have."""
OF_NOTHING = "text"
"""Type of a column without a value."""
_WHOLE = {"int", LARGE}
_LIST, _DICT = "list", "dict"
_EASY = {kind: kind.__name__ for kind in (str, float, bool, Decimal, date)}
_LOW, _HIGH = -(2**63), 2**63


def types_of(
    columns: Sequence[FrameColumn],
    chunks: Callable[[Sequence[int]], Iterator[Chunk]],
    declared: Mapping[str, str],
) -> dict[str, str]:
    """The type of each column: as declared, by the frame's own type, or by the values.

    Args:
        columns: of a frame.
        chunks: reads it, see `Frame`; only columns whose values have to be looked at.
        declared: by column, in PostgreSQL's spelling.

    Raises:
        ModelError: a column has values of several types, or of one that has no counterpart.
    """
    unknown = [
        position
        for position, column in enumerate(columns)
        if column.type is None and column.name not in declared
    ]
    seen: list[tuple[set[str], set[str]]] = [(set(), set()) for _ in unknown]
    if unknown:
        for chunk in chunks(unknown):
            for (kinds, inner), values in zip(seen, chunk, strict=True):
                _look(values, kinds, inner)
    found = {
        columns[position].name: _type_of(columns[position].name, *kinds)
        for position, kinds in zip(unknown, seen, strict=True)
    }
    return {
        column.name: declared.get(column.name) or column.type or found[column.name]
        for column in columns
    }


def _look(values: Iterable[Any], kinds: set[str], inner: set[str]) -> None:
    for value in values:
        kind = _kind(value)
        if kind is not None:
            kinds.add(kind)
            if kind == _LIST:
                inner.update(filter(None, map(_kind, value)))


def _kind(value: Any) -> str | None:
    if type(value) in _EASY:
        return _EASY[type(value)]
    value = plain(value)
    if value is None:
        return None
    if type(value) is int:
        return "int" if _LOW <= value < _HIGH else LARGE
    if isinstance(value, str):
        return "str"
    if isinstance(value, list | tuple):
        return _LIST
    if isinstance(value, dict):
        return _DICT
    return kind_of(value)


def _type_of(name: str, kinds: set[str], inner: set[str]) -> str:
    if not kinds:
        return OF_NOTHING
    if kinds <= {_LIST, _DICT}:
        if _DICT in kinds or inner & {_LIST, _DICT}:
            return "jsonb"
        return f"{_scalar(name, inner, 'lists of ')}[]"
    return _scalar(name, kinds, "")


def list_of(element: str | None) -> str | None:
    """The type of lists: an array, or JSON where lists or dicts are inside.

    Args:
        element: type of what is in them; None for none.
    """
    if element is None or element == "jsonb":
        return element
    return "jsonb" if element.endswith("[]") else f"{element}[]"


def _scalar(name: str, kinds: set[str], of: str) -> str:
    if not kinds:
        return OF_NOTHING
    if kinds <= _WHOLE:
        return TYPES[LARGE if LARGE in kinds else "int"]
    types = {TYPES.get(kind) for kind in kinds}
    (only, *others) = types
    told = " and ".join(sorted(kinds))
    if others:
        raise refused(
            name,
            f"holds {of}{told}: a column has one type",
            remedy="make them one where the frame is made; or declare it, as in "
            f"types: {{{name}: numeric}}, and values that are not of it are refused",
        )
    if only is None:
        raise refused(
            name,
            f"holds {of}{told}, for which PostgreSQL has no type",
            remedy="make it str where the frame is made, and declare the type it is to have",
        )
    return only
