"""A sync whose model is a frame, with the table that its rows were loaded into."""

from __future__ import annotations

from typing import Any

from ..config import ModelConfig, SyncConfig
from ..connect import Endpoint, no_platform
from ..errors import ModelError
from .loads import Load, load, newest
from .read import READERS, read


def with_rows(
    sync: SyncConfig, platform: Endpoint | None, *, by: str, frame: Any = None
) -> SyncConfig:
    """The sync to run: rows of a function or a file are loaded anew, those of an asset are there.

    Args:
        sync: placed; of any kind of model.
        platform: the database that keeps the state of engine standard.
        by: who asks.
        frame: rows to load, where the caller has them.

    Raises:
        ModelError: nothing was loaded yet, or cannot be.
        ConfigurationError: it needs a platform.
    """
    if not sync.model.is_frame:
        return sync
    model = sync.model.model_copy(update={"name": sync.model_name})
    found = model_with_rows(model, _needed(sync, platform), by=by, frame=frame)
    return sync.model_copy(update={"model": found})


def model_with_rows(
    model: ModelConfig, platform: Endpoint, *, by: str, frame: Any = None
) -> ModelConfig:
    """A model as the table that its rows were loaded into, just now where that can be done.

    Args:
        model: of any kind, with its name.
        platform: where its rows are.
        by: who asks.
        frame: rows to load, where the caller has them.

    Raises:
        ModelError: nothing was loaded yet, or cannot be.
    """
    if not model.is_frame:
        return model
    if frame is None and model.kind not in READERS:
        found = newest(platform, str(model.name))
        if found is None:
            raise _never_loaded(str(model.name), f"materialize models/{model.name}")
        return _at(model, found)
    given = read(model) if frame is None else frame
    return _at(model, load(platform, model, given, by=by))


def with_newest(
    sync: SyncConfig, platform: Endpoint | None, *, is_needed: bool = True
) -> SyncConfig:
    """The sync with the rows that were loaded last; any other sync as it is.

    Args:
        sync: placed; of any kind of model.
        platform: the database that keeps the state of engine standard.
        is_needed: False: without any the sync is returned as it is; who describes the model says
            that nothing was loaded.

    Raises:
        ModelError: nothing was loaded yet.
        ConfigurationError: it needs a platform.
    """
    if not sync.model.is_frame:
        return sync
    found = newest(_needed(sync, platform), sync.model_name)
    if found is None and not is_needed:
        return sync
    if found is None:
        is_asset = sync.model.kind not in READERS
        materialize = f"materialize models/{sync.model_name}"
        by_command = f"pgsync-assets plan {sync.name} loads it"
        raise _never_loaded(sync.model_name, materialize if is_asset else by_command)
    return loaded(sync, found)


def with_some(sync: SyncConfig, platform: Endpoint | None, *, by: str) -> SyncConfig:
    """The sync to be looked at: the newest rows; those of a function or a file are loaded if none.

    Args:
        sync: placed; of any kind of model.
        platform: the database that keeps the state of engine standard.
        by: who asks.

    Raises:
        ModelError: nothing was loaded yet, and it cannot be, or only Dagster can.
        ConfigurationError: it needs a platform.
    """
    is_read = sync.model.kind in READERS
    found = with_newest(sync, platform, is_needed=not is_read)
    is_there = found.model.table is not None or not is_read
    return found if is_there else with_rows(sync, platform, by=by)


def loaded(sync: SyncConfig, load: Load) -> SyncConfig:
    """The sync with its model as the table that a load made.

    Args:
        sync: of a frame.
        load: of its model.
    """
    return sync.model_copy(update={"model": _at(sync.model, load)})


def _at(model: ModelConfig, load: Load) -> ModelConfig:
    return model.model_copy(update={"table": load.table})


def _never_loaded(model: str, remedy: str) -> ModelError:
    return ModelError(f"the model {model!r} was never loaded", remedy)


def _needed(sync: SyncConfig, platform: Endpoint | None) -> Endpoint:
    if platform is None:
        raise no_platform(sync.name)
    return platform
