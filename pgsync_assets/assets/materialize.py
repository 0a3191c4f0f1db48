"""Running syncs through their Dagster assets in this process, as `pgsync-assets demo` does.

What is run here is in the UI afterwards: runs, materialisations, checks. Only the listener is
different from a run that the UI launches.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from ..errors import ConfigurationError, PgsyncError, TerminalError
from ..outcome import Outcome, Progress
from .defs_folder import chosen_folder, load_folder
from .listener import Listener, listening
from .translator import SYNC_TAG

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Dagster's log lines go to its storage, and not to the terminal that shows the progress."""


def materialize_syncs(
    names: Sequence[str],
    *,
    definitions: dg.Definitions | None = None,
    instance: dg.DagsterInstance | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
    partitions: Mapping[str, tuple[str, str]] | None = None,
) -> list[Outcome]:
    """Materialises syncs one after the other, each with its model, in runs of their own.

    Args:
        names: names of the syncs.
        definitions: where they are defined; default: the folder that `PGSYNC_DEFS` names.
        instance: where Dagster stores the runs; default: the one of `DAGSTER_HOME`.
        on_progress: is told where each sync is, several times a second.
        on_outcome: is told what each sync, and each partition, did.
        partitions: first and last partition of a sync; default: all of them, in one run.

    Returns:
        What happened, in the order in which it did; one entry for each partition.

    Raises:
        ConfigurationError: no sync has one of the names.
        TerminalError: a run failed; Dagster has told the rest.
    """
    outcomes: list[Outcome] = []

    def keep(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if on_outcome is not None:
            on_outcome(outcome)

    listener = Listener(on_progress=on_progress or _ignore, on_outcome=keep)
    found = definitions or load_folder(chosen_folder())
    with listening(listener), _opened(instance) as storage:
        for name in names:
            _materialize(name, found, storage, (partitions or {}).get(name))
    return outcomes


@contextmanager
def _opened(instance: dg.DagsterInstance | None) -> Iterator[dg.DagsterInstance]:
    if instance is not None:
        yield instance
        return
    with dg.DagsterInstance.get() as own:
        yield own


def _ignore(_progress: Progress) -> None:
    return None


def _materialize(
    name: str,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    window: tuple[str, str] | None,
) -> None:
    keys, model, partitions = _assets(name, definitions)
    _execute([model], definitions, instance, {})
    _execute(keys, definitions, instance, _range(window, partitions))


def _assets(
    name: str, definitions: dg.Definitions
) -> tuple[list[dg.AssetKey], dg.AssetKey, dg.PartitionsDefinition | None]:
    graph = definitions.resolve_asset_graph()
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    mine = [node for node in nodes if node.tags.get(SYNC_TAG) == name]
    if not mine:
        known = sorted({node.tags[SYNC_TAG] for node in nodes if SYNC_TAG in node.tags})
        raise ConfigurationError(f"no sync is named {name!r}", f"there are: {', '.join(known)}")
    (model,) = {key for node in mine for key in node.parent_keys}
    return [node.key for node in mine], model, mine[0].partitions_def


def _range(
    window: tuple[str, str] | None,
    partitions: dg.PartitionsDefinition | None,
) -> dict[str, str]:
    if partitions is None:
        return {}
    keys = partitions.get_partition_keys()
    first, last = window or (keys[0], keys[-1])
    return {ASSET_PARTITION_RANGE_START_TAG: first, ASSET_PARTITION_RANGE_END_TAG: last}


def _execute(
    keys: Sequence[dg.AssetKey],
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    tags: dict[str, str],
) -> None:
    job = definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=instance,
        asset_selection=list(keys),
        tags=tags,
        run_config=QUIET,
        raise_on_error=False,
    )
    if not result.success:
        raise _failed(result)


def _failed(result: dg.ExecuteInProcessResult) -> PgsyncError:
    event = next(iter(result.filter_events(lambda e: e.is_step_failure)), None)
    told = event.step_failure_data.user_failure_data if event else None
    if told and told.description:
        return TerminalError(told.description)  # the remedy is in it
    return TerminalError(f"run {result.run_id} failed", "its page in the UI shows more")
