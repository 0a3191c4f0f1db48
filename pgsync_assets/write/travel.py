"""In which format rows travel: binary where both ends have the same types, else as text.

The server that receives rows is what a first sync waits for, and reading binary values costs it a
third less than reading their texts. Binary values have no type of their own: what they are read as
has to be what they were written as. So both ends say which types their columns have, and only
types of PostgreSQL's own are taken, whose binary form is the same from version 12 on and holds
the whole value. The destination is asked once more behind the rows (`Attempt.settle`), when nobody
can change its table any more.

A length, scale or precision (`varchar(20)`, `numeric(10,2)`) need not be the same: each type
applies its own to binary values as it does to texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psycopg import postgres

from ..connect import BINARY, TEXT, Format

_SAME_FORM = (
    *("bool", "int2", "int4", "int8", "float4", "float8", "numeric", "uuid"),
    *("text", "varchar", "bpchar", '"char"', "name", "bytea", "json", "jsonb", "bit", "varbit"),
    *("date", "time", "timetz", "timestamp", "timestamptz", "interval"),
    *("inet", "cidr", "macaddr", "macaddr8"),
    *("int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange"),
)
"""Not money (its digits are a setting's business), not xml (its form names an encoding)."""

_NEW_VALUES = {"numeric": 14, "numrange": 14, "interval": 17}
"""The major version since which a type has values that older ones would misread: infinity."""

_AS_TEXT = ("text", "varchar")
"""Not their arrays, in which stands of which type the elements are."""


def _forms() -> Iterator[tuple[int, tuple[int, int]]]:
    text = postgres.types["text"].oid
    for name in _SAME_FORM:
        known, since = postgres.types[name], _NEW_VALUES.get(name, 0)
        yield known.oid, (text if name in _AS_TEXT else known.oid, since)
        yield known.array_oid, (known.array_oid, since)


FORMS = dict(_forms())
"""By the OID of a type: what its binary form is known by, and the version of its newest values."""


def format_of(
    sent: Sequence[int | None], taken: Sequence[int], source: int, destination: int
) -> Format:
    """The format in which rows travel.

    Args:
        sent: OID of the type of each column, where the rows are; None for no such column.
        taken: OID of the type of each column, where they go.
        source: version of the server that has them, as libpq tells it: 140005 for 14.5.
        destination: version of the server that they go to.
    """
    is_binary = all(
        _is_same(FORMS.get(one or 0), FORMS.get(other), source, destination)
        for one, other in zip(sent, taken, strict=True)
    )
    return BINARY if is_binary else TEXT


def _is_same(
    sent: tuple[int, int] | None, taken: tuple[int, int] | None, source: int, destination: int
) -> bool:
    if sent is None or sent != taken:
        return False
    since = sent[1] * 10_000
    return not destination < since <= source
