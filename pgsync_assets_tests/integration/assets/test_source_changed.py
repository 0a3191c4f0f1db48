"""The sensor requests a sync when, and only when, one of its source tables was written."""

from __future__ import annotations

import time
from typing import Any

import dagster as dg
import pytest

from .conftest import Project

CHANGES = [
    "insert into items values (1000, 'a')",
    "update items set name = 'b' where id = 1",
    "delete from items where id = 2",
    "truncate items",
]
STATISTICS_S = 20.0


@pytest.fixture
def watched(project: Project) -> Project:
    """A sync with a sensor, and a table that nobody watches."""
    project.syncs.table("id bigint primary key, name text")
    project.pair.source.execute(
        "insert into items select n, 'item' from generate_series(1, 10) as n",
        "create table other (id int)",
    )
    project.sync()
    project.write("sensor", "PgSourceChangedComponent", name="changed", syncs=["items"])
    return project


def tick(project: Project, cursor: str | None) -> Any:
    """What one look at the source comes to."""
    definitions = project.definitions
    context = dg.build_sensor_context(
        instance=project.instance,
        cursor=cursor,
        definitions=definitions,
        resources=definitions.resources,
    )
    with context:
        return definitions.resolve_sensor_def("changed").evaluate_tick(context)


def tick_until_requested(project: Project, cursor: str) -> Any:
    """PostgreSQL publishes statistics within a second after the session went idle or ended."""
    deadline = time.monotonic() + STATISTICS_S
    while time.monotonic() < deadline:
        found = tick(project, cursor)
        if found.run_requests:
            return found
        time.sleep(0.1)
    raise AssertionError("the change was never seen")


@pytest.mark.parametrize("change", CHANGES)
def test_each_kind_of_change_is_seen_once(watched: Project, change: str) -> None:
    first = tick(watched, None)
    assert [request.tags["pgsync/sync"] for request in first.run_requests] == ["items"]
    second = tick(watched, first.cursor)
    assert second.run_requests == []
    watched.pair.source.execute(change)
    third = tick_until_requested(watched, second.cursor)
    (request,) = third.run_requests
    assert dg.AssetKey(["crm", "public", "items"]) in request.asset_selection
    (observed,) = third.asset_events
    assert observed.asset_key == dg.AssetKey(["shop", "public", "items"])
    assert observed.tags["dagster/data_version"]
    assert tick(watched, third.cursor).run_requests == []


def test_another_table_is_not_ours(watched: Project) -> None:
    first = tick(watched, None)
    watched.pair.source.execute(
        "insert into other values (1)", "insert into items values (11, 'a')"
    )
    second = tick_until_requested(watched, first.cursor)
    watched.pair.source.execute("insert into other values (2)", "analyze items")
    assert tick(watched, second.cursor).run_requests == []


def test_a_change_waits_for_the_end_of_a_run(watched: Project) -> None:
    key = dg.AssetKey(["crm", "public", "items"])
    job = watched.definitions.resolve_implicit_global_asset_job_def()
    run = watched.instance.create_run_for_job(job, asset_selection={key})
    first = tick(watched, None)
    assert first.run_requests == []
    watched.instance.delete_run(run.run_id)
    assert len(tick(watched, first.cursor).run_requests) == 1


def test_a_partition_counts_as_its_table(watched: Project) -> None:
    watched.pair.source.execute(
        "create table days (id int, day date) partition by range (day)",
        "create table day_1 partition of days for values from ('2024-01-01') to ('2024-01-02')",
    )
    watched.write(
        "sensor",
        "PgSourceChangedComponent",
        name="changed",
        syncs=["items"],
        tables=["public.days"],
    )
    first = tick(watched, None)
    watched.pair.source.execute("insert into days values (1, '2024-01-01')")
    assert len(tick_until_requested(watched, first.cursor).run_requests) == 1


@pytest.mark.parametrize("table", ["public.nowhere", "public.seen"])
def test_what_cannot_be_watched_is_told(watched: Project, table: str) -> None:
    watched.pair.source.execute("create view seen as select * from items")
    watched.write(
        "sensor", "PgSourceChangedComponent", name="changed", syncs=["items"], tables=[table]
    )
    with pytest.raises(dg.Failure, match=f"{table} (is not a table|to watch)"):
        tick(watched, None)


def test_a_run_of_the_sensor_is_the_sync(watched: Project) -> None:
    (request,) = tick(watched, None).run_requests
    result = watched.run(*(key.to_user_string() for key in request.asset_selection))
    assert result.success
    assert watched.syncs.same()
