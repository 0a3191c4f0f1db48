"""The value of an upstream asset, as its IO manager has it: what a model `asset: KEY` sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._check import CheckError
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.storage.asset_value_loader import AssetValueLoader

from ..errors import ConfigurationError, ModelError, PgsyncError

_OR_PYTHON = "or write the model as python: package.module:function"


@contextmanager
def value_of(
    context: dg.AssetExecutionContext, key: dg.AssetKey, model: dg.AssetKey
) -> Iterator[object]:
    """The current value of an asset; its IO manager is open for the length of the block.

    `context.load_asset_value` has the IO manager of direct parents only: for what stands behind
    the model it would look into local files, where there may be an older value.

    Args:
        context: of the step that sends it.
        key: of the asset.
        model: key of the model that is made of it.

    Raises:
        ConfigurationError: it has no single value, or this run decides on no order.
        ModelError: there is no value.
        Exception: of the IO manager, as it is.
    """
    problem = _unordered(context, key, model)
    if problem is not None:
        raise problem
    asset = _asset(context, key, model)
    if asset.partitions_def is not None:
        raise _partitioned(key)
    with AssetValueLoader({key: asset}, instance=context.instance) as loader:
        try:
            value = loader.load_asset_value(key)
        except Exception as error:
            missing = _why_missing(context, asset, key, error)
            if missing is None:
                raise
            raise missing from None
        yield value


def _asset(
    context: dg.AssetExecutionContext, key: dg.AssetKey, model: dg.AssetKey
) -> dg.AssetsDefinition:
    """Its definition; a job of a few assets has a stub in the place of all the others.

    Raises:
        ConfigurationError: this job does not know whether there is another one than the stub.
    """
    job, whole = context.job_def, _code_location(context)
    graphs = [job.asset_layer.asset_graph, *([whole] if whole else [])]
    found = [graph.get(key).assets_def for graph in graphs if graph.has(key)]
    real = next((one for one in found if not one.is_auto_created_stub), None)
    if real is not None:
        return real
    # The model's own step has its direct parents, or there are none.
    if found and (whole is not None or model in context.selected_asset_keys):
        return found[0]
    raise ConfigurationError(
        f"this job knows nothing of the asset {key.to_user_string()!r}, nor where its value is",
        f"let it have {model.to_user_string()} too",
    )


def _code_location(context: dg.AssetExecutionContext) -> AssetGraph | None:
    """Its graph; None where a run was made in Python of a part of it, as in a test."""
    try:
        return context.repository_def.asset_graph
    except CheckError:
        selection = context.job_def.asset_selection_data
        return selection.parent_job_def.asset_layer.asset_graph if selection else None


def _unordered(
    context: dg.AssetExecutionContext, key: dg.AssetKey, model: dg.AssetKey
) -> PgsyncError | None:
    """Dagster orders steps by their direct dependencies, and the model stands between."""
    here = context.job_def.asset_layer.executable_asset_keys
    if key not in here or model in here:
        return None
    asset, between = key.to_user_string(), model.to_user_string()
    return ConfigurationError(
        f"this run materializes {asset!r}, and not the model {between!r} that is made of it: "
        "nothing says that the value is there before it is sent",
        f"choose {between} too, or materialize {asset} in a run of its own",
    )


def _partitioned(key: dg.AssetKey) -> PgsyncError:
    return ConfigurationError(
        f"the asset {key.to_user_string()!r} is partitioned: it has a value for each partition, "
        "and a model is one",
        f"name an asset that has no partitions, and is made of all of these; {_OR_PYTHON}",
    )


def _why_missing(
    context: dg.AssetExecutionContext,
    asset: dg.AssetsDefinition,
    key: dg.AssetKey,
    error: Exception,
) -> PgsyncError | None:
    """What is known of a value that could not be loaded; None: only its IO manager knows."""
    name, kind = key.to_user_string(), type(error).__name__
    is_here = not asset.is_auto_created_stub
    was_made = context.instance.get_latest_materialization_event(key) is not None
    if not is_here and was_made:
        return ModelError(
            f"the asset {name!r} is of another code location, and its value could not be loaded "
            f"here ({kind})",
            "two code locations share values only where both keep them in one place without an "
            f"IO manager of their own; {_OR_PYTHON}",
        )
    if not is_here:
        return ModelError(
            f"there is no value of an asset {name!r}: no asset of this code location has that key, "
            "and none was ever materialized",
            "correct `asset:`, its parts separated by /; or materialize it where it is defined",
        )
    if not was_made:
        return ModelError(
            f"the asset {name!r} was never materialized: it has no value yet",
            "materialize it first, or together with its model",
        )
    if isinstance(error, FileNotFoundError):
        return ModelError(
            f"the asset {name!r} was materialized, and its IO manager has no value of it",
            "does it return the DataFrame? One that returns nothing, or a MaterializeResult "
            f"without value, has none; {_OR_PYTHON}",
        )
    return None
