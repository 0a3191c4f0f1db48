"""A parameter of a model's SQL: a value and its type in PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import Field, GetJsonSchemaHandler, JsonValue, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from .base import Config, written_short

_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "bigint",
    float: "double precision",
    str: "text",
    dt.date: "date",
    dt.datetime: "timestamptz",
}
"""Types of plain YAML values, where a parameter is written without one."""


class ParameterConfig(Config):
    """A value for `:name` in a model's SQL: a value alone, or with its type."""

    type: str = Field(
        description="Type of PostgreSQL, as in `date`, `numeric(10,2)`, `text[]`; default: that of "
        "the YAML value (boolean, bigint, double precision, text, date, timestamptz)."
    )
    value: JsonValue = Field(
        description="The value, as the type is written in text; a list for an array; null; or "
        "`$NAME`, an environment variable."
    )

    @model_validator(mode="before")
    @classmethod
    def _of_plain_value(cls, written: Any) -> Any:
        if not isinstance(written, Mapping):
            if type(written) not in _TYPES:
                raise ValueError(
                    "is a value, or {type: .., value: ..}; a list or null needs a type"
                )
            written = {"value": written}
        value = written.get("value")
        by_value = {"type": _TYPES[type(value)]} if type(value) in _TYPES else {}
        # YAML has dates of its own.
        plain = {"value": str(value)} if isinstance(value, dt.date) else {}
        return {**by_value, **written, **plain}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """In YAML it may also be the value alone, and the type may be left out."""
        made = handler.resolve_ref_schema(handler(schema)) | {"required": ["value"]}
        return written_short(made, "string", "number", "boolean")
