"""A value as YAML has it, for bounds and lists: text that a column's own type will read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator


def _exact(value: Any) -> Any:
    """Keeps text and whole numbers; refuses what YAML may have read as something else."""
    if isinstance(value, bool):
        raise ValueError(
            "YAML reads yes, no, on, off, true and false as a truth value; put the word in quotes"
        )
    if isinstance(value, float):
        raise ValueError("put the number in quotes: YAML may lose digits of it")
    if isinstance(value, dt.date):  # a datetime is one, too
        return value.isoformat()
    if isinstance(value, str) and "\0" in value:
        raise ValueError("a value cannot contain the character NUL")
    if isinstance(value, dict | list):
        raise ValueError("should be one value")
    return value


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("should be one value, not null")
    return _exact(value)


def _shape(value: Any) -> str:
    return MAPPING if isinstance(value, Mapping) else LIST


LIST, MAPPING = "list", "mapping"
LIST_OR_MAPPING = Discriminator(_shape)
"""Which of two shapes is meant, so that an error speaks of that one only."""

Value = Annotated[str | int, BeforeValidator(_not_null)]
"""Text, or a whole number as it is. Dates become ISO 8601 text."""

ValueOrNull = Annotated[str | int | None, BeforeValidator(_exact)]
"""The same, or NULL."""


def text_of(value: str | int | None) -> str | None:
    """The value as a literal; None stays NULL."""
    return None if value is None else str(value)


def is_number(value: str | int | None) -> bool:
    """Whether it was written without quotes, so that YAML decided what number it is."""
    return isinstance(value, int)
