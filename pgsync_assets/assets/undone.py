"""Syncs that a run of a sensor left undone, so that they are requested once more."""

import datetime as dt
from collections.abc import Mapping

import dagster as dg
from dagster import DagsterRunStatus, RunRecord
from dagster._core.storage.tags import SENSOR_NAME_TAG  # in the UI it is a tag like any other

from .already_running import ALREADY_RUNNING_TAG
from .translator import SYNC_TAG

AGAIN_AFTER = dt.timedelta(minutes=15)
"""A run that left its sync undone is requested again after this time, until one succeeds."""
AGAIN_WITHIN = dt.timedelta(days=1)
"""What was left longer ago is left to people."""


def left_undone(
    instance: dg.DagsterInstance,
    sensor: str,
    syncs: Mapping[str, dg.AssetKey],
    *,
    failed: bool,
) -> dict[str, str]:
    """Syncs that a run of a sensor left undone a while ago, with the id of its latest run.

    A run that found its sync at work in another one (`pgsync-assets run`, say) has ended well and
    done nothing; the other one may have read too early.

    Args:
        instance: with the runs.
        sensor: that requested them.
        syncs: the syncs, each with an asset that a run of it makes.
        failed: runs that failed have left theirs undone, too.
    """
    now = dt.datetime.now(dt.timezone.utc)
    ours, since = {SENSOR_NAME_TAG: sensor}, now - AGAIN_WITHIN
    filters = [
        dg.RunsFilter(tags={**ours, ALREADY_RUNNING_TAG: list(syncs)}, updated_after=since),
    ]
    if failed:
        statuses = [DagsterRunStatus.FAILURE]
        filters.append(dg.RunsFilter(statuses=statuses, tags=ours, updated_after=since))
    records = [record for chosen in filters for record in instance.get_run_records(chosen)]
    undone: dict[str, RunRecord] = {
        record.dagster_run.tags.get(SYNC_TAG, ""): record
        for record in sorted(records, key=lambda record: record.storage_id)  # the latest is left
    }
    if not undone:
        return {}
    keys = {name: key for name, key in syncs.items() if name in undone}
    made = {
        record.asset_entry.asset_key: record.asset_entry.last_materialization
        for record in instance.get_asset_records(list(keys.values()))
    }
    due = (now - AGAIN_AFTER).timestamp()
    found = {}
    for sync, key in keys.items():
        ended, last = undone[sync].end_time or now.timestamp(), made.get(key)
        if ended <= due and (last is None or last.timestamp < ended):
            found[sync] = undone[sync].dagster_run.run_id
    return found
