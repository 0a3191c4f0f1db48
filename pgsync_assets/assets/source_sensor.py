"""A sensor that requests a sync when one of its source tables has been written."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
from dagster import DagsterRunStatus

from ..errors import PgsyncError
from ..lineage import Table
from .failures import failure
from .on_demand import checks_of_a_run
from .resources import PostgresConnection
from .source_assets import DATA_VERSION_TAG
from .source_writes import fingerprints
from .translator import SYNC_TAG

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class Watched:
    """A sync whose source is watched.

    Args:
        sync: its name.
        source: name of the connection that its tables are in.
        tables: the tables, with the key of their asset where the graph has one.
        keys: what a run of the sync materialises.
    """

    sync: str
    source: str
    tables: dict[Table, dg.AssetKey | None]
    keys: tuple[dg.AssetKey, ...]


def build_source_sensor(
    name: str,
    watched: Sequence[Watched],
    *,
    minimum_interval_seconds: int = 30,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.STOPPED,
) -> dg.SensorDefinition:
    """The sensor. Its first look requests every sync, since nobody knows what happened before.

    Args:
        name: name of the sensor.
        watched: the syncs, without partitions.
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
        before: dict[str, dict[str, str]] = json.loads(context.cursor or "{}")
        requests, events = [], []
        for one in watched:
            now = _look(context, one)
            if now == before.get(one.sync) or _is_running(context, one):
                continue  # while a run is on its way its end is awaited: it may have read too early
            events.extend(_observations(one, before.get(one.sync, {}), now))
            requests.append(
                dg.RunRequest(
                    asset_selection=list(one.keys),
                    asset_check_keys=_checks(context, one),
                    tags={SYNC_TAG: one.sync},
                )
            )
            before[one.sync] = now
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason("nothing was written since last time"),
            asset_events=events,
            cursor=json.dumps(before, sort_keys=True),
        )

    return source_changed


def _checks(context: dg.SensorEvaluationContext, one: Watched) -> list[dg.AssetCheckKey]:
    repository = context.repository_def
    assert repository is not None  # noqa: S101 - Dagster gives it to every tick
    return checks_of_a_run(repository, one.keys)


def _look(context: dg.SensorEvaluationContext, one: Watched) -> dict[str, str]:
    connection: PostgresConnection = getattr(context.resources, one.source)
    try:
        found = fingerprints(connection.endpoint(), list(one.tables))
    except PgsyncError as error:
        raise failure(error) from None
    return {".".join(table): text for table, text in found.items()}


def _is_running(context: dg.SensorEvaluationContext, one: Watched) -> bool:
    runs = context.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
    return any(
        run.asset_selection is None or not run.asset_selection.isdisjoint(one.keys) for run in runs
    )


def _observations(
    one: Watched, before: dict[str, str], now: dict[str, str]
) -> list[dg.AssetObservation]:
    """One for each table that was written, with its data version."""
    return [
        dg.AssetObservation(key, tags={DATA_VERSION_TAG: now[".".join(table)]})
        for table, key in one.tables.items()
        if key is not None and before.get(".".join(table)) != now[".".join(table)]
    ]
