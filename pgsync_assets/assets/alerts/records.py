"""What Dagster's event log says of the runs of syncs: read by run, each run once.

A run that has ended is found by the event of its end, in the order in which those were stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import dagster as dg
from dagster import DagsterEventType, EventLogRecord

from .connection_results import ConnectionTest, connection_tests
from .events import Events, Failure, Written, read_events, written_of
from .watched import Watched

ENDS: dict[DagsterEventType, bool] = {
    DagsterEventType.RUN_SUCCESS: False,
    DagsterEventType.RUN_FAILURE: True,
    DagsterEventType.RUN_CANCELED: False,  # somebody wanted that
}
"""How a run ends, and whether that is a failure."""

MOST_RUNS = 200
"""Runs that one tick looks at; the next one goes on there."""


@dataclass(frozen=True)
class SyncRun:
    """What one run did with one sync.

    Args:
        sync: the sync.
        run: of Dagster.
        at: when it ended, or when it was looked at.
        written: what it has materialised.
        failure: why it failed, where it did.
        stopped_at: partition that it failed at, or is at.
        started: when the step began; None: not yet.
    """

    sync: Watched
    run: dg.DagsterRun
    at: float
    written: tuple[Written, ...]
    failure: Failure | None
    stopped_at: str | None
    started: float | None


@dataclass(frozen=True)
class Ended:
    """A run that has ended.

    Args:
        run: of Dagster.
        at: when.
        failed: whether it failed.
        syncs: what it did with each sync.
        tests: what it said of connections.
    """

    run: dg.DagsterRun
    at: float
    failed: bool
    syncs: tuple[SyncRun, ...]
    tests: tuple[ConnectionTest, ...]


def newest(instance: dg.DagsterInstance) -> int:
    """Where the log of ended runs ends now.

    Args:
        instance: of Dagster.
    """
    found = [instance.fetch_run_status_changes(kind, limit=1).records for kind in ENDS]
    return max((record.storage_id for records in found for record in records), default=0)


def ended_after(
    instance: dg.DagsterInstance, position: int, until: float, syncs: Mapping[str, Watched]
) -> tuple[list[Ended], int]:
    """The runs that have ended since, in order.

    Args:
        instance: of Dagster.
        position: where it was read to.
        until: seconds since 1970; what ended later is left to the next time. Numbers are given
            before they are committed: a lower one may come to light after a higher one.
        syncs: those that are looked at.

    Returns:
        The runs, and where it was read to.
    """
    found: list[tuple[EventLogRecord, bool]] = []
    ends_at = None
    for kind, failed in ENDS.items():
        chosen = dg.RunStatusChangeRecordsFilter(kind, after_storage_id=position)  # type: ignore[arg-type]
        records = instance.fetch_run_status_changes(chosen, limit=MOST_RUNS, ascending=True).records
        found += [(record, failed) for record in records]
        if len(records) == MOST_RUNS:
            last = records[-1].storage_id
            ends_at = last if ends_at is None else min(ends_at, last)
    ended = []
    for record, failed in sorted(found, key=lambda one: one[0].storage_id)[:MOST_RUNS]:
        late = record.event_log_entry.timestamp > until
        if late or (ends_at is not None and record.storage_id > ends_at):
            break
        position = record.storage_id
        run = instance.get_run_by_id(record.run_id)
        if run is not None:  # else somebody has deleted it
            ended.append(_ended(instance, run, record.event_log_entry.timestamp, failed, syncs))
    return ended, position


def running(
    instance: dg.DagsterInstance, began_before: float, now: float, syncs: Mapping[str, Watched]
) -> Iterator[SyncRun]:
    """Syncs at work.

    Args:
        instance: of Dagster.
        began_before: runs that began later are passed over, in seconds since 1970.
        now: seconds since 1970.
        syncs: those that are looked at.
    """
    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
    for record in instance.get_run_records(started):
        if record.start_time is None or record.start_time > began_before:
            continue
        events = read_events(instance, record.dagster_run)
        for sync in _touched(events, syncs):
            if sync.step in events.started and sync.step not in events.done:
                yield _sync_run(sync, record.dagster_run, now, events, None)


def history(
    instance: dg.DagsterInstance, sync: Watched, partition: str | None, before: str, limit: int
) -> list[Written]:
    """Earlier materialisations of a sync's table, the newest first.

    Args:
        instance: of Dagster.
        sync: whose.
        partition: only of this one.
        before: id of a run: this one and what came later is left out.
        limit: at most so many.
    """
    chosen = dg.AssetRecordsFilter(
        asset_key=sync.key, asset_partitions=[partition] if partition else None
    )
    records = instance.fetch_materializations(chosen, limit=2 * limit).records
    own = [place for place, record in enumerate(records) if record.run_id == before]
    earlier = records[own[-1] + 1 :] if own else records
    made = (written_of(record.event_log_entry) for record in earlier)
    return [found for found in made if found is not None][:limit]


def _ended(
    instance: dg.DagsterInstance,
    run: dg.DagsterRun,
    at: float,
    failed: bool,
    syncs: Mapping[str, Watched],
) -> Ended:
    events = read_events(instance, run)
    found = []
    for sync in _touched(events, syncs):
        # To Dagster the step of a run that was canceled has failed, too.
        failure = _failure_of(sync, events) if failed else None
        found.append(_sync_run(sync, run, at, events, failure))
    return Ended(run, at, failed, tuple(found), tuple(connection_tests(run, at, events, syncs)))


def _touched(events: Events, syncs: Mapping[str, Watched]) -> Iterator[Watched]:
    for sync in syncs.values():
        if sync.key in events.planned or sync.key in events.written or sync.step in events.started:
            yield sync


def _sync_run(
    sync: Watched, run: dg.DagsterRun, at: float, events: Events, failure: Failure | None
) -> SyncRun:
    written = tuple(events.written.get(sync.key, ()))
    done = {one.partition for one in written if one.partition is not None}
    stopped_at = sync.first_undone(run.tags, done)
    return SyncRun(sync, run, at, written, failure, stopped_at, events.started.get(sync.step))


def _failure_of(sync: Watched, events: Events) -> Failure | None:
    """Its own; or that of something before it, or of the whole run, so that it could not run."""
    if sync.step in events.failures:
        return events.failures[sync.step]
    if sync.step in events.done:
        return None
    if events.failures:
        return next(iter(events.failures.values()))
    return Failure("RunFailure", "the run ended before the sync did", None, {}, "")
