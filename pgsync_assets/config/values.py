"""What a column of the destination gets that is no column of the model: written, not yet SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import (
    Field,
    JsonValue,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    field_validator,
    model_validator,
)

from .base import Config, Identifier, check_identifier

Static = StrictBool | StrictInt | StrictFloat | str
Expression = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
KINDS = ("value", "column", "sql", "jsonb")
LEAF = {"value"}


class ValueConfig(Config):
    """What a destination column gets, computed at the source. Exactly one of the first four."""

    value: Static | None = Field(
        default=None,
        description="The same for every row: a text (type text), a number (integer, bigint, "
        "numeric) or true and false (boolean).",
    )
    column: Identifier | None = Field(
        default=None, description="A column of the model; it may go to several columns so."
    )
    sql: Expression | None = Field(
        default=None,
        description="One SQL expression over the model's columns, computed for each row.",
    )
    jsonb: JsonValue = Field(
        default=None,
        description="A jsonb object or array: a text names a column of the model, a number, true, "
        "false and null stand for themselves, `{value: ..}` is a text. Objects and arrays nest.",
    )
    cast: Expression | None = Field(
        default=None, description="A type of the source that it is cast to."
    )

    @field_validator("value")
    @classmethod
    def _storable(cls, value: Static | None) -> Static | None:
        _check_static(value)
        return value

    @field_validator("jsonb")
    @classmethod
    def _nested(cls, value: JsonValue) -> JsonValue:
        if not isinstance(value, dict | list) or is_static(value):
            raise ValueError("jsonb is an object or a list")
        for leaf in leaves(value):
            if isinstance(leaf, dict):
                _check_static(leaf["value"])
            elif isinstance(leaf, str):
                check_identifier(leaf)
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> ValueConfig:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                f"exactly one of {', '.join(KINDS)}; found {' and '.join(given) or 'none'}"
                + ("" if given else " (NULL is written as sql: NULL::type)")
            )
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the model that it is made of; those in `sql` only PostgreSQL knows."""
        if self.column is not None:
            return (self.column,)
        return tuple(dict.fromkeys(leaf for leaf in leaves(self.jsonb) if isinstance(leaf, str)))


def is_static(value: JsonValue) -> bool:
    """Whether a part of a `jsonb` is `{value: ..}`: a value, not a column.

    Args:
        value: an object, a list or a leaf.
    """
    return isinstance(value, dict) and value.keys() == LEAF


def leaves(value: JsonValue) -> Iterator[JsonValue]:
    """Everything in a `jsonb` that is neither an object nor a list: columns and static values.

    Args:
        value: as written.
    """
    if is_static(value) or not isinstance(value, dict | list):
        yield value
        return
    for part in value.values() if isinstance(value, dict) else value:
        yield from leaves(part)


def _check_static(value: JsonValue) -> None:
    if isinstance(value, str) and "\0" in value:
        raise ValueError("a text cannot contain the character NUL")
    if isinstance(value, float) and value - value != 0:
        raise ValueError("write an infinite value as a text, with a cast")
