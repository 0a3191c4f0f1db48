"""From what a user gave to lines in the spool: every value as text, and looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import ConfigurationError
from ..write import Target, TargetColumn
from .exact import ROUNDED, Check, check_of
from .rows import Lines, Table
from .spool import Spool, field
from .values import Unfit, text_of

_ESCAPED = re.compile(rb"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_LETTERS = dict(zip(b"bfnrtv", b"\b\f\n\r\t\v", strict=True))


def fill(spool: Spool, rows: Table | Lines, target: Target) -> None:
    """Spools all rows. One that would not arrive as it is stays in the spool, refused.

    Args:
        spool: empty.
        rows: as they were given.
        target: the table; it has all of their columns.

    Raises:
        ConfigurationError: a value has a type that its column does not take.
    """
    columns = [target.columns[name] for name in rows.columns]
    checks = [(place, check_of(target, column)) for place, column in enumerate(columns)]
    needed = [(place, check) for place, check in checks if check is not None]
    fields = _written(rows, columns) if isinstance(rows, Table) else _split(rows)
    for number, texts in enumerate(fields, 1):
        spool.add(b"\t".join(texts))
        for place, check in needed:
            if not holds(check, texts[place]):
                name = columns[place].column.name
                spool.refuse(number, f"{ROUNDED} (column {name})", name)
                break


def _written(table: Table, columns: list[TargetColumn]) -> Iterator[list[bytes]]:
    bases = [column.base_type[1] for column in columns]
    for number, values in enumerate(table.rows, 1):
        yield _row(number, values, bases, columns)


def _row(
    number: int, values: Sequence[Any], bases: list[str], columns: list[TargetColumn]
) -> list[bytes]:
    texts = []
    for value, base, column in zip(values, bases, columns, strict=True):
        try:
            texts.append(field(text_of(value, base)))
        except Unfit as unfit:
            raise ConfigurationError(
                f"row {number}, column {column.column.name!r}: {column.column.type} takes no "
                f"{unfit.kind} from Python",
                f"give {unfit.takes}; nothing was written",
            ) from None
    return texts


def _split(lines: Lines) -> Iterator[list[bytes]]:
    for line in lines.rows:
        yield line.split(b"\t")


def holds(check: Check, text: bytes) -> bool:
    """Whether a value arrives as it is.

    Args:
        check: of its column.
        text: as a line of COPY has it.
    """
    if text == b"\\N":
        return True
    if b"\\" in text:
        text = _ESCAPED.sub(_unescaped, text)
    return check(text.decode("utf-8", "surrogateescape"))


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return bytes([int(found[1], 16)])
    if found[2]:
        return bytes([int(found[2], 8) & 0xFF])
    return bytes([_LETTERS.get(found[3][0], found[3][0])])
