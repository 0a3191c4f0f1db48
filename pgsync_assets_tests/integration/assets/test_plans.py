"""Held plans in Dagster: a dry run, a guard that stops a run, approval by sensor and launchpad."""

from __future__ import annotations

import datetime as dt
from typing import Any

import dagster as dg
import pytest

from pgsync_assets.cli.endpoints import somebody
from pgsync_assets.plan import Planner, approve, find_plan, lock_key

from ...fix_databases import Side
from ...fix_syncs import ENGINES, endpoint_of
from .conftest import SECRETS, Project

TABLE = "crm/public/items"
KEY = dg.AssetKey.from_user_string(TABLE)
EDITS = (
    "delete from items where id <= 6",
    "update items set name = 'secret-4711' where id = 10",
)


@pytest.fixture(params=["lightning", "standard"])
def items(request: pytest.FixtureRequest, project: Project, platform_side: Side) -> Project:
    """Ten rows are in; six of them leave, one changes."""
    side = platform_side
    project.syncs.platform = side
    project.syncs.fields = ENGINES[request.param] | {"delete": "delete_row"}
    connection = {
        "host": side.host,
        "port": side.port,
        "database": side.database,
        "user": side.user,
        "password": f"${SECRETS['crm']}",
    }
    project.write("platform", "PgConnectionsComponent", connections={"platform": connection})
    project.write("sensor", "PgPlansApprovedComponent", name="approved")
    project.syncs.table("id bigint primary key, name text")
    project.pair.source.execute(
        "insert into items select n, 'item' from generate_series(1, 10) as n"
    )
    project.sync()
    assert project.run().success
    project.pair.source.execute(*EDITS)
    return project


def config(**fields: Any) -> dict[str, Any]:
    return {"ops": {"sync_items": {"config": fields}}}


def count(project: Project) -> int:
    ((found,),) = project.pair.destination.rows("select count(*) from items")
    return int(found)


def observed(project: Project, partition: str | None = None) -> dict[str, Any]:
    """Metadata of the latest observation of the table that names a plan."""
    records = project.instance.fetch_observations(KEY, limit=100).records
    found = [record.asset_observation for record in records]
    (latest, *_) = [one for one in found if one and "pgsync/plan_id" in one.metadata]
    assert latest.partition == partition
    return {name: value.value for name, value in latest.metadata.items()}


def approved(project: Project, number: int) -> None:
    keeper = project.syncs.keeper
    with endpoint_of("keeper", keeper).session("test") as session:
        assert approve(Planner(session, "hightouch_planner"), number, somebody("ada"))


def tick(project: Project) -> list[dg.RunRequest]:
    definitions = project.definitions
    context = dg.build_sensor_context(
        instance=project.instance, definitions=definitions, resources=definitions.resources
    )
    with context:
        found = definitions.resolve_sensor_def("approved").evaluate_tick(context)
    return list(found.run_requests or [])


def test_a_dry_run_shows_its_plan_and_materialises_nothing(items: Project) -> None:
    result = items.run(run_config=config(dry_run=True))
    assert result.success
    assert (count(items), len(items.materializations(TABLE))) == (10, 1)
    found = observed(items)
    planned = {name: found[f"pgsync/planned_{name}"] for name in ("added", "changed", "removed")}
    assert planned == {"added": 0, "changed": 1, "removed": 6}
    assert found["pgsync/plan_id"] == "2"
    assert "6 of 10 rows" in found["pgsync/guard"]
    assert "apply_plan: 2" in found["pgsync/what_to_do"]
    rows = [record.data for record in found["pgsync/changes"].records]
    assert {"operation": "changed", "row_id": "10"} in rows
    assert "secret-4711" not in "\n".join(str(event) for event in result.all_events)


def test_values_are_shown_where_the_audit_has_them_too(items: Project) -> None:
    items.sync(audit="full")
    assert items.run(run_config=config(dry_run=True)).success
    rows = [record.data for record in observed(items)["pgsync/changes"].records]
    changed = {"operation": "changed", "row_id": "10", "column": "name"}
    assert changed | {"before": "item", "after": "secret-4711"} in rows
    gone = {"operation": "removed", "row_id": "1", "column": "name", "before": "item", "after": ""}
    assert gone in rows


def test_values_that_the_audit_hides_are_not_shown(
    items: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_KEY", "a key that nobody guesses")
    values = {"id": "hash", "name": "omit"}
    items.sync(audit={"level": "full", "values": values, "hash_key": "$AUDIT_KEY"})
    result = items.run(run_config=config(dry_run=True))
    rows = [record.data for record in observed(items)["pgsync/changes"].records]
    assert {row["column"] for row in rows} == {"id"}
    assert {len(str(row["row_id"])) for row in rows} == {64}
    assert "secret-4711" not in "\n".join(str(event) for event in result.all_events)


def test_a_guarded_run_fails_with_an_event_that_an_alert_can_wait_for(items: Project) -> None:
    result = items.run()
    assert not result.success
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    metadata = {name: value.value for name, value in told.metadata.items()}
    assert metadata["pgsync/error"] == "GuardError"
    assert metadata["pgsync/plan_id"] == observed(items)["pgsync/plan_id"] == "2"
    assert metadata["pgsync/planned_removed"] == observed(items)["pgsync/planned_removed"] == 6
    assert "6 of 10 rows (60.0 %)" in observed(items)["pgsync/guard"]
    assert (count(items), len(items.materializations(TABLE))) == (10, 1)
    statuses = "select status from hightouch_audit.sync_runs order by sync_run_id"
    assert items.syncs.keeper.rows(statuses) == [("succeeded",), ("held",)]
    assert result.filter_events(lambda event: event.event_type_value == "STEP_UP_FOR_RETRY") == []


def test_a_schedule_tells_one_plan_however_often_it_trips(items: Project) -> None:
    assert not items.run().success
    assert not items.run().success
    assert observed(items)["pgsync/plan_id"] == "2"


def test_the_launchpad_applies_a_plan(items: Project) -> None:
    items.run()
    items.pair.source.execute("delete from items")
    result = items.run(run_config=config(apply_plan=2))
    assert result.success
    assert count(items) == 4
    assert items.metadata()["pgsync/run_id"] == "2"
    assert items.metadata()["pgsync/rows_removed"] == 6
    again = items.run(run_config=config(apply_plan=2))
    assert not again.success
    assert "it was applied already" in str(again.all_events)
    with endpoint_of("keeper", items.syncs.keeper).session("test") as session:
        record = find_plan(Planner(session, "hightouch_planner"), 2)
    assert record is not None
    assert record.approved_by == f"Dagster run {result.run_id}"


@pytest.mark.parametrize("other", [{"dry_run": True}, {"full_resync": True}])
def test_a_plan_is_applied_as_it_is(items: Project, other: dict[str, bool]) -> None:
    result = items.run(run_config=config(apply_plan=2, **other))
    assert not result.success
    assert "goes with no other choice" in str(result.all_events)


def test_an_approval_is_one_run(items: Project) -> None:
    assert tick(items) == []
    items.run()
    assert tick(items) == []
    approved(items, 2)
    (request,), (same,) = tick(items), tick(items)
    assert request.run_key == same.run_key
    assert request.tags["pgsync/plan_id"] == "2"
    keys = [key.to_user_string() for key in request.asset_selection or []]
    assert TABLE in keys
    assert items.run(*keys, run_config=request.run_config).success
    assert count(items) == 4
    assert tick(items) == []


def test_an_approval_is_not_lost_beside_another_run(
    items: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    items.run()
    approved(items, 2)
    (request,) = tick(items)
    with items.syncs.keeper.connect() as session:
        key = lock_key("hightouch_planner", "items", "")
        session.execute("select pg_advisory_lock(%s)", [key])  # as a run does
        assert items.run(run_config=request.run_config, tags=request.tags).success
    assert count(items) == 10
    (early,) = tick(items)
    assert early.run_key == request.run_key
    monkeypatch.setattr("pgsync_assets.assets.approved_sensor.AGAIN_AFTER", dt.timedelta(0))
    (again,), (same,) = tick(items), tick(items)
    assert again.run_key == same.run_key != request.run_key
    assert items.run(run_config=again.run_config, tags=again.tags).success
    assert count(items) == 4
    assert tick(items) == []


def test_a_database_that_is_down_keeps_no_plan_of_another_waiting(items: Project) -> None:
    gone = {"host": "127.0.0.1", "port": 1, "database": "x", "user": "x", "sslmode": "disable"}
    items.write("down", "PgConnectionsComponent", connections={"down": gone})
    down = items.syncs.config(
        name="down", source="down", table="public.down", engine="lightning"
    ).model_dump(mode="json", exclude_unset=True)
    items.write("more", "PgSyncComponent", syncs=[down])
    with pytest.raises(dg.Failure, match="down"):
        tick(items)
    items.run()
    approved(items, 2)
    assert len(tick(items)) == 1


def test_a_new_approval_is_a_new_run(items: Project) -> None:
    items.run()
    approved(items, 2)
    (first,) = tick(items)
    approved(items, 2)
    (second,) = tick(items)
    assert first.run_key != second.run_key


def test_a_plan_of_a_partition(items: Project) -> None:
    assert items.run(run_config=config(operation="RESET")).success
    items.pair.source.execute("alter table items add day date default '2024-01-05' not null")
    items.pair.destination.execute(
        "alter table items add day date", "create unique index on items (day, id)"
    )
    window = {"column": "day", "every": "day", "start": "2024-01-01", "end": "2024-01-08"}
    items.sync(model={"table": "public.items", "key": ["day", "id"]}, partitions=window)
    assert items.run(partition="2024-01-05", run_config=config(dry_run=True)).success
    found = observed(items, "2024-01-05")
    approved(items, int(found["pgsync/plan_id"]))
    (request,) = tick(items)
    assert request.partition_key == "2024-01-05"
    done = items.run(partition=request.partition_key, run_config=request.run_config)
    assert done.success
    (event,) = [e for e in items.materializations(TABLE) if e.partition == "2024-01-05"]
    assert event.metadata["pgsync/run_id"].value == found["pgsync/plan_id"]


def test_a_plan_is_about_one_partition(items: Project) -> None:
    window = {"column": "day", "every": "day", "start": "2024-01-01", "end": "2024-01-08"}
    items.sync(model={"table": "public.items", "key": ["day", "id"]}, partitions=window)
    start, end = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
    tags = {start: "2024-01-01", end: "2024-01-03"}
    result = items.run(tags=tags, run_config=config(apply_plan=2))
    assert not result.success
    assert "plan 2 is about one partition, and this run has several" in str(result.all_events)
