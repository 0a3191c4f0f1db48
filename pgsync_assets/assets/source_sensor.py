"""A sensor that requests a sync when one of its source tables has been written."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import dagster as dg

from ..errors import PgsyncError
from ..lineage import Table
from .failures import failed_tick
from .resources import PostgresConnection
from .run_requests import repository_of, run_request, under_way
from .source_assets import DATA_VERSION_TAG
from .source_writes import Writes, writes
from .undone import left_undone

FirstLook = Literal["run", "wait"]


@dataclass(frozen=True)
class Watched:
    """A sync whose source is watched.

    Args:
        sync: its name.
        source: name of the connection that its tables are in.
        tables: the tables, with the key of their asset where the graph has one.
        keys: what a run of the sync materialises, the destination table first.
    """

    sync: str
    source: str
    tables: dict[Table, dg.AssetKey | None]
    keys: tuple[dg.AssetKey, ...]


def build_source_sensor(
    name: str,
    watched: Sequence[Watched],
    *,
    first_look: FirstLook = "run",
    minimum_interval_seconds: int = 30,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.STOPPED,
) -> dg.SensorDefinition:
    """The sensor. A tick is one session and one query for each source, however many tables it has.

    What cannot be looked at keeps nothing else from being requested; a tick that has nothing to
    request then fails, and says so.

    Args:
        name: name of the sensor.
        watched: the syncs; a partitioned one runs with all of its partitions.
        first_look: at a sync that was never looked at: `run` it, since nobody knows what happened
            before, or `wait` for the next change.
        minimum_interval_seconds: shortest time between two looks.
        default_status: whether it runs as soon as it is loaded.
    """

    @dg.sensor(
        name=name,
        target=dg.AssetSelection.assets(*(key for one in watched for key in one.keys)),
        required_resource_keys={one.source for one in watched},
        minimum_interval_seconds=minimum_interval_seconds,
        default_status=default_status,
        description="Requests a sync when a table that it reads has been written.",
    )
    def source_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        tick = _Tick(context, name, watched, json.loads(context.cursor or "{}"))
        tick.look(is_first_run=first_look == "run")
        cursor = json.dumps(tick.seen, sort_keys=True)
        if tick.errors and not tick.requests and cursor == (context.cursor or "{}"):
            raise failed_tick(tick.errors)
        for error in tick.errors:
            context.log.error(str(error))
        return dg.SensorResult(
            run_requests=tick.requests,
            skip_reason=None if tick.requests else dg.SkipReason("nothing was written since"),
            asset_events=list(tick.observations.values()),
            cursor=cursor,
        )

    return source_changed


@dataclass
class _Tick:
    """One look at all sources.

    Args:
        context: of the tick.
        name: of the sensor.
        watched: the syncs.
        seen: fingerprints of the tables of each sync, when it was requested last.
    """

    context: dg.SensorEvaluationContext
    name: str
    watched: Sequence[Watched]
    seen: dict[str, dict[str, str]]
    requests: list[dg.RunRequest] = field(default_factory=list)
    observations: dict[dg.AssetKey, dg.AssetObservation] = field(default_factory=dict)
    errors: list[PgsyncError] = field(default_factory=list)

    def look(self, *, is_first_run: bool) -> None:
        """Requests what has changed, and what a run left undone some time ago."""
        found = dict(self._sources())
        busy = under_way(self.context.instance, repository_of(self.context))
        # Nothing may be written for long; what a run did not bring over would wait for it.
        tables = {one.sync: one.keys[0] for one in self.watched}
        again = left_undone(self.context.instance, self.name, tables, failed=True)
        for one in self.watched:
            now = self._now(one, found.get(one.source))
            if now is None or not busy.isdisjoint(one.keys):
                continue  # while a run is on its way its end is awaited: it may have read too early
            before = self.seen.get(one.sync)
            if before is None and not is_first_run:
                self.seen[one.sync] = now
            elif now != before:
                if self._request(one, None):  # else there is no partition that it could be in yet
                    self._observe(one, before or {}, now)
                    self.seen[one.sync] = now
            elif one.sync in again:
                self._request(one, f"again/{again[one.sync]}")

    def _sources(self) -> Iterator[tuple[str, Writes]]:
        """What each source says, of those that answer."""
        tables: dict[str, dict[Table, None]] = {}
        for one in self.watched:
            tables.setdefault(one.source, {}).update(dict.fromkeys(one.tables))
        for source, named in tables.items():
            connection: PostgresConnection = getattr(self.context.resources, source)
            try:
                yield source, writes(connection.endpoint(), list(named))
            except PgsyncError as error:
                self.errors.append(error)

    def _now(self, one: Watched, found: Writes | None) -> dict[str, str] | None:
        """Fingerprints of the tables of a sync; None where one is missing."""
        if found is None:
            return None
        uncounted = [found.uncounted[table] for table in one.tables if table in found.uncounted]
        self.errors += [error for error in uncounted if error not in self.errors]
        if uncounted:
            return None
        return {".".join(table): found.fingerprints[table] for table in one.tables}

    def _request(self, one: Watched, run_key: str | None) -> bool:
        request = run_request(repository_of(self.context), frozenset(one.keys), run_key)
        if request is not None:
            self.requests.append(request)
        return request is not None

    def _observe(self, one: Watched, before: Mapping[str, str], now: Mapping[str, str]) -> None:
        """Each table that was written, with its data version."""
        for table, key in one.tables.items():
            name = ".".join(table)
            if key is not None and before.get(name) != now[name]:
                tags = {DATA_VERSION_TAG: now[name]}
                self.observations[key] = dg.AssetObservation(key, tags=tags)
