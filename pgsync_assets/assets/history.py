"""What Dagster may forget of its runs, and what its pages need for as long as they stand.

Dagster derives from the event log which partitions are materialised, what an asset was made of
last and which check passed: deleting the run that says so would take the asset back. So the runs
behind all of that are kept, whatever their age.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice

import dagster as dg
import sqlalchemy as sa

from ..config import HistoryConfig
from .history_tables import (
    OF_NO_RUN,
    PROGRESS,
    ROWS_AT_ONCE,
    HistoryTables,
    Which,
    open_backfills,
)

PAGE = 100
_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
_BACKFILL = "dagster/backfill"
_TOLD_BY = (
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,  # that the last attempt failed
    dg.DagsterEventType.ASSET_OBSERVATION,
)


@dataclass(frozen=True)
class Forgotten:
    """What a pass deleted, or would delete.

    Args:
        runs: with all of their events.
        progress: observations that told how far a run was.
        events: of no run.
        is_done: whether it came to the end before its time was up.
    """

    runs: int
    progress: int
    events: int
    is_done: bool = True

    @property
    def metadata(self) -> dict[str, int]:
        """As the asset says it."""
        return {
            "pgsync/runs_deleted": self.runs,
            "pgsync/progress_deleted": self.progress,
            "pgsync/events_deleted": self.events,
        }


class History:
    """The history of an instance.

    Args:
        instance: that keeps it.
        config: how much of it.
        say: is told how far it is.

    Raises:
        ConfigurationError: the storage is not one that is known.
    """

    def __init__(
        self, instance: dg.DagsterInstance, config: HistoryConfig, say: Callable[[str], None]
    ) -> None:
        self.tables = HistoryTables(instance)
        self._instance = instance
        self._config = config
        self._say = say

    def obsolete(self, now: dt.datetime) -> Forgotten:
        """What a pass would delete; nothing is.

        Args:
            now: with a time zone.
        """
        runs = sum(1 for _ in self._obsolete_runs(now))
        progress, events = (self.tables.obsolete(*kind) for kind in self._events(now))
        return Forgotten(runs, progress, events)

    def forget(self, now: dt.datetime) -> Forgotten:
        """Deletes what may go, in small transactions; what is left is the next pass's.

        A pass that is killed leaves one run with fewer events at the worst. The run itself goes
        last, so that the next pass finds it.

        Args:
            now: with a time zone.
        """
        until = time.monotonic() + self._config.at_most.total_seconds()
        progress, events = (self._forget_events(until, *kind) for kind in self._events(now))
        runs, is_done = self._forget_runs(now, until)
        return Forgotten(runs, progress, events, is_done)

    def _events(self, now: dt.datetime) -> list[tuple[Which, dt.datetime]]:
        if not self.tables.is_one_database:
            # SQLite has a file for each run, and the events of an asset twice: they go with it.
            return [(sa.false(), now)] * 2
        return [
            (PROGRESS, now - self._config.keep_progress_for),
            (OF_NO_RUN, now - self._config.keep_observations_for),
        ]

    def _forget_events(self, until: float, which: Which, before: dt.datetime) -> int:
        total = 0
        while time.monotonic() < until:
            deleted = self.tables.forget(which, before)
            total += deleted
            if deleted < ROWS_AT_ONCE:
                break
            self._say(f"{total:,} events deleted")
        return total

    def _forget_runs(self, now: dt.datetime, until: float) -> tuple[int, bool]:
        obsolete, deleted = self._obsolete_runs(now), 0
        while batch := list(islice(obsolete, PAGE)):
            self.tables.forget_checks(batch)
            for run_id in batch:
                if time.monotonic() >= until:
                    return deleted, False
                self._forget_run(run_id)
                deleted += 1
            self._say(f"{deleted:,} runs deleted")
        return deleted, True

    def _forget_run(self, run_id: str) -> None:
        self._instance.compute_log_manager.delete_logs(prefix=[run_id, "compute_logs"])
        # Dagster's own order is the other one, and a crash between would leave events for ever.
        self._instance.event_log_storage.delete_events(run_id)
        self._instance.delete_run(run_id)

    def _obsolete_runs(self, now: dt.datetime) -> Iterator[str]:
        """Runs that may go, the oldest first."""
        needed = self._needed()
        last_of: dict[str, Collection[str]] = {}
        for run in self._ended_before(now - self._config.keep_runs_for):
            if run.job_name not in last_of:
                last_of[run.job_name] = self._last_of_job(run.job_name)
            if run.run_id not in needed and run.run_id not in last_of[run.job_name]:
                yield run.run_id

    def _ended_before(self, cutoff: dt.datetime) -> Iterator[dg.DagsterRun]:
        filters = dg.RunsFilter(statuses=_ENDED, updated_before=cutoff)

        def after(run_id: str | None) -> list[dg.DagsterRun]:
            found = self._instance.get_run_records(
                filters, limit=PAGE, ascending=True, cursor=run_id
            )
            return [record.dagster_run for record in found]

        page, backfills = after(None), open_backfills(self._instance)
        while page:
            # Asked for now: a run that was deleted is no place to go on from.
            following = after(page[-1].run_id) if len(page) == PAGE else []
            yield from (run for run in page if run.tags.get(_BACKFILL) not in backfills)
            page = following

    def _last_of_job(self, name: str) -> Collection[str]:
        filters = dg.RunsFilter(job_name=name)
        return set(self._instance.get_run_ids(filters, limit=self._config.keep_last))

    def _needed(self) -> set[str]:
        keys = self._instance.get_asset_keys()
        told = {run for key in keys for kind in _TOLD_BY for run in self._last_runs(key, kind)}
        return told | self.tables.runs_of_last_checks()

    def _last_runs(self, key: dg.AssetKey, kind: dg.DagsterEventType) -> Iterator[str]:
        """The last runs that told something of an asset, and the last of each partition."""
        storage = self._instance.event_log_storage
        last = storage.get_event_records(
            dg.EventRecordsFilter(kind, asset_key=key), limit=self._config.keep_last
        )
        partitions = storage.get_latest_storage_id_by_partition(key, kind).values()
        others = list(set(partitions) - {record.storage_id for record in last})
        if others:
            only = dg.EventRecordsFilter(kind, asset_key=key, storage_ids=others)
            last = [*last, *storage.get_event_records(only)]
        yield from (record.run_id for record in last)
