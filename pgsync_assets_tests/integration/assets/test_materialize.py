"""One click on the destination table: rows travel, and everything that the run says about them."""

from __future__ import annotations

import threading
import time

import dagster as dg
import pytest
import yaml

from pgsync_assets.assets.checks import CHECKS_OF_A_RUN
from pgsync_assets.assets.listener import Listener, listening
from pgsync_assets.outcome import Outcome, Progress

from .conftest import Project

TABLE = "id bigint primary key, name text not null check (name <> 'bad'), price numeric(10, 2)"
WRITTEN = ("crm/public/items", "hightouch_planner/items", "hightouch_audit/items")
AUDIT_TABLES = tuple(f"hightouch_audit/sync_{name}" for name in ("runs", "changelog", "snapshot"))


@pytest.fixture
def items(project: Project) -> Project:
    """A sync of 100 rows."""
    project.syncs.table(TABLE)
    project.pair.source.execute(
        "insert into items select n, 'item ' || n, n * 1.5 from generate_series(1, 100) as n"
    )
    project.sync(delete="delete_row")
    return project


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {found.check_name: found.passed for found in result.get_asset_check_evaluations()}


def test_rows_travel_and_all_three_assets_are_materialised(items: Project) -> None:
    result = items.run()
    assert result.success
    assert items.syncs.same()
    assert [len(items.materializations(key)) for key in WRITTEN] == [1, 1, 1]
    assert checks(result) == dict.fromkeys(CHECKS_OF_A_RUN, True)


@pytest.mark.parametrize("selected", [WRITTEN, WRITTEN[1:2], WRITTEN[1:]])
def test_any_selection_updates_each_asset_once(items: Project, selected: tuple[str, ...]) -> None:
    assert items.run(*selected).success
    assert items.syncs.same()
    assert [len(items.materializations(key)) for key in WRITTEN] == [1, 1, 1]
    assert [len(items.materializations(key)) for key in AUDIT_TABLES] == [1, 1, 1]


def test_numbers_that_plot(items: Project) -> None:
    items.run()
    items.pair.source.execute(
        "update items set price = 0 where id <= 3",
        "delete from items where id = 4",
        "insert into items values (1000, 'new', 1)",
    )
    items.run()
    found = items.metadata()
    names = ("rows_added", "rows_changed", "rows_removed", "rows_rejected")
    assert [found[f"pgsync/{name}"] for name in names] == [1, 3, 1, 0]
    assert found["dagster/row_count"] == 100
    assert found["pgsync/bytes"] > 0
    assert isinstance(found["pgsync/rows_per_second"], float)
    assert found["pgsync/seconds_total"] > 0
    columns = {c.name: c.type for c in found["dagster/column_schema"].columns}
    assert columns == {"id": "bigint", "name": "text", "price": "numeric(10,2)"}
    lineage = found["dagster/column_lineage"].deps_by_column
    assert lineage["price"][0].asset_key == dg.AssetKey(["models", "items"])


def test_values_come_from_the_columns_that_they_name(items: Project) -> None:
    items.pair.destination.execute("alter table items add doc jsonb, add origin text")
    values = {
        "doc": {"jsonb": {"a": ["price"], "b": "name"}},
        "origin": {"value": "shop"},
        "name": {"sql": "upper(name)"},
    }
    items.sync(values=values)
    assert items.run().success
    lineage = items.metadata()["dagster/column_lineage"].deps_by_column
    found = {to: [one.column_name for one in origins] for to, origins in lineage.items()}
    named = {"doc": ["name", "price"], "name": ["name"]}
    assert found == {"id": ["id"], "price": ["price"], **named}


def test_refused_rows_warn_and_show_their_key_and_no_value(items: Project) -> None:
    items.pair.source.execute("alter table items drop constraint items_name_check")
    items.pair.source.execute("insert into items values (666, 'bad', 4711.12)")
    result = items.run()
    assert result.success
    assert checks(result) == dict.fromkeys(CHECKS_OF_A_RUN, True) | {"no_rejected_rows": False}
    (row,) = items.metadata()["pgsync/rejected_rows"].records
    assert (row.data["row_id"], row.data["sqlstate"]) == ("666", "23514")
    told = "\n".join(str(event) for event in result.all_events)
    assert "4711.12" not in told


def test_the_model_is_described_and_moves_no_row(items: Project) -> None:
    items.pair.source.execute("alter table items drop constraint items_pkey")
    items.pair.source.execute("alter table items alter id drop not null")
    items.pair.source.execute("insert into items values (null, 'a', 1), (7, 'twin', 1)")
    assert items.run("models/items").success
    found = items.metadata("models/items")
    assert found["dagster/row_count"] == 102
    assert (found["pgsync/rows_key_missing"], found["pgsync/rows_key_repeated"]) == (1, 2)
    keys = [record.data for record in found["pgsync/invalid_keys"].records]
    assert sorted(keys, key=str) == [{"id": "7", "rows": 2}, {"id": "NULL", "rows": 1}]
    assert found["pgsync/key_is_proven"] is False
    lineage = found["dagster/column_lineage"].deps_by_column
    assert lineage["name"][0].asset_key == dg.AssetKey(["shop", "public", "items"])
    assert items.pair.destination.rows("select count(*) from items") == [(0,)]


def test_a_model_without_invalid_keys_shows_none_and_one_with_many_shows_twenty(
    items: Project,
) -> None:
    items.run("models/items")
    assert "pgsync/invalid_keys" not in items.metadata("models/items")
    items.pair.source.execute("alter table items drop constraint items_pkey")
    items.pair.source.execute("insert into items select * from items")
    items.run("models/items")
    found = items.metadata("models/items")
    assert found["pgsync/rows_key_repeated"] == 200
    assert len(found["pgsync/invalid_keys"].records) == 20


def test_a_run_shows_the_keys_that_it_refused(items: Project) -> None:
    items.pair.source.execute("alter table items drop constraint items_pkey")
    items.pair.source.execute("insert into items values (7, 'twin', 1)")
    items.run()
    found = items.metadata("hightouch_audit/items")
    assert (found["pgsync/rows_key_missing"], found["pgsync/rows_key_repeated"]) == (0, 2)
    (record,) = found["pgsync/invalid_keys"].records
    assert record.data == {"id": "7", "rows": 2}


def test_a_failed_sync_says_what_to_do_and_claims_nothing(items: Project) -> None:
    items.pair.destination.execute("drop table items")
    result = items.run()
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    assert told.description is not None
    assert "public.items" in told.description
    assert result.filter_events(lambda event: event.event_type_value == "STEP_UP_FOR_RETRY") == []
    assert [items.materializations(key) for key in (*WRITTEN, *AUDIT_TABLES)] == [[]] * 6


def test_a_wrong_password_is_told_and_not_tried_again(
    items: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSYNC_TEST_CRM_PASSWORD", "wrong-4711")
    result = items.run()
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    told = "\n".join(str(event) for event in result.all_events)
    assert "password authentication failed" in str(failed.step_failure_data)
    assert "STEP_UP_FOR_RETRY" not in {event.event_type_value for event in result.all_events}
    assert "wrong-4711" not in told


def test_a_variable_that_is_not_set_is_named(
    items: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSYNC_TEST_CRM_PASSWORD")
    result = items.run()  # loading the definitions needs no variable
    assert not result.success
    assert 'the environment variable "PGSYNC_TEST_CRM_PASSWORD" which is not set' in str(
        result.all_events
    )


def beside_another(items: Project) -> tuple[dg.ExecuteInProcessResult, list[Outcome]]:
    """A run of the sync while another one is planning; and what that one did in the end."""
    reached, go_on = threading.Event(), threading.Event()
    outcomes: list[Outcome] = []

    def hold(progress: Progress) -> None:
        if progress.step == "plan":
            reached.set()
            go_on.wait(30)

    def first() -> None:
        listener = Listener(on_progress=hold, on_outcome=outcomes.append)
        with dg.DagsterInstance.ephemeral() as instance, listening(listener):
            job = items.definitions.resolve_implicit_global_asset_job_def()
            job.execute_in_process(
                instance=instance, asset_selection=[dg.AssetKey(["crm", "public", "items"])]
            )

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert reached.wait(30)
        second = items.run()
    finally:
        go_on.set()
        thread.join(60)
    return second, outcomes


def test_a_run_beside_another_one_does_nothing_and_claims_nothing(items: Project) -> None:
    began = time.time()
    second, outcomes = beside_another(items)
    assert second.success
    assert [items.materializations(key) for key in WRITTEN] == [[], [], []]
    assert checks(second) == {}
    assert [outcome.succeeded.added for outcome in outcomes] == [100]
    assert items.syncs.same()
    run = items.instance.get_run_by_id(second.run_id)
    assert run is not None
    assert run.tags["pgsync/already_running"] == "items"
    told = items.observed()
    assert told["pgsync/running_by"] == f"Dagster run {told['pgsync/running_in']}"
    assert told["pgsync/running_in"] != second.run_id
    assert began - 5 < told["pgsync/running_since"] < time.time() + 5
    logged = str([one.user_message for one in items.instance.all_logs(second.run_id)])
    assert f"nothing was touched (by {told['pgsync/running_by']}, since " in logged


def test_full_resync_from_the_launchpad(items: Project) -> None:
    items.run()
    items.pair.destination.execute("update items set name = 'somebody else'")
    assert items.run().success
    assert not items.syncs.same()
    config = {"ops": {"sync_items": {"config": {"full_resync": True}}}}
    assert items.run(run_config=config).success
    assert items.syncs.same()


def test_a_part_of_the_changes_from_the_launchpad(items: Project) -> None:
    def run(**fields: object) -> dg.ExecuteInProcessResult:
        return items.run(run_config={"ops": {"sync_items": {"config": fields}}})

    assert run(row_limit=30).success
    assert (items.metadata()["pgsync/rows_added"], items.metadata()["pgsync/rows_left"]) == (30, 70)
    assert run(only_rejected=True).success
    assert (items.metadata()["pgsync/rows_added"], items.metadata()["pgsync/rows_left"]) == (0, 70)
    assert not run(only_rejected=True, dry_run=True).success
    assert not run(row_limit=0).success
    assert run(row_limit=1000).success
    assert items.metadata()["pgsync/rows_left"] == 0
    assert items.syncs.same()


def test_a_lost_server_is_tried_again(items: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgsync_assets.assets.failures.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    lost: list[int] = []

    def lose(progress: Progress) -> None:
        if progress.step == "plan" and not lost:
            lost.append(1)
            with items.pair.source.connect() as connection:
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )

    with listening(Listener(on_progress=lose)):
        result = items.run()
    assert result.success
    retries = result.filter_events(lambda event: event.event_type_value == "STEP_UP_FOR_RETRY")
    assert (len(lost), len(retries)) == (1, 1)
    assert items.syncs.same()
    assert [len(items.materializations(key)) for key in WRITTEN] == [1, 1, 1]


def test_progress_is_told_while_the_run_goes_on(
    items: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsync_assets.assets.progress.INTERVAL_S", 0.0)
    assert items.run().success
    key = dg.AssetKey(["crm", "public", "items"])
    records = items.instance.fetch_observations(key, limit=100).records
    found = [record.asset_observation for record in reversed(records)]
    told = [observation.metadata for observation in found if observation is not None]
    assert {"plan", "write"} <= {metadata["pgsync/step"].value for metadata in told}
    written = [m for m in told if m["pgsync/step"].value == "write"]
    assert [m["pgsync/rows_done"].value for m in written] == [0, 100]
    assert {m["pgsync/rows_total"].value for m in written} == {100}
    assert written[-1]["pgsync/seconds_left"].value == 0.0
    assert isinstance(written[-1]["pgsync/rows_per_second"].value, float)


def test_a_plan_that_takes_long_is_told_of_meanwhile(
    items: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsync_assets.assets.progress.INTERVAL_S", 0.2)
    monkeypatch.setattr("pgsync_assets.steps.progress.PULSE_S", 0.2)
    slow = "select id, name, price from items cross join (select pg_sleep(1.5)) as slow"
    items.sync(model={"sql": slow, "key": ["id"]})
    result = items.run()
    assert result.success
    lines = [one.user_message for one in items.instance.all_logs(result.run_id)]
    assert len([line for line in lines if line.startswith("items: planning, ")]) >= 3


def test_progress_is_told_rarely(items: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgsync_assets.assets.progress.INTERVAL_S", 3600.0)
    assert items.run().success
    key = dg.AssetKey(["crm", "public", "items"])
    assert list(items.instance.fetch_observations(key, limit=100).records) == []


def test_a_connection_that_is_weaker_than_verify_full_is_in_the_log(items: Project) -> None:
    written = yaml.safe_load((items.folder / "connections" / "defs.yaml").read_text())
    connections = written["attributes"]["connections"]
    connections["crm"] |= {"host": "127.1", "sslmode": "prefer"}  # not loopback, by its name
    items.write("connections", "PgConnectionsComponent", connections=connections)
    result = items.run()
    assert result.success
    logged = [one.user_message for one in items.instance.all_logs(result.run_id) if one.level == 30]
    (warning,) = (text for text in logged if "weaker than verify-full" in text)
    assert warning.startswith("connection 'crm' (127.1:")
    assert items.metadata()["pgsync/notes"] == warning
