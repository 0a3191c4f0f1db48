"""Connections and syncs are plain YAML: the command line reads them too, without Dagster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any

import dagster as dg
from pydantic import (
    BaseModel,
    BeforeValidator,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    create_model,
)
from pydantic_core import ErrorDetails, InitErrorDetails

from ...config import Config, Name
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


def plain(
    kind: Any, description: str, resolve: Callable[[Any, Any], Any] = lambda _, written: written
) -> Any:
    """The type of a component's field that one of our own models reads, and not Dagster.

    Dagster resolves no plain pydantic models field by field, nor does it need to.

    Args:
        kind: type of what is written.
        description: of the field, for the UI.
        resolve: turns it into what the component has, given Dagster's resolution context.
    """
    return Annotated[
        Any,
        BeforeValidator(TypeAdapter(kind).validate_python),
        dg.Resolver(resolve, model_field_type=kind, description=description),
    ]


def plain_by_name(part: str, kind: Any, description: str) -> Any:
    """The type of a field with configuration by name, which takes no templates.

    Args:
        part: name of the field.
        kind: type of each of them.
        description: of the field, for the UI.
    """

    def as_written(_: dg.ResolutionContext, named: Mapping[str, Config]) -> Mapping[str, Config]:
        for name, config in named.items():
            refuse_templates(f"{part}.{name}", config)
        return named

    return plain(dict[Name, kind], description, as_written)


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
                f"{key}: {mark!r} begins a template, and {place.partition('.')[0]} take none",
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
