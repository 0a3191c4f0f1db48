"""From a value of a YAML document to a configuration model, or to sentences with a line each."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .document import Document, Location, Problem

Model = TypeVar("Model", bound=BaseModel)

_SENTENCES = {
    "missing": "is missing",
    "dict_type": "should be a mapping (name: value)",
    "model_type": "should be a mapping (name: value)",
    "tuple_type": "should be a list",
    "too_short": "is empty",
    "string_type": "should be text; put it in quotes",
    "bool_parsing": "should be true or false",
    "int_parsing": "should be a whole number",
    "float_parsing": "should be a number",
}

_OTHER_BRANCH = ("dict_type", "tuple_type", "string_type", "int_type")
"""Errors that only say: this branch of a union is not the one that was meant."""


def validate(model: type[Model], document: Document, at: Location) -> Model | list[Problem]:
    """Reads one value of a document as a configuration model.

    Args:
        model: what the value has to be.
        document: the document.
        at: where the value is in it.

    Returns:
        The model, or everything that is wrong with the value, in the order of the lines.
    """
    value: Any = document.value
    for step in at:
        value = value[step]
    try:
        return model.model_validate(value)
    except ValidationError as error:
        # include_input=False: the input may be a password in the wrong place.
        details = error.errors(include_url=False, include_input=False)
        problems = list(_problems(model, document, at, _without_echoes(model, details)))
        return sorted(problems, key=lambda problem: problem.line or 0)


def dotted(location: Location) -> str:
    """A place in words: `syncs[0].model.key`."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".attributes").removeprefix(".")


def suggestion(word: str, candidates: Iterable[str]) -> str:
    """A `did you mean` for a word that is not one of the candidates, or what there is.

    Args:
        word: what was written.
        candidates: what could have been meant.
    """
    known = sorted(candidates)
    near = _nearest(word, known)
    if near:
        return f"did you mean {near!r}?"
    return f"there is {', '.join(known)}" if known else "there is none"


def _nearest(word: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), None)


def _without_echoes(model: type[BaseModel], details: list[ErrorDetails]) -> list[ErrorDetails]:
    """One slip, one sentence.

    Drops "x is missing" where a misspelt x stands beside it, and "is empty" where pydantic only
    left out the wrong items.
    """
    meant = {
        (*error["loc"][:-1], _nearest(str(error["loc"][-1]), _fields_around(model, error["loc"])))
        for error in details
        if error["type"] == "extra_forbidden"
    }
    around = {tuple(error["loc"][:-1]) for error in details}
    return [
        error
        for error in details
        if not (error["type"] == "missing" and tuple(error["loc"]) in meant)
        and not (error["type"] == "too_short" and tuple(error["loc"]) in around)
    ]


def _problems(
    model: type[BaseModel], document: Document, at: Location, details: list[ErrorDetails]
) -> Iterator[Problem]:
    for field, errors in _by_field(document, at, details).items():
        told: dict[tuple[Location, str], list[str]] = {}
        for error in _meant_branch(field, document, at, errors):
            place = document.resolve((*at, *error["loc"]))
            missing = str(error["loc"][-1]) if error["type"] == "missing" else ""
            told.setdefault((place, missing), []).append(_sentence(model, error))
        for (place, _), sentences in told.items():
            where = dotted(place)
            text = "; or: ".join(dict.fromkeys(sentences))
            yield document.problem(place, f"{where}: {text}" if where else text)


def _by_field(
    document: Document, at: Location, details: list[ErrorDetails]
) -> dict[Location, list[ErrorDetails]]:
    """Groups errors by the field they are about: those of one union belong together."""
    groups: dict[Location, list[ErrorDetails]] = {}
    for error in details:
        field = at
        for step in error["loc"]:
            if (*field, step) not in document.lines:
                break
            field = (*field, step)
        groups.setdefault(field, []).append(error)
    return groups


def _meant_branch(
    field: Location, document: Document, at: Location, errors: list[ErrorDetails]
) -> list[ErrorDetails]:
    """Leaves out what a union says about the branches that were not meant."""
    meant = [
        error
        for error in errors
        if error["type"] not in _OTHER_BRANCH or document.resolve((*at, *error["loc"])) != field
    ]
    return meant or errors


def _sentence(model: type[BaseModel], error: ErrorDetails) -> str:
    kind = error["type"]
    name = str(error["loc"][-1]) if error["loc"] else ""
    if kind == "extra_forbidden":
        fields = _fields_around(model, error["loc"])
        return f"unknown key {name!r}; {suggestion(name, fields)}"
    if kind == "missing":
        return f"{name} is missing"
    told = _SENTENCES.get(kind, error["msg"])
    return told.removeprefix("Value error, ").replace("Input should be", "should be")


def _fields_around(model: type[BaseModel], location: Location) -> list[str]:
    """Names of the fields beside an unknown key."""
    kinds: dict[str, type[BaseModel]] = {}
    for step in location[:-1]:
        if step in kinds:  # one of several models that may stand here, by the name of its class
            model, kinds = kinds[str(step)], {}
            continue
        info = model.model_fields.get(str(step))
        kinds = {kind.__name__: kind for kind in _models_in(info.annotation)} if info else kinds
        model = next(iter(kinds.values())) if info and kinds else model
    return [info.alias or name for name, info in model.model_fields.items()]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
