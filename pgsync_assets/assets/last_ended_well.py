"""When each sync last ended well, as Dagster knows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import chain

import dagster as dg
from dagster import EventLogRecord
from dagster._core.execution.stats import StepEventStatus

PAGE = 100  # of materialisations, where the latest one is of a step that did not end well


def last_ended_well(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetKey]
) -> dict[dg.AssetKey, dt.datetime | None]:
    """When each sync last ended well. One query for all, and more for partitioned ones only.

    A run ended well where its step did: also one that had nothing to send, and one beside another
    sync that failed in the same run. A dry run, a held plan and a run that found the sync running
    already send nothing, and do not count; nor does what Dagster has not seen (`pgsync-assets
    run`). Of a partitioned sync the latest run counts, whichever partitions it had.

    Args:
        instance: that has the runs.
        keys: of destination tables.

    Returns:
        The moment of each; None where it never did, as far as Dagster knows.
    """
    records = instance.get_asset_records(list(keys)) if keys else []
    entries = (record.asset_entry for record in records)
    latest = {entry.asset_key: entry.last_materialization_record for entry in entries}
    return {key: _last(instance, key, latest.get(key)) for key in keys}


def _last(
    instance: dg.DagsterInstance, key: dg.AssetKey, latest: EventLogRecord | None
) -> dt.datetime | None:
    if latest is None or latest.partition_key is None:
        return latest and _at(latest)
    ended: dict[tuple[str, str], bool] = {}
    for record in chain([latest], _before(instance, key, latest)):
        step = record.run_id, record.event_log_entry.step_key or ""
        if step not in ended:
            ended[step] = _ended_well(instance, *step)
        if ended[step]:
            return _at(record)
    return None


def _before(
    instance: dg.DagsterInstance, key: dg.AssetKey, latest: EventLogRecord
) -> Iterator[EventLogRecord]:
    """Those before the latest one, the newest first, read as far as they are wanted."""
    before: int | None = latest.storage_id
    while before is not None:
        chosen = dg.AssetRecordsFilter(key, before_storage_id=before)
        page = instance.fetch_materializations(chosen, PAGE).records
        yield from page
        before = page[-1].storage_id if len(page) == PAGE else None


def _ended_well(instance: dg.DagsterInstance, run: str, step: str) -> bool:
    """A partition is a materialisation as soon as it is committed; its step may fail later on."""
    if not step:
        return True  # reported by somebody who did not run it here
    found = instance.get_run_step_stats(run, [step])
    return any(one.status is StepEventStatus.SUCCESS for one in found)


def _at(record: EventLogRecord) -> dt.datetime:
    return dt.datetime.fromtimestamp(record.timestamp, dt.timezone.utc)
