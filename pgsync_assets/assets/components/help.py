"""What Dagster's UI and `dg` show of our components: help on every key, and an example that works.

The schema is the same that `dg check yaml` checks with; what is added here changes nothing of what
it accepts.
"""

from collections.abc import Iterator
from copy import copy
from functools import cache
from typing import Any

import dagster as dg
from dagster.components.scaffold.scaffold import get_scaffolder, has_scaffolder
from pydantic import BaseModel, create_model

from .scaffolders import ExampleScaffolder, shown_example

NAME = "<name>"
"""The UI shows the keys of an object, and not those of the objects that it holds by name."""


class Explained(dg.Model, dg.Resolvable):
    """A part of a component whose keys are explained."""

    @classmethod
    def model(cls) -> type[BaseModel]:
        """What a `defs.yaml` may hold here; `dg` makes its JSON schema of it."""
        return explained(cls, super().model())


class YamlComponent(dg.Component, Explained):
    """A component whose keys are explained, with the example that is scaffolded."""


@cache
def explained(component: type[dg.Model], derived: type[BaseModel]) -> type[BaseModel]:
    """The model that YAML is read into, with all that is known about its keys.

    Args:
        component: whose fields say what they are for.
        derived: what Dagster made of it; it forgets the words of every field with a default.
    """

    class WithWords(derived):  # type: ignore[misc, valid-type]
        @classmethod
        def model_json_schema(cls, *args: Any, **more: Any) -> dict[str, Any]:
            schema: dict[str, Any] = super().model_json_schema(*args, **more)
            for part in (schema, *schema.get("$defs", {}).values()):
                for written in part.get("properties", {}).values():
                    _show_what_is_inside(written)
            scaffolder = get_scaffolder(component) if has_scaffolder(component) else None
            if isinstance(scaffolder, ExampleScaffolder):
                schema["examples"] = [shown_example(scaffolder)]
            return schema

    return create_model(
        derived.__name__, __base__=WithWords, __doc__=None, **dict(_told(component, derived))
    )


def _told(component: type[dg.Model], derived: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, info in derived.model_fields.items():
        own = component.model_fields.get(name)
        if own is not None:
            with_words = copy(info)
            with_words.description = info.description or own.description
            with_words.examples = info.examples or own.examples
            yield name, (info.annotation, with_words)


def _show_what_is_inside(written: dict[str, Any]) -> None:
    """Shows what objects by name hold, and which kinds there are."""
    inside = written.get("additionalProperties")
    if isinstance(inside, dict) and "$ref" in inside and "properties" not in written:
        written["properties"] = {NAME: inside}
    if "anyOf" in written:
        written["anyOf"] = [kind for one in written["anyOf"] for kind in one.get("oneOf", [one])]
