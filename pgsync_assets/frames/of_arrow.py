"""Frames of Arrow: a Table, a stream of record batches, or what speaks Arrow's stream protocol.

A gap is a null here; NaN is a number like others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from ..errors import ModelError
from .frame import AT_ONCE, Chunk, Frame, FrameColumn
from .kinds import list_of
from .refusal import NOT_MICROSECONDS, TOO_FAR, refused

Batches = Callable[[], Iterable[Any]]
"""Opens the record batches (or slices of a table), from the beginning."""

_TYPES = {
    "bool": "boolean",
    **dict.fromkeys(
        ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"),
        "bigint",
    ),
    "uint64": "numeric(20,0)",
    **dict.fromkeys(("halffloat", "float", "double"), "double precision"),
    **dict.fromkeys(("string", "large_string", "string_view", "null"), "text"),
    **dict.fromkeys(("binary", "large_binary", "binary_view"), "bytea"),
    "date32[day]": "date",
    "extension<arrow.uuid>": "uuid",
}
_FAMILIES: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (kinds.is_time, "time"),
    (kinds.is_duration, "interval"),
    (kinds.is_fixed_size_binary, "bytea"),
    (kinds.is_struct, "jsonb"),
)
_LISTS = (kinds.is_list, kinds.is_large_list, kinds.is_fixed_size_list)


def of_table(table: pa.Table) -> Frame:
    """The columns of a Table."""

    def batches() -> Iterator[Any]:
        for first in range(0, table.num_rows, AT_ONCE):
            yield table.slice(first, AT_ONCE)

    return of_batches(table.schema, batches)


def of_stream(reader: pa.RecordBatchReader) -> Frame:
    """The columns of a stream, which can be read once."""
    return of_batches(reader.schema, lambda: reader, is_stream=True)


def of_batches(schema: pa.Schema, batches: Batches, *, is_stream: bool = False) -> Frame:
    """The columns of record batches.

    Args:
        schema: of each.
        batches: opens them.
        is_stream: only once.

    Raises:
        ModelError: PostgreSQL has no counterpart of a type.
    """
    columns = []
    for field in schema:
        kind = type_of(field.type)
        if kind is None:
            raise refused(
                field.name,
                f"PostgreSQL has no type for Arrow's {field.type}",
                remedy="cast it where the frame is made, as in .cast(pa.string())",
            )
        columns.append(FrameColumn(field.name, kind))

    def chunks(positions: Sequence[int]) -> Iterator[Chunk]:
        first = 0
        for part in _in_parts(batches()):
            yield [values(part.column(n), columns[n].name, first) for n in positions]
            first += part.num_rows

    return Frame(tuple(columns), chunks, is_stream)


def _in_parts(batches: Iterable[Any]) -> Iterator[Any]:
    try:
        for batch in batches:
            for first in range(0, batch.num_rows, AT_ONCE):
                yield batch.slice(first, AT_ONCE)
    except (pa.ArrowException, OSError) as error:
        raise ModelError(f"the rows cannot be read: {type(error).__name__}") from error


def type_of(arrow: pa.DataType) -> str | None:
    """What an Arrow type is in PostgreSQL; None where it is nothing there.

    Args:
        arrow: the type.
    """
    if (known := _TYPES.get(str(arrow))) is not None:
        return known
    if kinds.is_decimal(arrow):
        return f"numeric({arrow.precision},{arrow.scale})" if arrow.scale >= 0 else "numeric"
    if kinds.is_timestamp(arrow):
        return "timestamptz" if arrow.tz else "timestamp"
    if kinds.is_dictionary(arrow):
        return type_of(arrow.value_type)
    if any(is_one(arrow) for is_one in _LISTS):
        return list_of(type_of(arrow.value_type))
    return next((to for is_one, to in _FAMILIES if is_one(arrow)), None)


def values(array: Any, name: str, first: int) -> Sequence[Any]:
    """The values of a column as Python has them; None for NULL.

    Args:
        array: of Arrow.
        name: of the column.
        first: rows before it.

    Raises:
        ModelError: one has nanoseconds, or is too far away in time.
    """
    if kinds.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    exact = _microseconds(array, name, first)
    try:
        found: list[Any] = exact.to_pylist()
    except (ValueError, OverflowError):
        raise refused(name, TOO_FAR) from None
    return found


def _microseconds(array: Any, name: str, first: int) -> Any:
    """Times in the unit that Python has, so that no library takes something away silently."""
    kind = array.type
    if kinds.is_timestamp(kind):
        unit: Any = pa.timestamp("us", "UTC" if kind.tz else None)
    elif kinds.is_time64(kind):
        unit = pa.time64("us")
    elif kinds.is_duration(kind):
        unit = pa.duration("us")
    else:
        return array
    try:
        exact = array.cast(unit, safe=False)
        lost = pc.index(pc.not_equal(exact.cast(kind), array), True).as_py()
    except pa.ArrowInvalid:
        raise refused(name, TOO_FAR) from None
    if lost >= 0:
        raise refused(name, NOT_MICROSECONDS, first + lost + 1)
    return exact
