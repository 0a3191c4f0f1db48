"""Maintenance of a Dagster instance that has real runs of real syncs, in PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from pgsync_assets.assets import history, progress
from pgsync_assets.config import HistoryConfig
from pgsync_assets.errors import ConfigurationError

from ...fix_databases import Side
from .conftest import Project
from .daemons import ask_for_backfill

pytestmark = pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources` is deprecated")

TABLE = dg.AssetKey.from_user_string("crm/public/items")
SOURCE = dg.AssetKey.from_user_string("shop/public/items")
HISTORY = "maintenance/dagster_history"
CHECK = dg.AssetCheckKey(TABLE, "counts_agree")
NOW = dt.datetime.now(dt.timezone.utc)


def config_of(side: Side) -> dict[str, Any]:
    login = {"hostname": side.host, "port": side.port, "username": side.user}
    login |= {"password": {"env": "DAGSTER_PG_PASSWORD"}, "db_name": side.database}
    storage = {"postgres": {"postgres_db": login | {"scheme": "postgresql+psycopg2"}}}
    return {"storage": storage, "telemetry": {"enabled": False}}


@pytest.fixture
def stored(project: Project) -> Project:
    """Ten rows in two partitions, and what maintains the instance."""
    project.syncs.table("id integer primary key, name text")
    project.pair.source.execute("insert into items select n, 'a' from generate_series(1, 10) n")
    project.sync(partitions={"hash": 2})
    project.write(
        "maintenance",
        "PgMaintenanceComponent",
        name="maintenance",
        dagster={"keep_runs_for": "30 days", "keep_last": 1, "keep_observations_for": "2 days"},
    )
    return project


@pytest.fixture
def in_postgres(
    stored: Project, platform_side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    """The same, whose instance is in PostgreSQL."""
    monkeypatch.setenv("DAGSTER_PG_PASSWORD", platform_side.password)
    platform_side.execute(f'grant all on schema public to "{platform_side.user}"')
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(config_of(platform_side)))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield replace(stored, instance=instance)


@pytest.fixture
def in_sqlite(stored: Project, tmp_path: Path) -> Iterator[Project]:
    """The same, whose instance is a folder with files of SQLite."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield replace(stored, instance=instance)


def run(project: Project, partition: str, **tags: str) -> str:
    """Runs one partition, with a changed row so that there is something to do."""
    project.pair.source.execute("update items set name = name || 'a'")
    result = project.run(partition=partition, tags=tags)
    assert result.success
    return result.run_id


def age(side: Side, days: int) -> None:
    """Everything that the instance has is older by some days, as if it had run then."""
    older = f"- interval '{days} days'"
    side.execute(
        f"update runs set update_timestamp = update_timestamp {older}",
        f"update event_logs set timestamp = timestamp {older}",
    )


def raising(error: type[BaseException]) -> Callable[[str], None]:
    def raise_it(run_id: str) -> None:
        raise error

    return raise_it


def runs_of(project: Project) -> set[str]:
    return set(project.instance.get_run_ids())


def maintain(project: Project, **config: Any) -> dict[str, Any]:
    ops = {"maintenance__dagster_history": {"config": config}}
    result = project.run(HISTORY, run_config={"ops": ops})
    assert result.success
    return project.metadata(HISTORY) if not config else {}


def pages(project: Project) -> list[Any]:
    """What the pages of the table are made of."""
    instance = project.instance
    storage = instance.event_log_storage
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    (record,) = instance.get_asset_records([TABLE])
    materialization = record.asset_entry.last_materialization
    check = storage.get_latest_asset_check_execution_by_key([CHECK])[CHECK]
    return [
        instance.get_latest_storage_id_by_partition(TABLE, kind),
        instance.get_materialized_partitions(TABLE),
        materialization and materialization.asset_materialization,
        instance.get_latest_data_version_record(TABLE, partition_key="0"),
        instance.get_latest_data_version_record(TABLE, partition_key="1"),
        storage.get_materialized_partitions(TABLE),
        storage.get_latest_asset_partition_materialization_attempts_without_materializations(TABLE),
        (check.status, check.run_id, check.event and check.event.dagster_event),
        [record.run_id for record in instance.fetch_observations(SOURCE, limit=1).records],
    ]


def long_used(project: Project, side: Side) -> tuple[set[str], set[str]]:
    """An instance with runs of 40 days ago: those that may go, and those that may not."""
    instance = project.instance
    obsolete, last_of_0 = run(project, "0"), run(project, "0")
    ask_for_backfill(project, "open", TABLE, ["0"])
    of_backfill, also_obsolete = (
        run(project, "1", **{"dagster/backfill": "open"}),
        run(project, "1"),
    )
    job = project.definitions.resolve_implicit_global_asset_job_def()
    unfinished = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED).run_id
    for _ in range(3):
        instance.report_runless_asset_event(dg.AssetObservation(SOURCE))
    age(side, 40)
    recent = run(project, "1")
    instance.report_runless_asset_event(dg.AssetObservation(TABLE, partition="0"))
    return {obsolete, also_obsolete}, {last_of_0, of_backfill, unfinished, recent}


def test_old_runs_go_and_what_pages_show_stays(
    in_postgres: Project, platform_side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "INTERVAL_S", 0)
    obsolete, needed = long_used(in_postgres, platform_side)
    before = pages(in_postgres)

    maintain(in_postgres, dry_run=True)
    assert obsolete | needed < runs_of(in_postgres)
    assert would_be_deleted(in_postgres) == {"runs": 2, "events": 2}

    metadata = maintain(in_postgres)
    assert obsolete & runs_of(in_postgres) == set()
    assert needed < runs_of(in_postgres)
    assert pages(in_postgres) == before
    assert left_of(platform_side, obsolete) == [0] * 5
    old = "select bool_or(timestamp < now() - interval '1 day') from event_logs"
    assert platform_side.rows(f"{old} where event like '%pgsync/rows_done%'") == [(False,)]
    assert (metadata["pgsync/runs_deleted"], metadata["pgsync/events_deleted"]) == (2, 2)
    assert metadata["pgsync/progress_deleted"] > 0
    assert metadata["pgsync/event_rows"] < metadata["pgsync/event_rows_before"]
    assert metadata["pgsync/storage_bytes"] > 100_000
    again = maintain(in_postgres)
    assert (again["pgsync/runs_deleted"], again["pgsync/is_done"]) == (0, True)


def would_be_deleted(project: Project) -> dict[str, Any]:
    key = dg.AssetKey.from_user_string(HISTORY)
    (told,) = project.instance.fetch_observations(key, limit=9).records
    assert told.asset_observation is not None
    metadata = told.asset_observation.metadata
    return {what: metadata[f"pgsync/{what}_deleted"].value for what in ("runs", "events")}


def left_of(side: Side, run_ids: set[str]) -> list[int]:
    """Rows that Dagster's tables have of runs that were deleted."""
    gone = ", ".join(f"'{run_id}'" for run_id in run_ids)
    counts = [
        f"select count(*) from {table} where run_id in ({gone})"
        for table in ("runs", "run_tags", "event_logs", "asset_check_executions")
    ]
    strays = "where event_id not in (select id from event_logs)"
    counts.append(f"select count(*) from asset_event_tags {strays}")
    return [side.rows(count)[0][0] for count in counts]


def test_files_of_sqlite_are_kept_within_bounds_too(in_sqlite: Project) -> None:
    first, second = run(in_sqlite, "0"), run(in_sqlite, "0")
    before = pages(in_sqlite)
    later = NOW + dt.timedelta(days=31)
    kept = HistoryConfig(keep_last=1)
    forgotten = history.History(in_sqlite.instance, kept, print).forget(later)
    assert (forgotten.runs, runs_of(in_sqlite)) == (1, {second})
    assert pages(in_sqlite) == before
    assert not in_sqlite.instance.event_log_storage.get_logs_for_run(first)
    assert "pgsync/storage_bytes" not in maintain(in_sqlite)


def test_a_pass_that_was_stopped_is_gone_on_with(
    in_postgres: Project, platform_side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its time, and by a kill between the events of a run and the run itself."""
    runs = [run(in_postgres, "0") for _ in range(3)]
    later = NOW + dt.timedelta(days=31)
    instance, storage = in_postgres.instance, in_postgres.instance.event_log_storage

    def forget(**kept: Any) -> history.Forgotten:
        config = HistoryConfig.model_validate({"keep_last": 1, **kept})
        return history.History(instance, config, print).forget(later)

    assert forget(at_most=dt.timedelta(0)) == history.Forgotten(0, 0, 0, is_done=False)
    assert runs_of(in_postgres) == set(runs)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(history, "PAGE", 1)
        patched.setattr(instance, "delete_run", raising(KeyboardInterrupt))
        forget()
    assert runs_of(in_postgres) == set(runs)
    assert [bool(storage.get_logs_for_run(one)) for one in runs] == [False, True, True]
    assert forget().runs == 2
    assert runs_of(in_postgres) == {runs[-1]}
    platform_side.execute("update alembic_version set version_num = 'older'")
    with pytest.raises(ConfigurationError, match="has the schema older"):
        forget()


def test_it_runs_at_night_unless_told_otherwise(in_sqlite: Project) -> None:
    schedule = in_sqlite.definitions.resolve_schedule_def("maintenance")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("17 3 * * *", "UTC")
    at = dt.datetime(2026, 1, 1, 3, 17, tzinfo=dt.timezone.utc)
    with dg.build_schedule_context(
        in_sqlite.instance,
        scheduled_execution_time=at,
        repository_def=in_sqlite.definitions.get_repository_def(),
    ) as context:
        requests = schedule.evaluate_tick(context).run_requests or []
    chosen = [key.to_user_string() for one in requests for key in one.asset_selection or ()]
    assert sorted(chosen) == ["maintenance/audit_retention", HISTORY]
    in_sqlite.write(
        "maintenance", "PgMaintenanceComponent", name="maintenance", dagster={"keep_last": 0}
    )
    with pytest.raises(Exception, match="maintenance") as caught:
        _ = in_sqlite.definitions
    assert "keep_last" in str(caught.value.__cause__ or caught.value)
