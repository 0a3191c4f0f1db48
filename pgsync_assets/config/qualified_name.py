"""`schema.table`, as people write it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from .base import check_identifier

_QUALIFIED = r'^("(?:[^"]|"")+"|[^".\s]+)\.("(?:[^"]|"")+"|[^".\s]+)$'


def _is_qualified(value: str) -> str:
    if not re.fullmatch(_QUALIFIED, value):
        raise ValueError(
            f"{value!r} is not schema.table; other names than plain ones stand in double quotes, "
            """as in '"Sales"."Order Items"'"""
        )
    for name in split_qualified(value):
        check_identifier(name)
    return value


QualifiedName = Annotated[
    str,
    AfterValidator(_is_qualified),
    WithJsonSchema({"type": "string", "pattern": _QUALIFIED}),
]
"""`schema.table`; quotes where PostgreSQL needs them, as in `public."Order Items"`."""


def split_qualified(name: str) -> tuple[str, str]:
    """Splits `schema.table` into its two names, without quotes.

    Args:
        name: a `QualifiedName`.
    """
    found = re.fullmatch(_QUALIFIED, name)
    if found is None:
        raise ValueError(f"{name!r} is not schema.table")
    schema, table = (
        part[1:-1].replace('""', '"') if part[0] == '"' else part for part in found.groups()
    )
    return schema, table


def qualified(schema: str, table: str) -> str:
    """`schema.table` as people would write it, of names as they are stored.

    Args:
        schema: without quotes.
        table: without quotes.
    """
    plain = re.compile(r'[^".\s]+')
    return ".".join(
        name if plain.fullmatch(name) else '"{}"'.format(name.replace('"', '""'))
        for name in (schema, table)
    )
