"""What to send: a table or a SQL query, and the columns that identify a row."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema, field_validator, model_validator

from .base import Config, Identifier, Name, check_identifier

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


class ModelConfig(Config):
    """A relation to send. Exactly one of `table`, `sql`, `sql_file`."""

    name: Name | None = Field(default=None, description="Default: the name of the sync.")
    table: QualifiedName | None = Field(
        default=None, description="A table or view of the source: schema.table."
    )
    sql: str | None = Field(default=None, description="One read-only SELECT statement.")
    sql_file: str | None = Field(
        default=None, description="A file with one SELECT; relative to the YAML file."
    )
    key: tuple[Identifier, ...] = Field(
        min_length=1,
        description="The columns that identify a row: never twice, and never NULL unless the "
        "destination's index is NULLS NOT DISTINCT.",
    )
    description: str | None = Field(default=None, description="Shown on the model's asset.")

    @field_validator("key")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value):
            raise ValueError("a key column is named twice")
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> ModelConfig:
        given = [k for k in ("table", "sql", "sql_file") if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError(
                "a model has exactly one of table, sql, sql_file; "
                f"found {' and '.join(given) or 'none'}"
            )
        return self
