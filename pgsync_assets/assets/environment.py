"""`$NAME` as Dagster says it: a reference that the UI shows by name and a run reads by value.

A resource has the fields of a model of ours, so that these two ways between them are written once:
`with_env_vars` from YAML to the resource, `as_written` back, when something opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import dagster as dg
from pydantic import BaseModel, Field, PrivateAttr

from ..config.base import ENV_NAME
from ..config.document import Document
from ..config.validation import Model, validate
from ..errors import ConfigurationError

IS_SECRET: dict[str, Any] = {"pgsync__is_secret": True}
"""Not Dagster's own mark: its launchpad fills stars into the form, also for the name of a variable,
and a run that is launched from there takes them for the password. A value is refused anyhow."""

Described = TypeVar("Described", bound=BaseModel)
_REFERENCES = (dg.EnvVar, type(dg.EnvVar.int("NAME")))


def secret() -> Any:
    """A field for `dg.EnvVar("NAME")`; its value is in no `repr`."""
    return Field(default=None, repr=False, json_schema_extra=IS_SECRET)


def described_by(model: type[BaseModel]) -> Callable[[type[Described]], type[Described]]:
    """Gives the fields of a class the descriptions of the fields of the same name.

    Args:
        model: what the same fields are in YAML.
    """

    def describe(resource: type[Described]) -> type[Described]:
        for name, field in resource.model_fields.items():
            if field.description is None and name in model.model_fields:
                field.description = model.model_fields[name].description
        return resource

    return describe


def with_env_vars(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replaces each `$NAME` by `dg.EnvVar("NAME")`; nothing is read from the environment.

    Args:
        values: fields of a resource, as they stand in YAML; inner mappings are left alone.
    """
    return {key: _referenced(key, value) for key, value in values.items()}


def _referenced(field: str, value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if not isinstance(value, str) or not ENV_NAME.fullmatch(value):
        return value
    return dg.EnvVar.int(value[1:]) if field == "port" else dg.EnvVar(value[1:])


def is_reference(value: object) -> bool:
    """Whether it is a `dg.EnvVar` whose value nobody has read yet."""
    return isinstance(value, _REFERENCES)


def as_written(value: Any, at: str, hidden: dict[str, str]) -> Any:
    """A value of a resource as it would stand in YAML, with `$NAME` for each secret.

    Args:
        value: of a field, or a whole resource.
        at: name for what is in it, unique in `hidden`.
        hidden: is given what those names stand for.
    """
    if is_reference(value):
        return f"${value.env_var_name}"
    if isinstance(value, BaseModel):
        secrets = _plain_secrets(value)
        return {
            name: _hidden(secrets[name], f"{at}_{name}", hidden)
            if name in secrets
            else as_written(getattr(value, name), f"{at}_{name}", hidden)
            for name in type(value).model_fields
        }
    if isinstance(value, list):
        return [as_written(inner, f"{at}_{i}", hidden) for i, inner in enumerate(value)]
    if isinstance(value, str) and ENV_NAME.fullmatch(value):
        return _hidden(value, at, hidden)  # what a variable held, and no name of another one
    return value


def read(model: type[Model], what: str, written: dict[str, Any]) -> Model:
    """What `as_written` gave, as the model that YAML is read into.

    Args:
        model: of the configuration.
        what: is read, for the message.
        written: by field.

    Raises:
        ConfigurationError: a field cannot be right.
    """
    found = validate(model, Document(what, written), ())
    if isinstance(found, list):
        problems = "; ".join(problem.message for problem in found)
        raise ConfigurationError(f"{what}: {problems}", "docs/configuration.md has every field")
    return found


class SecretResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A resource with secrets, each given as `dg.EnvVar("NAME")`.

    Dagster stores and shows what stands in definitions: names of secrets only.
    """

    _is_resolved: bool = PrivateAttr(default=False)

    def get_resource_definition(self) -> Any:
        """What Dagster stores and shows.

        Raises:
            ConfigurationError: a secret is written out; the field is named.
        """
        if not self._is_resolved:
            _refuse_plain_secrets(self)
        return super().get_resource_definition()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Any]:
        """Lets a run use it, which has read the secrets."""
        self._is_resolved = True
        yield self


def _refuse_plain_secrets(resource: BaseModel) -> None:
    for name in _plain_secrets(resource):
        raise ConfigurationError(
            f"{type(resource).__name__}: {name} is written out; Dagster would store and show it "
            "with the definitions",
            f'{name}=dg.EnvVar("NAME_OF_A_VARIABLE")',
        )
    for name in type(resource).model_fields:
        value = getattr(resource, name)
        for inner in value if isinstance(value, list) else ():
            if isinstance(inner, BaseModel):
                _refuse_plain_secrets(inner)


def _plain_secrets(model: BaseModel) -> dict[str, str]:
    """Secrets that stand as what they are, by field."""
    values = {
        name: getattr(model, name)
        for name, field in type(model).model_fields.items()
        if field.json_schema_extra == IS_SECRET
    }
    return {name: v for name, v in values.items() if v is not None and not is_reference(v)}


def _hidden(value: str, at: str, hidden: dict[str, str]) -> str:
    hidden[at] = value
    return f"${at}"
