"""Whether a text arrives as it is: PostgreSQL rounds and cuts without a word (trap 20).

`1.005` becomes `1.01` in a `numeric(10,2)`, nanoseconds vanish from a timestamp, a `date` forgets
the time that it was given. A sync refuses such columns by their types; rows of one's own have no
types, so their texts are looked at, column by column.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from ..errors import DestinationError
from ..write import MICROSECONDS, Target, TargetColumn, numeric_modifier

Check = Callable[[str], bool]
"""Whether one value, as text, arrives as it is."""

ROUNDED = "the value would be rounded or cut"
WHOLE_INTERVAL = 0x7FFF  # an interval's modifier: all fields; its digits are the lower half
ALL_DIGITS = 0xFFFF
NAME_BYTES = 63
CENTS = 2
_TIME = re.compile(r"\d\s*:\s*\d")
_DAY = re.compile(r"\d[-/]\d|[A-Za-z]{3}")
_AFTER_TIME = re.compile(r":\d\d(?::\d\d(?:\.\d*)?)?\s*(?P<rest>[^:]*(?::.*)?)$")
_FEW_DIGITS = re.compile(r"-?\d+(?:\.\d+)?")
_ELEMENTS = re.compile(r'[{}",]+')


def check_of(target: Target, column: TargetColumn) -> Check | None:
    """What has to hold for the values of a column; None where its type takes all or refuses.

    Args:
        target: the table, for messages.
        column: of it.

    Raises:
        DestinationError: it is an interval that keeps some of its fields only.
    """
    try:
        return check_of_type(column.base.removeprefix("pg_catalog."), column.modifier)
    except PartOfInterval:
        raise DestinationError(
            f"{target.name}, column {column.column.name!r} is {column.column.type}: "
            "other fields of an interval would be cut silently",
            "leave it out of the rows, or make it a plain interval",
        ) from None


class PartOfInterval(Exception):
    """An interval that keeps some of its fields only."""


def check_of_type(base: str, modifier: int) -> Check | None:
    """What has to hold for values of a type; None where it takes all or refuses.

    Args:
        base: its name in pg_type; arrays begin with an underscore.
        modifier: as in pg_attribute; -1 for none.

    Raises:
        PartOfInterval: it would cut the other fields.
    """
    check = _check(base.removeprefix("_"), modifier)
    if check is None or not base.startswith("_"):
        return check
    return lambda text: all(
        check(item) for item in _ELEMENTS.split(text) if item not in ("", "NULL")
    )


def _check(base: str, modifier: int) -> Check | None:
    if base == "numeric" and modifier >= 0:
        scale = numeric_modifier(modifier)[1]
        return lambda text: _digits_fit(text, scale)
    if base == "varchar" and modifier >= 0:
        return lambda text: not _loses_blanks(text, modifier - 4)
    if base == "interval":
        return _seconds_fit(_interval_digits(modifier))
    if base in ("timestamp", "timestamptz", "time", "timetz"):
        fits = _seconds_fit(modifier if modifier >= 0 else MICROSECONDS)
        only = {"timestamp": _no_zone, "time": _time_only}.get(base, _anything)
        return lambda text: fits(text) and only(text)
    return _PLAIN.get(base)


def _digits_fit(text: str, scale: int) -> bool:
    if _FEW_DIGITS.fullmatch(text) and len(text.partition(".")[2]) <= scale:
        return True
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return True  # the server says what it is
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or not number:
        return True
    while digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    return exponent >= -scale


def _loses_blanks(text: str, characters: int) -> bool:
    """What is too long by more than blanks is refused by the table."""
    return len(text.rstrip(" ")) <= characters < len(text)


def _seconds_fit(digits: int) -> Check:
    more = re.compile(rf"\d[.]\d{{{digits}}}\d*[1-9]")
    return lambda text: more.search(text) is None


def _no_zone(text: str) -> bool:
    found = _AFTER_TIME.search(text)
    return found is None or found["rest"].strip().upper() in ("", "BC", "AD", "AM", "PM")


def _time_only(text: str) -> bool:
    return _no_zone(text) and _DAY.search(text.partition(":")[0]) is None


def _no_time(text: str) -> bool:
    return _TIME.search(text) is None


def _anything(_text: str) -> bool:
    return True


def _float8(text: str) -> bool:
    return _same(text, lambda number: repr(number))


def _float4(text: str) -> bool:
    return _same(text, _shortest_float4)


def _same(text: str, written: Callable[[float], str]) -> bool:
    """Whether a float is read back with the digits that it was given."""
    try:
        given = Decimal(text.strip())
        return not given.is_finite() or given == Decimal(written(float(given)))
    except (InvalidOperation, OverflowError):
        return True


def _shortest_float4(number: float) -> str:
    (kept,) = struct.unpack("f", struct.pack("f", number))
    texts = (f"{kept:.{digits}g}" for digits in range(1, 10))
    return next(t for t in texts if struct.pack("f", float(t)) == struct.pack("f", kept))


def _interval_digits(modifier: int) -> int:
    if modifier < 0:
        return MICROSECONDS
    if modifier >> 16 & WHOLE_INTERVAL != WHOLE_INTERVAL:
        raise PartOfInterval
    digits = modifier & ALL_DIGITS
    return MICROSECONDS if digits == ALL_DIGITS else digits


_PLAIN: dict[str, Check] = {
    "date": _no_time,
    "float4": _float4,
    "float8": _float8,
    "money": lambda text: _digits_fit(text.replace("$", "").replace(",", ""), CENTS),
    "name": lambda text: len(text.encode("utf-8", "surrogatepass")) <= NAME_BYTES,
    "char": lambda text: len(text) <= 1 or re.fullmatch(r"\\[0-7]{3}", text) is not None,
}
