"""When a sync last ended well, with or without changes."""

from __future__ import annotations

import datetime as dt

import dagster as dg

from pgsync_assets.assets.last_ended_well import last_ended_well

from .conftest import Project

BREAKS = (
    "create function fails() returns trigger language plpgsql as "
    "$$ begin raise exception 'no' using errcode = 'XX000'; end $$",
    "create trigger fails before insert on items for each row when (new.id = 2)"
    " execute function fails()",
)


def last(project: Project) -> dt.datetime | None:
    """When the sync last ended well."""
    key = dg.AssetKey(["crm", "public", "items"])
    return last_ended_well(project.instance, [key])[key]


def test_a_run_without_changes_ends_well_too(project: Project) -> None:
    project.syncs.table("id bigint primary key")
    project.sync()
    assert last(project) is None
    began = dt.datetime.now(dt.timezone.utc)
    assert project.run().success
    first = last(project)
    assert first is not None
    assert began <= first <= dt.datetime.now(dt.timezone.utc)
    assert project.run().success  # nothing to send
    second = last(project)
    assert second is not None
    assert second > first
    project.pair.destination.execute("drop table items")
    assert not project.run().success
    assert last(project) == second
    project.run(run_config={"ops": {"sync_items": {"config": {"dry_run": True}}}})
    assert last(project) == second


def test_a_partition_that_is_in_is_no_run_that_ended_well(project: Project) -> None:
    project.syncs.table("id bigint primary key")
    project.pair.source.execute("insert into items values (0), (1), (2)")
    project.sync(partitions={"column": "id", "values": ["0", "1"]}, engine="lightning")
    tags = {
        "dagster/asset_partition_range_start": "0",
        "dagster/asset_partition_range_end": "other",
    }
    project.pair.destination.execute(*BREAKS)
    assert not project.run(tags=tags).success
    assert len(project.materializations("crm/public/items")) == 2
    assert last(project) is None
    project.pair.destination.execute("drop trigger fails on items")
    assert project.run(tags=tags).success
    whole = last(project)
    assert whole is not None
    project.pair.source.execute("insert into items values (3)")
    project.pair.destination.execute(BREAKS[1].replace("= 2", "= 3"))
    assert not project.run(tags=tags).success
    assert last(project) == whole
