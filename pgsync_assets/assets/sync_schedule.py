"""A schedule over syncs, partitioned ones included."""

from collections.abc import Iterator

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from .on_demand import checks_of_a_run


def build_sync_schedule(
    name: str,
    target: dg.AssetSelection,
    *,
    cron_schedule: str,
    timezone: str = "UTC",
    default_status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.STOPPED,
) -> dg.ScheduleDefinition:
    """A schedule that runs all of its syncs, each partitioned one with all of its partitions.

    A row can change in any partition, so the latest one alone would miss changes; a partition
    without changes costs one comparison.

    Args:
        name: name of the schedule.
        target: which assets.
        cron_schedule: five fields, or @hourly and the like.
        timezone: the zone that the cron fields are in, as in `Europe/Berlin`.
        default_status: whether it runs as soon as it is loaded.
    """

    @dg.schedule(
        name=name,
        target=target,
        cron_schedule=cron_schedule,
        execution_timezone=timezone,
        default_status=default_status,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        graph = context.repository_def.asset_graph
        selected = target.resolve(graph)
        by_partitions: dict[dg.PartitionsDefinition | None, list[dg.AssetKey]] = {}
        for key in sorted(selected):
            by_partitions.setdefault(graph.get(key).partitions_def, []).append(key)
        for partitions, keys in by_partitions.items():
            yield dg.RunRequest(
                run_key=keys[0].to_user_string(),  # tells the runs of one tick apart
                asset_selection=keys,
                asset_check_keys=checks_of_a_run(context.repository_def, keys),
                tags=_all_of(partitions),
            )

    return tick


def _all_of(partitions: dg.PartitionsDefinition | None) -> dict[str, str]:
    if partitions is None:
        return {}
    names = partitions.get_partition_keys()
    return {
        ASSET_PARTITION_RANGE_START_TAG: names[0],
        ASSET_PARTITION_RANGE_END_TAG: names[-1],
    }
