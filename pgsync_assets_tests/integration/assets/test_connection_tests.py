"""The check `connection` and the job `test_connections`: when somebody asks, line by line."""

from __future__ import annotations

from typing import Any

import dagster as dg

from pgsync_assets.assets.connection_tests import TEST_CONNECTIONS
from pgsync_assets.assets.on_demand import CONNECTION

from .conftest import Project

TABLE = dg.AssetKey(["crm", "public", "items"])
CHECK = dg.AssetCheckKey(TABLE, CONNECTION)


def lines(metadata: Any) -> dict[str, Any]:
    """State and remedy of each line."""
    return {one.data["check"]: one.data for one in metadata.value.records}


def alone(project: Project) -> dg.AssetCheckEvaluation:
    """Executes the check and nothing else, as its button in the UI does."""
    job = project.definitions.resolve_implicit_global_asset_job_def()
    subset = job.get_subset(asset_selection=set(), asset_check_selection={CHECK})
    result = subset.execute_in_process(instance=project.instance, raise_on_error=False)
    assert result.success
    (found,) = result.get_asset_check_evaluations()
    return found


def test_the_check_of_a_sync_says_what_fails_and_a_run_leaves_it_alone(project: Project) -> None:
    project.syncs.table("id integer primary key, name text")
    project.sync()
    found = alone(project)
    assert (found.asset_check_key, found.passed, found.description) == (CHECK, True, None)
    told = lines(found.metadata["pgsync/lines"])
    assert {one["state"] for one in told.values()} == {"ok"}
    assert {"connection shop", "connection crm", "rights, mode upsert"} <= told.keys()
    side = project.pair.destination
    side.execute(f"revoke update on items from {side.user}")
    found = alone(project)
    assert (found.passed, found.description) == (False, "failed: rights, mode upsert")
    line = lines(found.metadata["pgsync/lines"])["rights, mode upsert"]
    assert line["what to do"] == f'GRANT UPDATE ON "public"."items" TO "{side.user}";'
    side.grant_table("items", "update")
    evaluated = {one.check_name for one in project.run().get_asset_check_evaluations()}
    assert CONNECTION not in evaluated
    assert evaluated


def test_the_job_tests_each_connection_as_what_it_is_used_for(project: Project) -> None:
    project.syncs.table("id integer primary key")
    project.sync()
    job = project.definitions.resolve_job_def(TEST_CONNECTIONS)

    def ran(*names: str) -> dg.ExecuteInProcessResult:
        config = {"ops": {"try_connections": {"config": {"connections": list(names)}}}}
        return job.execute_in_process(
            run_config=config if names else None, instance=project.instance, raise_on_error=False
        )

    (output,) = (e for e in ran().all_node_events if e.is_successful_output)
    found = output.step_output_data.metadata
    assert {"planner schema", "tables to read"} <= lines(found["shop"]).keys()
    assert {"ledger schema", "tables to write"} <= lines(found["crm"]).keys()
    side = project.pair.destination
    side.execute(f"revoke create on schema pgsync_ledger from {side.user}")
    side.execute(f"alter schema pgsync_ledger owner to {side.cluster.superuser}")
    assert ran("shop").success
    (failed,) = (e for e in ran("crm").all_node_events if e.is_step_failure)
    data = failed.step_failure_data.user_failure_data
    assert data is not None
    assert data.description == "failed: crm: ledger schema"
    assert lines(data.metadata["crm"])["ledger schema"]["state"] == "failed"
    assert "there is no connection named shoq; there is" in str(ran("shoq").all_events)
