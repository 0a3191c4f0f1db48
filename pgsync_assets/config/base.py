"""What all configuration models share: frozen, unknown keys are errors, `$NAME` is a secret."""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

ENV_NAME = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")


class Config(BaseModel):
    """Base of everything that a user writes: immutable, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)


def written_short(schema: JsonSchemaValue, *kinds: str) -> JsonSchemaValue:
    """The schema of a mapping that may also be written as one plain value.

    Not as a choice of two schemas: an error would then name the whole, not the key in it.

    Args:
        schema: of the mapping.
        kinds: types of JSON that the plain value may have.
    """
    return {**schema, "type": ["object", *kinds]}


class ShortConfig(Config):
    """A mapping that YAML may also have as one text, which a subclass reads before it validates."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Of the mapping, or a text."""
        return written_short(handler.resolve_ref_schema(handler(schema)), "string")


def _must_be_env_name(value: str) -> str:
    if not ENV_NAME.fullmatch(value):
        # The value itself is not repeated: it may be the secret.
        raise ValueError(
            "a secret is written as $NAME (the name of an environment variable), never in the file"
        )
    return value


def _short_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}", value):
        raise ValueError(
            f"{value!r} is not a name: use letters, digits and _, up to 63 characters, "
            "and begin with a letter"
        )
    return value


def check_identifier(value: str) -> str:
    """Passes a PostgreSQL name on.

    Raises:
        ValueError: it is empty, has more than 63 bytes, or a NUL.
    """
    size = len(value.encode())
    if size == 0 or size > 63:
        # PostgreSQL cuts longer names silently (trap 53): two columns could become one.
        raise ValueError(f"{value!r} has {size} bytes; a PostgreSQL name has 1 to 63")
    if "\0" in value:
        raise ValueError("a PostgreSQL name cannot contain the character NUL")
    return value


def _known_zone(value: str) -> str:
    # PostgreSQL would take almost anything, and turns the sign of `UTC+2` around.
    try:
        if value != "UTC":  # which needs no database of zones
            ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is not a time zone; write it as in Europe/Berlin") from None
    return value


SecretName = Annotated[str, AfterValidator(_must_be_env_name)]
"""`$NAME`: where the secret is, never the secret."""

Name = Annotated[str, AfterValidator(_short_name)]
"""Name of a connection, model or sync: also an asset key and a resource key."""

Identifier = Annotated[str, AfterValidator(check_identifier)]
"""A PostgreSQL name as it is stored (no quotes); case is kept."""

TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""IANA name of a time zone, as in Europe/Berlin."""

Seconds = Annotated[float, Field(gt=0, le=86_400)]
"""A duration in seconds."""

Bytes = Annotated[ByteSize, Field(ge=1, le=2**40)]
"""A size in bytes, as in `64MiB` or `1000000`."""
