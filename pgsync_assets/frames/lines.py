"""From chunks of Python values to lines of COPY: exactly, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ..delivery.fill import holds
from ..delivery.spool import field
from ..delivery.values import JSON, Unfit, text_of
from .columns import Into
from .nested import plain, problem_of
from .refusal import NOT_MICROSECONDS, refused

ROUNDED = "the value would be rounded or cut"


def lines(
    chunks: Callable[[Sequence[int]], Iterator[Sequence[Sequence[Any]]]], columns: Sequence[Into]
) -> Iterator[bytes]:
    """The rows, one line each, with its end.

    Args:
        chunks: reads a frame, see `Frame`.
        columns: of the table, in the frame's order.

    Raises:
        ModelError: a value would not arrive as it is.
    """
    first = 0
    for chunk in chunks(range(len(columns))):
        written = [
            _written(values, into, first) for values, into in zip(chunk, columns, strict=True)
        ]
        count = len(written[0]) if written else 0
        yield from (b"\t".join(row) + b"\n" for row in zip(*written, strict=True))
        first += count


def _written(values: Sequence[Any], into: Into, first: int) -> list[bytes]:
    quick = _QUICK.get(into.type)
    if quick is not None:
        is_plain, write = quick
        if all(value is None or is_plain(value) for value in values):
            return [b"\\N" if value is None else write(value) for value in values]
    return [_text(value, into, number) for number, value in enumerate(values, first + 1)]


def _text(value: Any, into: Into, number: int) -> bytes:
    value = plain(value)
    if value is None:
        return b"\\N"
    if getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0):  # pandas has them
        raise refused(into.name, NOT_MICROSECONDS, number)
    if into.base.removeprefix("_") in JSON and (problem := problem_of(value)):
        raise refused(into.name, problem, number)
    try:
        text = field(text_of(value, into.base))
    except Unfit as unfit:
        raise refused(
            into.name,
            f"{into.type} takes no {unfit.kind} from Python",
            number,
            f"give {unfit.takes}; or declare another type under `types`",
        ) from None
    if into.check is not None and not holds(into.check, text):
        raise refused(into.name, f"{ROUNDED} by {into.type}", number)
    return text


def _is(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind


def _spelled(value: Any) -> bytes:
    return str(value).encode()


_QUICK: dict[str, tuple[Callable[[Any], bool], Callable[[Any], bytes]]] = {
    "bigint": (_is(int), lambda value: b"%d" % value),
    "double precision": (_is(float), lambda value: repr(value).encode()),
    "boolean": (_is(bool), lambda value: b"t" if value else b"f"),
    "text": (_is(str), lambda value: field(value.encode("utf-8", "surrogatepass"))),
    "numeric": (_is(Decimal), _spelled),
    "date": (_is(date), _spelled),
    "timestamp without time zone": (
        lambda value: type(value) is datetime and value.tzinfo is None,
        _spelled,
    ),
    "timestamp with time zone": (
        lambda value: type(value) is datetime and value.tzinfo is not None,
        _spelled,
    ),
}
"""Plain values, of which most columns are made: nothing can be wrong with them. By whole types,
without a modifier."""
