"""A Python value as the text that PostgreSQL reads: exactly, or not at all.

Which Python types a column takes is a table. What is not in it is refused, with the type that was
found: an aware datetime would lose its zone in a `timestamp`, bytes would become their own
spelling in a `text`. A `str` goes to every column: it is what the column's type reads.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg.adapt import PyFormat, Transformer

EXACT_INTEGERS = 2**53  # a float from here on may stand for several integers
NUMBERS = {"int", "float", "Decimal"}
TEXT: set[str] = set()  # str only
TAKES: dict[str, set[str]] = {
    "bool": {"bool"},
    **dict.fromkeys(("int2", "int4", "int8", "oid"), NUMBERS),
    **dict.fromkeys(("numeric", "money", "float4", "float8"), NUMBERS),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char", "citext"), TEXT),
    "bytea": {"bytes", "bytearray", "memoryview"},
    "date": {"date"},
    "timestamp": {"datetime", "date"},
    "timestamptz": {"datetime with a time zone"},
    "time": {"time"},
    "timetz": {"time with a time zone"},
    "interval": {"timedelta"},
    "uuid": {"UUID"},
}
JSON = {"json", "jsonb"}
WHOLE = {"int2", "int4", "int8", "oid"}
NOT_FOR_OTHERS = {"bool", "int", "float", "Decimal", "dict", "list", "bytes", "bytearray"}
"""What no type but those above takes from Python: ranges, inet, enums and the like have their own.
"""

_transformer = Transformer()


class Unfit(Exception):
    """A value of a Python type that its column does not take.

    Args:
        kind: the type, for messages.
        takes: what the column takes instead, for messages.
    """

    def __init__(self, kind: str, takes: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.takes = takes


def text_of(value: Any, base: str) -> bytes | None:
    """The text of a value; None for NULL.

    Args:
        value: of a row.
        base: type of its column in pg_type, without a schema; arrays begin with an underscore.

    Raises:
        Unfit: the column does not take values of this Python type.
    """
    if value is None:
        return None
    if isinstance(value, str):
        # Half a surrogate pair is not UTF-8: the server refuses it, as a fault of its row.
        return str.encode(value, "utf-8", "surrogatepass")
    if type(value).__module__ == "numpy":
        value = value.tolist()
    if base in JSON:
        return _json(value)
    if base.startswith("_"):
        return _array(value, base.removeprefix("_"))
    kind = kind_of(value)
    if kind not in TAKES.get(base, {kind} - NOT_FOR_OTHERS):
        raise Unfit(kind, " or ".join(["str", *sorted(TAKES.get(base, ()))]))
    return _WRITERS.get(base, _dumped)(value)


def kind_of(value: Any) -> str:
    """The Python type of a value, as the table above spells it."""
    if type(value) in _PLAIN:
        return type(value).__name__
    for known in (bool, int, float, Decimal, dt.datetime, dt.date, dt.timedelta, UUID):
        if isinstance(value, known):
            is_aware = isinstance(value, dt.datetime) and value.tzinfo is not None
            return f"{known.__name__} with a time zone" if is_aware else known.__name__
    if isinstance(value, dt.time):
        return "time with a time zone" if value.tzinfo is not None else "time"
    return type(value).__name__


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode(
            "utf-8", "surrogatepass"
        )
    except (TypeError, ValueError):
        raise Unfit(f"{kind_of(value)} that is not JSON", "str or what json.dumps takes") from None


def _array(value: Any, element: str) -> bytes:
    if not isinstance(value, list | tuple):
        raise Unfit(kind_of(value), "str or list")
    parts = []
    for item in value:
        # A dict or a list in a json[] is an element; elsewhere a list is another dimension.
        is_nested = isinstance(item, list | tuple) and element not in JSON
        part = _array(item, element) if is_nested else text_of(item, element)
        parts.append(part if is_nested and part is not None else _quoted(part))
    return b"{" + b",".join(parts) + b"}"


def _quoted(text: bytes | None) -> bytes:
    if text is None:
        return b"NULL"
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _dumped(value: Any) -> bytes:
    """As psycopg sends it; where that is `str`, without asking it for every value."""
    if type(value) in _PLAIN or type(value) is dt.datetime:
        return str(value).encode()
    try:
        dumped = _transformer.get_dumper(value, PyFormat.TEXT).dump(value)
    except psycopg.Error:
        raise Unfit(kind_of(value), "str") from None
    return b"" if dumped is None else bytes(dumped)


def _whole(value: Any) -> bytes:
    """Integer columns with gaps are floats in pandas: 7.0 is 7, and 7.5 is the server's to refuse.

    A float that is too large to be a certain integer goes as the float that it is: refused too.
    """
    if isinstance(value, int):
        return str(value).encode()
    is_exact = isinstance(value, Decimal) or abs(value) < EXACT_INTEGERS
    if is_exact and value == value and value not in (_INFINITY, -_INFINITY) and value % 1 == 0:
        return str(int(value)).encode()
    return _dumped(value)


def _hex(value: Any) -> bytes:
    return b"\\x" + bytes(value).hex().encode()


_PLAIN = {int, Decimal, dt.date, UUID}
_INFINITY = float("inf")
_WRITERS: dict[str, Callable[[Any], bytes]] = {**dict.fromkeys(WHOLE, _whole), "bytea": _hex}
