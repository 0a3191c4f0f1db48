"""A sensor that has approved plans written: `pgsync-assets approve PLAN`, from anywhere."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from ..config import ConnectionConfig, SyncConfig
from ..errors import PgsyncError
from .already_running import ALREADY_RUNNING_TAG
from .failures import failed_tick
from .resources import PostgresConnection
from .translator import SYNC_TAG
from .writer import platform_of

if TYPE_CHECKING:
    from ..connect import Endpoint
    from ..plan import HeldPlan

PLAN_TAG = "pgsync/plan_id"

AGAIN_AFTER = dt.timedelta(minutes=2)
"""A run that left its sync to another one is requested again after this time."""


@dataclass(frozen=True)
class Approvable:
    """A sync whose plans may be approved.

    Args:
        sync: the sync.
        keys: what a run of it materialises.
        platform: where engine standard keeps its plans; None: as the environment says.
    """

    sync: SyncConfig
    keys: tuple[dg.AssetKey, ...]
    platform: ConnectionConfig | None = None


def build_approved_sensor(
    name: str,
    approvable: Sequence[Approvable],
    *,
    minimum_interval_seconds: int = 30,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.STOPPED,
) -> dg.SensorDefinition:
    """The sensor. An approval requests one run, however long that takes; a new one, another.

    A run that found its sync at work in another run has written nothing, and is requested again a
    while later.

    Args:
        name: name of the sensor.
        approvable: the syncs.
        minimum_interval_seconds: shortest time between two looks.
        default_status: whether it runs as soon as it is loaded.
    """
    at_source = {one.sync.source for one in approvable if one.sync.traits.place == "source"}

    @dg.sensor(
        name=name,
        target=dg.AssetSelection.assets(*(key for one in approvable for key in one.keys)),
        required_resource_keys=at_source,
        minimum_interval_seconds=minimum_interval_seconds,
        default_status=default_status,
        description="Writes held plans that somebody has approved.",
    )
    def plans_approved(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        errors: list[PgsyncError] = []
        requests = [
            _request(context.instance, one, held, place)
            for place, planner in _planners(context, approvable, errors).items()
            for held in _approved(planner, errors)
            for one in approvable
            if one.sync.name == held.sync and _place(one) == place
        ]
        if errors and not requests:
            raise failed_tick(errors)
        for error in errors:  # what one database cannot say keeps no plan of another one waiting
            context.log.error(str(error))
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason("no approved plan waits"),
        )

    return plans_approved


def _request(
    instance: dg.DagsterInstance, one: Approvable, held: "HeldPlan", place: str
) -> dg.RunRequest:
    config = {"apply_plan": held.run_id}
    tags = {SYNC_TAG: one.sync.name, PLAN_TAG: str(held.run_id)}
    aside = dg.RunsFilter(
        tags={**tags, ALREADY_RUNNING_TAG: one.sync.name},
        updated_before=dt.datetime.now(dt.timezone.utc) - AGAIN_AFTER,
    )
    again = "".join(f"/{run.run_id}" for run in instance.get_runs(aside, limit=1))
    return dg.RunRequest(
        run_key=f"{place}/{held.run_id}/{held.approved_at}{again}",
        asset_selection=list(one.keys),
        partition_key=held.partition or None,
        run_config={"ops": {f"sync_{one.sync.name}": {"config": config}}},
        tags=tags,
    )


def _place(one: Approvable) -> str:
    """Name of the connection that holds its plans."""
    return one.sync.source if one.sync.traits.place == "source" else one.sync.traits.place


def _planners(
    context: dg.SensorEvaluationContext,
    approvable: Sequence[Approvable],
    errors: list[PgsyncError],
) -> dict[str, "Endpoint"]:
    """The databases that hold plans, by name; `errors` is given what is wrong with the others."""
    found: dict[str, Endpoint] = {}
    for place, one in {_place(one): one for one in approvable}.items():
        try:
            endpoint = _planner(context, one)
        except PgsyncError as error:
            errors.append(error)
            continue
        if endpoint is not None:
            found[place] = endpoint
    return found


def _planner(context: dg.SensorEvaluationContext, one: Approvable) -> "Endpoint | None":
    if one.sync.traits.place == "source":
        connection: PostgresConnection = getattr(context.resources, one.sync.source)
        return connection.endpoint()
    return platform_of(one.platform)


def _approved(endpoint: "Endpoint", errors: list[PgsyncError]) -> Iterator["HeldPlan"]:
    from ..connect import is_migrated  # here: loading definitions needs no database driver
    from ..plan import Planner, held_plans

    schema = endpoint.config.schemas.planner
    try:
        with endpoint.session("pgsync/approved") as session:
            waiting = held_plans(Planner(session, schema)) if is_migrated(session, schema) else []
    except PgsyncError as error:
        errors.append(error)
        return
    yield from (held for held in waiting if held.approved_at is not None)
