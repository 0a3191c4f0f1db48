"""Source tables are observable: a look tells whether they have been written since."""

from __future__ import annotations

import time

import dagster as dg
import pytest

from pgsync_assets.assets.source_assets import DATA_VERSION_TAG

from .conftest import Project

SOURCE = "shop/public/items"
STATISTICS_S = 20.0


@pytest.fixture
def items(project: Project) -> Project:
    """A sync of a table."""
    project.syncs.table("id bigint primary key")
    project.sync()
    return project


def versions(project: Project) -> list[str]:
    """Data versions of all observations of the source table, the oldest first."""
    found = project.instance.fetch_observations(dg.AssetKey.from_user_string(SOURCE), limit=100)
    events = [record.asset_observation for record in reversed(found.records)]
    return [str(event.tags[DATA_VERSION_TAG]) for event in events if event is not None]


def test_a_look_stores_a_version_that_a_write_changes(items: Project) -> None:
    assert items.run(SOURCE).success
    first = versions(items)[-1]
    assert items.run(SOURCE).success
    assert versions(items) == [first, first]
    items.pair.source.execute("insert into items values (1)")
    deadline = time.monotonic() + STATISTICS_S
    while versions(items)[-1] == first and time.monotonic() < deadline:
        assert items.run(SOURCE).success
    assert versions(items)[-1] != first


def test_describing_the_model_looks_at_its_tables(items: Project) -> None:
    assert items.run("models/items").success
    assert len(versions(items)) == 1


def test_a_view_of_no_table_has_no_version_and_is_no_reason_to_fail(project: Project) -> None:
    project.syncs.table("id bigint primary key")
    project.pair.source.execute("create view seen as select 1::bigint as id")
    project.syncs.pair.source.grant_table("seen")
    project.sync(model={"table": "public.seen", "key": ["id"]})
    assert project.run("shop/public/seen").success
    found = project.instance.fetch_observations(dg.AssetKey(["shop", "public", "seen"]), limit=1)
    assert not found.records
    assert project.run("models/items").success
    assert project.run().success


def test_looking_moves_no_row(items: Project) -> None:
    items.pair.source.execute("insert into items values (1)")
    assert items.run(SOURCE, "models/items").success
    assert items.pair.destination.rows("select count(*) from items") == [(0,)]
