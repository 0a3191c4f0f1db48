"""Runs that schedules and sensors ask for: one for each sync, with all of its partitions.

A run does its steps one after the other, so a slow sync would delay, and a failing one could keep
out, those that share its run; runs of their own stand beside each other, as pools allow.
"""

from collections.abc import Collection
from functools import reduce

import dagster as dg
from dagster import DagsterRunStatus
from dagster._core.storage.tags import (  # public in the UI: a backfill in one run has them
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from .on_demand import checks_of_a_run
from .translator import SYNC_TAG

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]

Keys = frozenset[dg.AssetKey]


def repository_of(context: dg.SensorEvaluationContext) -> dg.RepositoryDefinition:
    """The definitions of the code location, as a tick of a sensor sees them.

    Args:
        context: of the tick.
    """
    found = context.repository_def
    assert found is not None  # noqa: S101 - Dagster gives it to every tick
    return found


def runs_of(repository: dg.RepositoryDefinition, keys: Collection[dg.AssetKey]) -> list[Keys]:
    """Cuts assets into runs.

    What one step makes is in one run. So are assets that are made from each other, as a dbt model
    and the model of a sync, which have to keep their order; unless one of both is partitioned in
    another way.

    Args:
        repository: with the assets.
        keys: of assets; what nobody can materialise is passed over.

    Returns:
        The keys of each run, in the order of their names.
    """
    graph = repository.asset_graph
    chosen = graph.materializable_asset_keys & set(keys)
    groups: dict[dg.AssetKey, Keys] = {}
    for key in chosen:
        node = graph.get(key)
        near = {key} | {
            other
            for other in (node.parent_keys | node.assets_def.keys) & chosen
            if graph.get(other).partitions_def == node.partitions_def
        }
        together: Keys = reduce(frozenset.union, (groups.get(k, frozenset({k})) for k in near))
        groups.update(dict.fromkeys(together, together))
    return sorted(set(groups.values()), key=min)


def name_of_run(repository: dg.RepositoryDefinition, keys: Keys) -> str:
    """Name of the sync that a run is of; or the keys of its assets, where it is not one alone.

    Args:
        repository: with the assets.
        keys: of the run.
    """
    return _sync_of(repository, keys) or ", ".join(key.to_user_string() for key in sorted(keys))


def _sync_of(repository: dg.RepositoryDefinition, keys: Keys) -> str | None:
    names = {repository.asset_graph.get(key).tags.get(SYNC_TAG) for key in keys}
    return names.pop() if len(names) == 1 else None


def run_request(
    repository: dg.RepositoryDefinition, keys: Keys, run_key: str | None = None
) -> dg.RunRequest | None:
    """A run of assets, with their checks. Partitioned ones: with all of their partitions.

    A row can change in any partition, so the latest one alone would miss changes; a partition
    without changes costs one comparison.

    Args:
        repository: with the assets.
        keys: one of `runs_of`.
        run_key: two requests with the same one are one run.

    Returns:
        The request; None where the first partition is yet to come.
    """
    sync = _sync_of(repository, keys)
    tags = {SYNC_TAG: sync} if sync else {}
    partitions = repository.asset_graph.get(min(keys)).partitions_def
    if partitions is not None:
        names = partitions.get_partition_keys()
        if not names:
            return None
        tags |= {
            ASSET_PARTITION_RANGE_START_TAG: names[0],
            ASSET_PARTITION_RANGE_END_TAG: names[-1],
        }
    return dg.RunRequest(
        run_key=run_key,
        asset_selection=sorted(keys),
        asset_check_keys=checks_of_a_run(repository, keys),
        tags=tags,
    )


def under_way(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> Keys:
    """Assets that a run which has not ended will make.

    Args:
        instance: with the runs.
        repository: whose jobs they are; a run of all of a job names no assets.
    """
    found: set[dg.AssetKey] = set()
    for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)):
        if run.asset_selection is not None:
            found |= run.asset_selection
        elif repository.has_job(run.job_name):
            found |= repository.get_job(run.job_name).asset_layer.selected_asset_keys
    return frozenset(found)
