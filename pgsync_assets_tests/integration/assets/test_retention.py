"""The asset that prunes the audits of a project: what it says, and what a dead database costs."""

from __future__ import annotations

from typing import Any

import dagster as dg

from ..test_retention import age, logged
from .conftest import Project

RETENTION = "maintenance/audit_retention"


def maintain(project: Project, **config: Any) -> dg.ExecuteInProcessResult:
    ops = {"maintenance__audit_retention": {"config": config}}
    return project.run(RETENTION, run_config={"ops": ops})


def test_a_pass_tells_what_went_and_a_dead_database_costs_its_own_part(project: Project) -> None:
    source = project.pair.source
    project.syncs.table("id integer primary key, name text")
    source.execute("insert into items values (1, 'a'), (2, 'b')")
    project.sync(audit={"keep": {"changelog": "10 days"}})
    project.write("maintenance", "PgMaintenanceComponent", name="maintenance", audit={"runs": -1})
    assert project.run().success
    source.execute("update items set name = name || 'x'")
    assert project.run().success
    assert maintain(project).success
    assert project.metadata(RETENTION)["pgsync/rows_deleted"] == 0
    age(source, 11)

    assert maintain(project, dry_run=True).success
    assert len(project.materializations(RETENTION)) == 1
    told = project.observed(RETENTION)
    assert (told["dry_run"], told["pgsync/rows_deleted"]) == (True, 3)
    assert len(logged(source)) == 4

    dead = {"host": "127.0.0.1", "port": 1, "database": "d", "user": "u", "password": "$DEAD"}
    project.write("dead", "PgConnectionsComponent", connections={"dead": dead})
    result = maintain(project)
    assert not result.success
    (failed,) = result.get_step_failure_events()
    assert "not pruned: " in str(failed.step_failure_data.user_failure_data)
    assert len(logged(source)) == 2  # the newest of each row
    metadata = project.metadata(RETENTION)
    check_told({name.partition("/")[2]: value for name, value in metadata.items()})


def check_told(counts: dict[str, Any]) -> None:
    assert (counts["rows_deleted"], counts["databases"]) == (3, 1)
    assert counts["bytes"] > counts["reusable_bytes"] > 0
    assert counts["is_done"] is True
    tables = {record.data["table"]: record.data for record in counts["tables"].records}
    log = tables["hightouch_audit.sync_changelog"]
    assert (log["database"], log["deleted"], log["left"]) == ("shop", 2, 2)
    assert log["oldest run"] == tables["hightouch_audit.sync_runs"]["oldest run"] != ""
    assert counts["rows_kept"] == sum(one["left"] for one in tables.values())
