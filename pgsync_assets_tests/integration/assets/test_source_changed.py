"""The sensor requests a sync when, and only when, one of its source tables was written."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import dagster as dg
import pytest

from pgsync_assets.plan import lock_key

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
    watch(project)
    return project


def watch(project: Project, **fields: Any) -> None:
    """Writes the sensor, with what a test changes."""
    written = {"name": "changed", "syncs": ["items"], **fields}
    project.write("sensor", "PgSourceChangedComponent", **written)


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
    watch(watched, tables=["public.days"])
    first = tick(watched, None)
    watched.pair.source.execute("insert into days values (1, '2024-01-01')")
    assert len(tick_until_requested(watched, first.cursor).run_requests) == 1


def test_a_view_counts_as_the_tables_behind_it(watched: Project) -> None:
    watched.pair.source.execute(
        "create table names (id int, name text)",
        "create view named as select id, name from items join names using (id, name)",
        "create view seen as select * from named",
        "create materialized view kept as select * from names",
    )
    watch(watched, tables=["public.seen", "public.kept"])
    first = tick(watched, None)
    watched.pair.source.execute("insert into names values (1, 'a')")
    second = tick_until_requested(watched, first.cursor)
    watched.pair.source.execute("refresh materialized view kept")
    third = tick_until_requested(watched, second.cursor)
    changed = "create or replace view named as select id, name from items where id > 1"
    watched.pair.source.execute(changed)
    assert len(tick(watched, third.cursor).run_requests) == 1


FOREIGN = (
    "create foreign data wrapper nobody",
    "create server far foreign data wrapper nobody",
    "create foreign table away (id int) server far",
    "create view seen as select id from items union all select id from away",
)
UNCOUNTED = {
    "public.nowhere": "there is no such table",
    "public.away": "writes are another server's",
    "public.seen": "writes are another server's",
    "public.made": "it is not a table, and reads none",
}


def test_what_cannot_be_watched_is_told_and_keeps_nothing_else_waiting(watched: Project) -> None:
    watched.pair.source.execute(*FOREIGN, "create view made as select 1 as id")
    for table, words in UNCOUNTED.items():
        watch(watched, tables=[table])
        with pytest.raises(dg.Failure, match=f"{table} cannot be watched: .*{words}"):
            tick(watched, None)
    other = watched.syncs.config(name="other", table="public.other").model_dump(
        mode="json", exclude_unset=True
    )
    far = {**other, "name": "far", "model": {"table": "public.away", "key": ["id"]}}
    down = {**other, "name": "down", "source": "down", "table": "public.down"}
    gone = {"host": "127.0.0.1", "port": 1, "database": "x", "user": "x", "sslmode": "disable"}
    watched.write("down", "PgConnectionsComponent", connections={"down": gone})
    watched.write("more", "PgSyncComponent", syncs=[other, {**far, "table": "public.far"}, down])
    watch(watched, syncs=["far", "down", "items", "other"])
    first = tick(watched, None)
    assert [one.tags["pgsync/sync"] for one in first.run_requests] == ["items", "other"]
    assert len(first.asset_events) == 1
    with pytest.raises(dg.Failure, match="(?s)down.*public.away|public.away.*down"):
        tick(watched, first.cursor)


def test_the_first_look_may_wait(watched: Project) -> None:
    watch(watched, first_look="wait")
    first = tick(watched, None)
    assert first.run_requests == []
    watched.pair.source.execute("insert into items values (2000, 'a')")
    assert len(tick_until_requested(watched, first.cursor).run_requests) == 1


def test_all_partitions_of_a_sync_are_requested(watched: Project) -> None:
    watched.sync(partitions={"hash": 2})
    (request,) = tick(watched, None).run_requests
    start, end = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
    assert (request.tags[start], request.tags[end]) == ("0", "1")


def test_a_change_waits_for_the_first_partition(watched: Project) -> None:
    watched.sync(partitions={"column": "day", "every": "day", "start": "2099-01-01"})
    first = tick(watched, None)
    assert first.run_requests == []
    watched.sync(partitions={"hash": 2})
    assert len(tick(watched, first.cursor).run_requests) == 1


def test_a_run_that_failed_is_requested_again_later_and_once(
    watched: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = {"dagster/sensor_name": "changed", "pgsync/sync": "items"}
    watched.pair.destination.execute("alter table items rename to elsewhere")
    first = tick(watched, None)
    failed = watched.run(tags=tags)
    assert not failed.success
    assert tick(watched, first.cursor).run_requests == []
    monkeypatch.setattr("pgsync_assets.assets.undone.AGAIN_AFTER", dt.timedelta(0))
    (again,) = tick(watched, first.cursor).run_requests
    assert again.run_key == f"again/{failed.run_id}"
    watched.pair.destination.execute("alter table elsewhere rename to items")
    assert watched.run().success
    assert tick(watched, first.cursor).run_requests == []


def test_a_run_that_found_the_sync_at_work_is_requested_again(
    watched: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = {"dagster/sensor_name": "changed", "pgsync/sync": "items"}
    first = tick(watched, None)
    with watched.syncs.keeper.connect() as session:
        key = lock_key("hightouch_planner", "items", "")
        session.execute("select pg_advisory_lock(%s)", [key])  # as `pgsync-assets run` does
        beside = watched.run(tags=tags)
    assert beside.success
    assert not watched.syncs.same()
    assert tick(watched, first.cursor).run_requests == []
    monkeypatch.setattr("pgsync_assets.assets.undone.AGAIN_AFTER", dt.timedelta(0))
    (again,) = tick(watched, first.cursor).run_requests
    assert again.run_key == f"again/{beside.run_id}"
    assert watched.run().success
    assert tick(watched, first.cursor).run_requests == []


def test_a_run_of_the_sensor_is_the_sync(watched: Project) -> None:
    (request,) = tick(watched, None).run_requests
    result = watched.run(*(key.to_user_string() for key in request.asset_selection))
    assert result.success
    assert watched.syncs.same()
