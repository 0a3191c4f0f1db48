"""Models that stand by themselves under `models:`, and syncs that name them.

A sync that has been placed has its model in full and the connection that it is read from; nothing
behind this file knows that a model was named only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from .document import Location
from .engine import PLATFORM
from .model import ModelConfig, ResolvedModel, bases_of
from .sync import SyncConfig
from .validation import suggestion

Wrong = tuple[Location, str]
"""A key of a model or sync, and what is wrong with it."""


class Misplaced(ValueError):
    """A sync or a model names something that there is not.

    Args:
        location: the key that is meant.
        message: what is wrong, and what to do.
    """

    def __init__(self, location: Location, message: str) -> None:
        super().__init__(message)
        self.location = location
        self.message = message


def resolved_models(
    models: Mapping[str, ModelConfig],
) -> tuple[dict[str, ModelConfig], dict[str, Wrong]]:
    """Models with the models that they use.

    Args:
        models: as written, by name; their files are read already.

    Returns:
        Those that are right, by name, with their name and source; and what is wrong with others.
    """
    found: dict[str, ModelConfig] = {}
    wrong: dict[str, Wrong] = {}
    for name in models:
        try:
            found[name] = _resolved(name, models, ())
        except Misplaced as error:
            wrong[name] = (error.location, error.message)
    return found, wrong


def placed(sync: SyncConfig, models: Mapping[str, ModelConfig]) -> SyncConfig:
    """A sync with its model in full, its source, and an engine that can have it.

    Args:
        sync: as written, or placed already.
        models: those of `models:`, resolved, by name.

    Raises:
        Misplaced: it names a model that there is none of, or does not go together with it.
    """
    model = _model_of(sync, models)
    source = _source_of(sync, model)
    changed: dict[str, object] = {"model": model, "source": source}
    if model.is_frame:
        if "engine" in sync.model_fields_set and sync.traits.place == "source":
            raise Misplaced(
                ("engine",),
                f"engine: {sync.engine} keeps its state at a source; the rows of this model are "
                "loaded into the platform's PostgreSQL: engine: standard, the default there",
            )
        changed["engine"] = "standard"
    whole = sync.model_copy(update=changed)
    return _checked(whole) if sync.model.is_ref else whole


def _model_of(sync: SyncConfig, models: Mapping[str, ModelConfig]) -> ModelConfig:
    if sync.model.ref is not None:
        if sync.model.ref not in models:
            raise Misplaced(
                ("model",),
                f"no model is named {sync.model.ref!r}; {suggestion(sync.model.ref, models)}",
            )
        return models[sync.model.ref]
    if not sync.model.uses or bases_of(sync.model):
        return sync.model
    bases = _bases(sync.model, sync.source, models, ())
    return _with_bases(sync.model, bases)


def _source_of(sync: SyncConfig, model: ModelConfig) -> str:
    if model.is_frame:
        if sync.source not in ("", PLATFORM):
            raise Misplaced(
                ("source",),
                f"source: the rows of {model.traits.noun} are loaded into the platform's "
                "PostgreSQL; leave it out",
            )
        return PLATFORM
    if model.source and sync.source not in ("", model.source):
        raise Misplaced(("source",), f"source: the model is read from {model.source!r}")
    return sync.source or model.source or ""


def _resolved(name: str, models: Mapping[str, ModelConfig], users: tuple[str, ...]) -> ModelConfig:
    model = models[name]
    if name in users:
        raise Misplaced(("uses",), f"uses: {' -> '.join((*users, name))} goes in a circle")
    if model.is_ref:
        raise Misplaced(("ref",), "ref: a model of `models:` is described here, not named")
    if model.name not in (None, name):
        raise Misplaced(("name",), f"name: it is named {name!r} already")
    named = model.model_copy(update={"name": name})
    if model.is_frame:
        if model.source not in (None, PLATFORM):
            raise Misplaced(
                ("source",),
                f"source: the rows of {model.traits.noun} are loaded into the platform's "
                "PostgreSQL; leave it out",
            )
        return named.model_copy(update={"source": PLATFORM})
    if model.source is None:
        raise Misplaced(("source",), "source is missing: the connection that it is read from")
    if not model.uses:
        return named
    return _with_bases(named, _bases(named, model.source, models, (*users, name)))


def _bases(
    model: ModelConfig, source: str, models: Mapping[str, ModelConfig], users: tuple[str, ...]
) -> Iterator[ModelConfig]:
    for position, used in enumerate(model.uses):
        at: Location = ("uses", position)
        if used not in models:
            raise Misplaced(at, f"uses: no model is named {used!r}; {suggestion(used, models)}")
        base = bases_known(models[used]) or _resolved(used, models, users)
        if base.source != source:
            raise Misplaced(
                at,
                f"uses: the model {used!r} is read from {base.source!r}, this one from {source!r}; "
                "one query is read from one database",
            )
        yield base


def bases_known(model: ModelConfig) -> ModelConfig | None:
    """The model, where its own bases are known already."""
    return model if isinstance(model, ResolvedModel) else None


def _with_bases(model: ModelConfig, bases: Iterator[ModelConfig]) -> ModelConfig:
    fields = {name: getattr(model, name) for name in ModelConfig.model_fields}
    return ResolvedModel.model_construct(
        _fields_set=model.model_fields_set, **fields, bases=tuple(bases)
    )


def _checked(sync: SyncConfig) -> SyncConfig:
    """What was written about a sync, looked at again: its key is known now."""
    fields = {name: getattr(sync, name) for name in sync.model_fields_set | {"source", "engine"}}
    try:
        return SyncConfig.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        told = first["msg"].removeprefix("Value error, ")
        raise Misplaced(tuple(first["loc"]), told) from None
