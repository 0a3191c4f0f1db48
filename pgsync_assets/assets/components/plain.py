"""Connections and syncs are plain YAML: the command line reads them too, without Dagster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    create_model,
)
from pydantic_core import ErrorDetails, InitErrorDetails

from ...config import Config
from ...config.component import TEMPLATE_MARKS
from ...errors import ConfigurationError


def _without_input(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """pydantic repeats in its messages what was written, which may be a password."""
    try:
        return validate(value)
    except ValidationError as error:
        raise ValidationError.from_exception_data(
            error.title, [_discreet(detail) for detail in error.errors()]
        ) from None


def _discreet(detail: ErrorDetails) -> InitErrorDetails:
    return InitErrorDetails(
        type=detail["type"], loc=detail["loc"], input="(not shown)", ctx=detail.get("ctx", {})
    )


@cache
def plain_model(derived: type[BaseModel], **kinds: object) -> type[BaseModel]:
    """The model that YAML is read into, where some fields take no template.

    Dagster lets every field be a text as well. Without that choice an error names the line of the
    key that is wrong, and not the line where everything begins.

    Args:
        derived: what Dagster made of the component.
        kinds: the fields that are plain, and their types.
    """
    fields: Any = {
        name: (Annotated[kind, WrapValidator(_without_input)], derived.model_fields[name])
        for name, kind in kinds.items()
    }
    return create_model(derived.__name__, __base__=derived, **fields)


def refuse_templates(place: str, config: Config) -> None:
    """Refuses `{{ }}` in what both faces read; a template could put a secret into the UI as well.

    Args:
        place: where it stands, as in `syncs.0`.
        config: what was written.

    Raises:
        ConfigurationError: a value holds the beginning of a template.
    """
    for key, text in _texts(place, config.model_dump()):
        mark = next((mark for mark in TEMPLATE_MARKS if mark in text), None)
        if mark:
            raise ConfigurationError(
                f"{key}: {mark!r} begins a template, and connections and syncs take none",
                "write $NAME for an environment variable, and put such SQL in a sql_file",
            )


def _texts(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(f"{place}.{key}", inner)
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from _texts(f"{place}.{position}", inner)
