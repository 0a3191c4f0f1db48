"""Which types may flow into which: nothing is cut, rounded or reinterpreted silently.

Text travels, and the destination reads it; so a timestamp would lose its zone, and numeric(10,4)
its digits, without a word (F56). What is not sure to arrive exactly is refused before a row
travels, and the cast belongs into the model, where its owner sees it.
"""

from __future__ import annotations

import re

from .target import TargetColumn

MICROSECONDS = 6  # digits after the point of a time without a modifier
MOST_DIGITS = 1000  # of a numeric with a scale: no value is too large for it
LENGTHS = {"varchar", "bpchar", "bit", "varbit"}
_INTEGERS = ("int2", "int4", "int8")
_NUMBERS = (*_INTEGERS, "numeric", "float4", "float8")

# Not float4 to float8: the text 0.1 is another number there than the float4 it came from.
WIDENINGS = {
    ("int2", "int4"),
    ("int2", "int8"),
    ("int4", "int8"),
    ("varchar", "text"),
    ("name", "text"),
    ("name", "varchar"),
    ("text", "varchar"),  # longer values are refused one by one (22001), never cut
    ("jsonb", "json"),
    *((integer, "numeric") for integer in _INTEGERS),
}

# Two keys that differ at the source must not be one at the destination (trap 6).
SAME_EQUALITY = [{*_INTEGERS, "numeric"}, {"text", "varchar", "name"}]


def flows(source: str, target: TargetColumn) -> bool:
    """Whether every value of a source type arrives exactly in a destination column.

    Args:
        source: type of the model's column, as `format_type` writes it.
        target: the destination column.
    """
    base, modifier = parse(source)
    into = target.base.removeprefix("pg_catalog.")
    if base != into and not _same_user_type(base, target):
        if (base, into) not in WIDENINGS:
            # An integer in all but name: one that is too large is refused (22003).
            is_whole = base == "numeric" and bool(modifier) and _scale(modifier) <= 0
            return is_whole and into in _INTEGERS
        # numeric(3,-2) rounds an integer; a number that is too large is refused (22003).
        if into != "numeric" or target.modifier < 0:
            return True
        return numeric_modifier(target.modifier)[1] >= 0
    return source == target.plain or _keeps_precision(into, modifier, target)


def lossy_type(source: str, target: TargetColumn) -> str | None:
    """The type that a column is cast to at the source where it may be rounded or cut.

    Exact numbers keep all their digits before the point: one that is too large is refused by the
    destination, as a row, and does not stop the plan.

    Args:
        source: type of the model's column, as `format_type` writes it.
        target: the destination column.

    Returns:
        The type as a cast spells it; None where every value arrives exactly without one.
    """
    base, _ = parse(source)
    into = target.base.removeprefix("pg_catalog.")
    is_cut = into.removeprefix("_") in LENGTHS and target.modifier >= 0
    if source == target.plain or (flows(source, target) and not is_cut):
        return None
    if base in _NUMBERS and into in _INTEGERS:
        return f"numeric({MOST_DIGITS},0)"
    if base in _NUMBERS and into == "numeric" and target.modifier >= 0:
        return f"numeric({MOST_DIGITS},{numeric_modifier(target.modifier)[1]})"
    return target.plain


def matches(source: str, target: TargetColumn) -> bool:
    """Whether equal keys are the same keys on both sides.

    Args:
        source: type of the model's key column.
        target: the destination column that it is matched with.
    """
    base, _ = parse(source)
    into = target.base.removeprefix("pg_catalog.")
    return (
        base == into
        or _same_user_type(base, target)
        or any({base, into} <= family for family in SAME_EQUALITY)
    )


_SPELLINGS = {
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "real": "float4",
    "double precision": "float8",
    "character varying": "varchar",
    "character": "bpchar",
    "boolean": "bool",
    "bit varying": "varbit",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "time with time zone": "timetz",
    "time without time zone": "time",
    '"char"': "char",
}


_PARTS = re.compile(r'"(?:[^"]|"")*"|\s*\(([\d,\s-]+)\)')
"""A quoted name, or modifiers; a name may look like modifiers."""

_LAST_QUOTED = re.compile(r'"((?:[^"]|"")*)"$')


def parse(spelled: str) -> tuple[str, tuple[int, ...]]:
    """The catalog's name of a type, and its modifiers, from what `format_type` wrote.

    Args:
        spelled: as in `numeric(10,2)`, `timestamp(3) with time zone`, `integer[]`, `app.color`.

    Returns:
        As in `("numeric", (10, 2))`; an array type begins with an underscore, as in pg_type.
    """
    modifiers = [part[1] for part in _PARTS.finditer(spelled) if part[1]]
    plain = _PARTS.sub(lambda part: "" if part[1] else part[0], spelled).strip()
    is_array = plain.endswith("[]")
    plain = plain.removesuffix("[]")
    if plain.startswith("interval "):  # its fields are a modifier too: interval day to second
        plain = "interval"
    name = ("_" if is_array else "") + _SPELLINGS.get(plain, plain)
    return name, tuple(int(n) for n in modifiers[0].split(",")) if modifiers else ()


def bare_name(base: str) -> str:
    """Name of a type without its schema, quotes, and the mark of an array.

    Args:
        base: as `parse` gives it.
    """
    quoted = _LAST_QUOTED.search(base)
    if quoted:
        return quoted[1].replace('""', '"')
    return base.rpartition(".")[2].removeprefix("_")


def _same_user_type(source: str, target: TargetColumn) -> bool:
    """A type outside pg_catalog is known by its bare name: its schema may differ."""
    schema, name = target.base_type
    bare = bare_name(source)
    return schema != "pg_catalog" and name == ("_" + bare if source.startswith("_") else bare)


def _keeps_precision(base: str, modifier: tuple[int, ...], target: TargetColumn) -> bool:
    if target.modifier < 0:
        return True
    if base.removeprefix("_") == "numeric":
        return bool(modifier) and _scale(modifier) <= numeric_modifier(target.modifier)[1]
    if base.removeprefix("_") in ("timestamp", "timestamptz", "time", "timetz"):
        return (modifier[0] if modifier else MICROSECONDS) <= target.modifier
    # interval: fewer fields or digits, as the same ones are spelled the same (flows).
    # varchar(n), char(n), bit(n): a longer value is refused, never cut.
    return base.removeprefix("_") != "interval"


def _scale(modifier: tuple[int, ...]) -> int:
    return (*modifier, 0)[1]


def longest(source: str, target: TargetColumn) -> int | None:
    """Characters of the longest text that a column takes; None where none can be longer.

    Args:
        source: type of what is sent.
        target: the destination column.
    """
    if target.base != "pg_catalog.varchar" or target.modifier < 0:
        return None
    characters = target.modifier - 4
    base, modifier = parse(source)
    return None if base == "varchar" and modifier and modifier[0] <= characters else characters


def numeric_modifier(modifier: int) -> tuple[int, int]:
    """Precision and scale of a numeric, from the modifier that its column has in pg_attribute."""
    packed = modifier - 4
    scale = packed & 0x7FF
    return (packed >> 16) & 0xFFFF, scale - 2048 if scale >= 1024 else scale
