"""Syncs that run after others: a sensor that looks for runs that have ended upstream.

Not an automation condition: those follow the edges of the graph, and one sync after another is a
matter of time, not of lineage. What is asked here, whether a run succeeded, is asked in the same
way of a sync, of a dbt model, and of an asset of another code location.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import dagster as dg
from dagster import DagsterRunStatus

from ..config import SyncConfig
from ..config.cross_checks import circle
from ..errors import ConfigurationError
from .run_requests import UNFINISHED, Keys, repository_of, run_request, under_way
from .specs import SyncSpecs
from .undone import left_undone

_SECONDS = 15
_PAGE = 1_000

Seen = dict[str, int]
"""Number of the latest materialisation that was looked at, by the key of its asset."""


@dataclass(frozen=True)
class Follower:
    """A sync that runs after others.

    Args:
        sync: its name.
        keys: what a run of it materialises.
        upstream: what it runs after.
    """

    sync: str
    keys: Keys
    upstream: Keys


class _Waits(Exception):
    """It is not known yet whether it runs; the message says why."""


def build_after_sensors(
    syncs: Iterable[tuple[SyncConfig, SyncSpecs]],
    beside: Iterable[tuple[SyncConfig, SyncSpecs]] = (),
) -> list[dg.SensorDefinition]:
    """The sensors of syncs with `schedule: {after: ...}`: one that runs, and one that is stopped.

    Args:
        syncs: all syncs of a project, with their assets.
        beside: syncs that are defined elsewhere.

    Raises:
        ConfigurationError: syncs run after each other in a circle.
    """
    every = list(syncs)
    written = {sync.name: specs for sync, specs in (*every, *beside)}
    by_status: dict[str, list[Follower]] = {}
    for sync, specs in every:
        if sync.schedule is not None and sync.schedule.after:
            before = [written[name].destination.key for name in sync.schedule.syncs_before]
            before += map(dg.AssetKey.from_user_string, sync.schedule.assets_before)
            keys = frozenset(spec.key for spec in specs.written)
            one = Follower(sync.name, keys, frozenset(before))
            by_status.setdefault(sync.schedule.status, []).append(one)
    _check([one for together in by_status.values() for one in together], written)
    return [_sensor(status, together) for status, together in sorted(by_status.items())]


def _check(followers: list[Follower], written: Mapping[str, SyncSpecs]) -> None:
    """Keys of assets hide circles, too: `after: [crm/app/orders]` may be a sync's own table."""
    owners = {spec.key: name for name, specs in written.items() for spec in specs.written}
    upstream = {one.sync: [owners[k] for k in one.upstream if k in owners] for one in followers}
    for name in upstream:
        if found := circle(name, upstream):
            raise ConfigurationError(f"after: {' after '.join(found)}: none of them would begin")


def _sensor(status: str, followers: list[Follower]) -> dg.SensorDefinition:
    name = "after_others" if status == "RUNNING" else "after_others_stopped"
    tables = {one.sync: min(one.keys) for one in followers}

    @dg.sensor(
        name=name,
        target=dg.AssetSelection.assets(*(key for one in followers for key in one.keys)),
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus(status),
        description="Runs after others: " + "; ".join(map(_told, followers)) + ".",
    )
    def after_others(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        repository = repository_of(context)
        seen: dict[str, Seen] = json.loads(context.cursor or "{}")
        busy = under_way(context.instance, repository)
        look = _Look(context.instance, followers, busy)
        again = left_undone(context.instance, name, tables, failed=False)
        requests, told = [], []
        for one in followers:
            try:
                succeeded = look.has_succeeded(one, seen.get(one.sync, {}))
            except _Waits as waits:
                told.append(f"{one.sync}: {waits}")
                continue
            latest = look.latest(one)
            run_key = None
            if succeeded:  # one run for it, even if the cursor is lost
                run_key = f"{one.sync} after {max(latest.values())}"
            elif one.sync in again and busy.isdisjoint(one.keys):
                run_key = f"{one.sync} again/{again[one.sync]}"
            if run_key is not None:
                request = run_request(repository, one.keys, run_key)
                if request is None:
                    told.append(f"{one.sync}: its first partition is yet to come")
                    continue
                requests.append(request)
            seen[one.sync] = latest
        nothing = "; ".join(told) or "no run has succeeded upstream since the last look"
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason(nothing),
            cursor=json.dumps(seen, sort_keys=True),
        )

    return after_others


def _told(one: Follower) -> str:
    return f"{one.sync} after {', '.join(key.to_user_string() for key in sorted(one.upstream))}"


class _Look:
    """What has happened upstream, as one tick sees it.

    Args:
        instance: with the events and runs.
        followers: whose upstream is looked at.
        busy: assets that a run will make.
    """

    def __init__(
        self, instance: dg.DagsterInstance, followers: Iterable[Follower], busy: Keys
    ) -> None:
        self._instance, self._busy = instance, busy
        self._known: dict[tuple[dg.AssetKey, int], set[DagsterRunStatus]] = {}
        keys = {key for one in followers for key in one.upstream}
        self._newest = {
            record.asset_entry.asset_key: record.asset_entry.last_materialization_storage_id or 0
            for record in instance.get_asset_records(list(keys))
        }

    def latest(self, one: Follower) -> Seen:
        """The latest materialisation of each of its upstream assets; 0 is none."""
        return {key.to_user_string(): self._newest.get(key, 0) for key in one.upstream}

    def has_succeeded(self, one: Follower, seen: Seen) -> bool:
        """Whether a run that made something upstream has succeeded since.

        Args:
            one: the sync.
            seen: what was looked at before. An asset that is not in it is new here: its past says
                nothing.

        Raises:
            _Waits: something is still under way; what has ended is looked at then.
        """
        changed = {
            dg.AssetKey.from_user_string(name): seen[name]
            for name, number in self.latest(one).items()
            if number != seen.get(name, number)
        }
        if not changed:
            return False
        if not self._busy.isdisjoint(one.keys):
            raise _Waits("its last run has not ended")
        statuses = {status for one in changed.items() for status in self._statuses(*one)}
        if statuses & set(UNFINISHED):
            raise _Waits("a run upstream has not ended")
        return DagsterRunStatus.SUCCESS in statuses

    def _statuses(self, key: dg.AssetKey, after: int) -> Collection[DagsterRunStatus]:
        """Of the runs that have made an asset since; many syncs may ask for the same one."""
        if (key, after) not in self._known:
            runs = set(self._runs(key, after))
            reported = {DagsterRunStatus.SUCCESS} if "" in runs else set()
            self._known[key, after] = reported | self._of(list(runs - {""}))
        return self._known[key, after]

    def _runs(self, key: dg.AssetKey, after: int) -> Iterator[str]:
        """Runs that have made an asset since; empty is what was reported from outside."""
        records = dg.AssetRecordsFilter(asset_key=key, after_storage_id=after)
        cursor, has_more = None, True
        while has_more:
            page = self._instance.fetch_materializations(records, limit=_PAGE, cursor=cursor)
            yield from (record.run_id for record in page.records)
            cursor, has_more = page.cursor, page.has_more

    def _of(self, runs: list[str]) -> set[DagsterRunStatus]:
        if not runs:  # which Dagster refuses to ask for
            return set()
        return {run.status for run in self._instance.get_runs(dg.RunsFilter(run_ids=runs))}
