"""A sync that was renamed, as Dagster shows it."""

from __future__ import annotations

from typing import Any

import dagster as dg

from pgsync_assets import operations

from .conftest import Project

MODEL: dict[str, Any] = {"model": {"name": "items", "table": "public.items", "key": ["id"]}}


def warnings(project: Project, result: dg.ExecuteInProcessResult) -> list[str]:
    return [one.user_message for one in project.instance.all_logs(result.run_id) if one.level == 30]


def test_a_renamed_sync_stops_and_what_nobody_has_is_warned_of(project: Project) -> None:
    project.syncs.table("id bigint primary key, name text")
    project.pair.source.execute("insert into items values (1, 'a'), (2, 'b')")
    project.sync(**MODEL)
    assert project.run().success

    project.sync(name="articles", **MODEL)
    (failed,) = project.run().filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    assert "pgsync-assets state move items articles" in str(told.description)
    dry = project.run(run_config={"ops": {"sync_articles": {"config": {"dry_run": True}}}})
    assert not dry.success

    operations.move("items", project.syncs.config(name="articles"), *project.syncs.endpoints)
    project.pair.source.execute("update items set name = 'c' where id = 1")
    assert warnings(project, project.run()) == []
    assert project.metadata()["pgsync/rows_changed"] == 1
    assert project.metadata()["pgsync/rows_added"] == 0
    assert "pgsync/orphaned_states" not in project.metadata()
    # The model goes on under its key; what bore the sync's name has a history of its own.
    assert len(project.materializations("hightouch_planner/items")) == 1
    assert len(project.materializations("hightouch_planner/articles")) == 1

    project.syncs.run(name="deleted")
    (warning,) = warnings(project, project.run())
    assert "has states that no sync of this project has: deleted." in warning
    assert project.metadata()["pgsync/orphaned_states"] == "deleted"
