"""Alerts on real runs of real syncs: what each trigger tells, once, without values of rows."""

from __future__ import annotations

import base64
import threading
import time
import zlib
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from pgsync_assets.assets.alerts import sensor, usual
from pgsync_assets.assets.connection_tests import TEST_CONNECTIONS
from pgsync_assets.assets.on_demand import CONNECTION
from pgsync_assets.assets.step import Event, SyncStep
from pgsync_assets.assets.sync_decorator import sync_assets

from ...canaries import canary, look
from ...fix_recorders import HttpRecorder
from .conftest import SECRETS, Project

VALUE = "value-of-a-row-4711"
TABLE = dg.AssetKey(["crm", "public", "items"])


class Alerted:
    """A project with alerts: ticks of their sensor, and what arrives."""

    def __init__(self, project: Project, web: HttpRecorder) -> None:
        self.project, self._web = project, web
        self._cursor: str | None = None
        self.rules()

    def rules(self, *rules: dict[str, Any], **fields: Any) -> None:
        """Writes the component, with one rule for failed runs where there is none."""
        written = rules or ({"when": "run_failed"},)
        channel = {"url": self._web.url, "headers": {"Authorization": "$ALERTS_KEY"}}
        self.project.write(
            "alerts",
            "PgAlertsComponent",
            name="alerts",
            dagster_url="https://dagster.example.com/",
            channels={"ops": {"webhook": channel}},
            rules=[{"channels": ["ops"], **rule} for rule in written],
            **fields,
        )

    def tick(self) -> list[dict[str, Any]]:
        """One tick; the alerts that arrive."""
        definitions = self.project.definitions
        context = dg.build_sensor_context(
            instance=self.project.instance, cursor=self._cursor, definitions=definitions
        )
        with context:
            found = definitions.resolve_sensor_def("alerts").evaluate_tick(context)
        self.errors = [one.error.message for one in found.dagster_run_reactions or () if one.error]
        self._cursor = found.cursor
        cursor = zlib.decompress(base64.b64decode(found.cursor or "")).decode()
        assert VALUE not in cursor
        look("cursor", cursor)
        requests = self._web.taken()
        assert len(requests) <= 1
        assert VALUE not in str(requests)
        return [alert for request in requests for alert in request.json["alerts"]]


@pytest.fixture
def alerted(project: Project, web: HttpRecorder, monkeypatch: pytest.MonkeyPatch) -> Alerted:
    """Ten rows in the sync `items`, which has not run; a sensor that has begun."""
    monkeypatch.setattr(sensor, "SETTLED_S", 0.0)
    monkeypatch.setenv("ALERTS_KEY", canary())
    project.syncs.table("id bigint primary key, name text not null")
    project.pair.source.execute(
        f"insert into items select n, '{VALUE}' from generate_series(1, 10) as n"
    )
    project.sync()
    return Alerted(project, web)


def shown(alerts: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(alert["rule"], alert["state"], alert["subject"]) for alert in alerts]


def test_a_run_that_failed_is_told_once_until_it_is_well(alerted: Alerted) -> None:
    project = alerted.project
    project.run()
    assert alerted.tick() == []  # it begins here
    project.pair.destination.execute("alter table items rename to hidden")
    result = project.run()
    (alert,) = alerted.tick()
    assert shown([alert]) == [("run_failed", "new", "items")]
    assert "public.items" in alert["summary"]
    assert alert["facts"]["error"] == "DestinationError"
    assert alert["run_url"] == f"https://dagster.example.com/runs/{result.run_id}"
    assert alerted.tick() == []
    project.run()
    assert alerted.tick() == []
    project.pair.destination.execute("alter table hidden rename to items")
    project.run()
    (alert,) = alerted.tick()
    assert shown([alert]) == [("run_failed", "recovered", "items")]
    assert alert["times"] == 2
    assert alerted.tick() == []


def test_an_error_of_other_code_is_its_type_alone(alerted: Alerted) -> None:
    @sync_assets(alerted.project.syncs.config(name="mine", table="public.mine"))
    def mine(step: SyncStep) -> Iterator[Event]:
        yield from ()
        raise ValueError(f"cannot do {VALUE}")

    alerted.project.beside = [mine]
    alerted.tick()
    assert not alerted.project.run("crm/public/mine").success
    (alert,) = alerted.tick()
    assert shown([alert]) == [("run_failed", "new", "mine")]
    assert alert["summary"] == "ValueError in the step sync_mine; its page in Dagster says more"


def test_a_run_that_somebody_canceled_is_no_failure(alerted: Alerted) -> None:
    @sync_assets(alerted.project.syncs.config(name="mine", table="public.mine"))
    def mine(step: SyncStep) -> Iterator[Event]:
        yield from ()
        step.context.instance.report_run_canceling(step.context.run)
        raise KeyboardInterrupt

    alerted.project.beside = [mine]
    alerted.tick()
    alerted.project.run("crm/public/mine")
    (run,) = alerted.project.instance.get_runs()
    assert run.status is dg.DagsterRunStatus.CANCELED
    assert alerted.tick() == []


def test_refused_rows_are_counts_and_sqlstates(alerted: Alerted) -> None:
    alerted.rules(
        {"when": "rejected_rows"}, {"when": "rejected_rows", "name": "many", "over": "30%"}
    )
    alerted.tick()
    project = alerted.project
    project.pair.destination.execute("alter table items add constraint few check (id > 2)")
    assert project.run().success
    (alert,) = alerted.tick()
    assert shown([alert]) == [("rejected_rows", "new", "items")]
    assert alert["summary"] == "2 rows are refused; the others are in"
    facts = {"refused": 2, "parked": 0, "sent": 8, "rows at the destination": 8}
    assert alert["facts"] == {**facts, "SQLSTATE": "23514"}
    project.sync(retry_rejected=False)
    assert project.run().success  # parked rows are refused rows
    assert alerted.tick() == []
    project.pair.source.execute("delete from items where id <= 2")
    assert project.run().success
    assert shown(alerted.tick()) == [("rejected_rows", "recovered", "items")]
    project.pair.source.execute("insert into items select -n, 'x' from generate_series(1, 9) as n")
    assert project.run().success
    assert len(alerted.tick()) == 2


def test_a_guard_is_told_with_its_plan(alerted: Alerted) -> None:
    alerted.rules({"when": "guard", "severity": "critical"})
    project = alerted.project
    project.sync(delete="delete_row")
    project.run()
    alerted.tick()
    project.pair.source.execute("delete from items where id > 3")
    assert not project.run().success
    (alert,) = alerted.tick()
    assert shown([alert]) == [("guard", "new", "items")]
    assert "7 of 10 rows (70.0 %)" in alert["summary"]
    assert alert["severity"] == "critical"
    assert (alert["facts"]["plan"], alert["facts"]["planned removed"]) == ("2", 7)
    assert "apply 2" in alert["remedy"]
    assert project.run(run_config={"ops": {"sync_items": {"config": {"apply_plan": 2}}}}).success
    assert shown(alerted.tick()) == [("guard", "recovered", "items")]


def test_rows_off_from_the_usual(alerted: Alerted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual, "ENOUGH", 3)
    alerted.rules({"when": "unusual_volume", "min_rows": 20})
    project = alerted.project
    source = project.pair.source
    alerted.tick()
    source.execute(f"insert into items select n, '{VALUE}' from generate_series(11, 200) as n")
    assert project.run().success  # the first sync: 200 rows
    for n in range(4):
        source.execute(f"update items set name = 'n{n}' where id <= 4")
        assert project.run().success
    assert alerted.tick() == []
    config = {"ops": {"sync_items": {"config": {"full_resync": True}}}}
    assert project.run(run_config=config).success
    assert alerted.tick() == []
    source.execute("update items set name = 'all'")
    assert project.run().success
    (alert,) = alerted.tick()
    assert shown([alert]) == [("unusual_volume", "new", "items")]
    assert alert["summary"] == "sent 200 rows; usual are 4"
    assert alert["facts"] == {"added": 0, "changed": 200, "removed": 0, "runs compared": 5}
    source.execute("update items set name = 'few' where id <= 5")
    assert project.run().success
    assert shown(alerted.tick()) == [("unusual_volume", "recovered", "items")]


def test_a_slow_run_is_told_while_it_is_running(alerted: Alerted) -> None:
    alerted.rules({"when": "slow_run", "longer_than": "3 seconds"})
    project = alerted.project
    project.sync(hooks={"before": ["select pg_advisory_xact_lock(4711)"]})
    alerted.tick()
    run = threading.Thread(target=project.run)
    with project.pair.destination.connect() as session:
        session.execute("select pg_advisory_lock(4711)")  # the run waits for us
        run.start()
        deadline = time.monotonic() + 30
        alerts: list[dict[str, Any]] = []
        while not alerts and time.monotonic() < deadline:
            time.sleep(0.2)
            alerts = alerted.tick()
    run.join()
    assert shown(alerts) == [("slow_run", "new", "items")]
    assert alerts[0]["summary"].startswith("has been running for ")
    assert alerted.tick() == []  # the same run has ended, and was slow
    project.run()  # nothing to write: no hook
    assert shown(alerted.tick()) == [("slow_run", "recovered", "items")]


def test_a_sync_that_did_not_run(alerted: Alerted, monkeypatch: pytest.MonkeyPatch) -> None:
    alerted.rules({"when": "did_not_run"})
    project = alerted.project
    project.sync(freshness={"within": "1 hour"})
    real, hours = time.time, [0.0]
    monkeypatch.setattr("time.time", lambda: real() + hours[0] * 3600)
    alerted.tick()
    assert alerted.tick() == []  # never ran: expected from now on
    hours[0] = 1.1
    (alert,) = alerted.tick()
    assert alert["summary"] == "never ran; it should run every 1 hour"
    hours[0] = 0
    assert project.run().success
    assert shown(alerted.tick()) == [("did_not_run", "recovered", "items")]
    hours[0] = 2.2
    (alert,) = alerted.tick()
    assert shown([alert]) == [("did_not_run", "new", "items")]
    assert alert["summary"].startswith("last ran well at ")
    assert alerted.tick() == []


def test_a_connection_test_that_failed(alerted: Alerted, monkeypatch: pytest.MonkeyPatch) -> None:
    alerted.rules({"when": "connection_failed", "syncs": ["items"]})
    project = alerted.project
    alerted.tick()
    right = project.pair.destination.password
    for password, state in (("wrong", "new"), (right, "recovered")):
        monkeypatch.setenv(SECRETS["crm"], password)
        project.definitions.resolve_job_def(TEST_CONNECTIONS).execute_in_process(
            instance=project.instance, raise_on_error=False
        )
        job = project.definitions.resolve_implicit_global_asset_job_def()
        check = {dg.AssetCheckKey(TABLE, CONNECTION)}
        alone = job.get_subset(asset_selection=set(), asset_check_selection=check)
        alone.execute_in_process(instance=project.instance, raise_on_error=False)
        alerts = alerted.tick()
        rule = "connection_failed"
        expected = [(rule, state, "connection crm"), (rule, state, "connections of items")]
        assert sorted(shown(alerts)) == expected
    assert alerts[0]["summary"] == "all is well again"


def test_a_range_of_partitions_stops_at_one(alerted: Alerted) -> None:
    project = alerted.project
    ranges = {"column": "id", "ranges": {"a_low": 4, "b_mid": 7, "c_high": None}}
    project.sync(partitions=ranges)
    alerted.tick()
    project.pair.destination.execute(
        "create function stop() returns trigger language plpgsql as "
        "$$ begin if new.id between 4 and 6 then raise exception using errcode = 'XX001'; end if; "
        "return new; end $$",
        "create trigger stop before insert on items for each row execute function stop()",
    )
    start, end = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
    assert not project.run(tags={start: "a_low", end: "c_high"}).success
    (alert,) = alerted.tick()
    assert shown([alert]) == [("run_failed", "new", "items [b_mid]")]
    project.pair.destination.execute("drop trigger stop on items")
    assert project.run(partition="b_mid").success
    assert shown(alerted.tick()) == [("run_failed", "recovered", "items [b_mid]")]


def test_a_channel_that_is_down_is_an_error_of_the_tick_and_loses_nothing(
    alerted: Alerted, web: HttpRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = alerted.project
    alerted.tick()
    project.pair.destination.execute("alter table items rename to hidden")
    project.run()
    web.status = 503
    alerted.tick()
    assert alerted.errors == [
        "alerts were not delivered\nchannel 'ops': HTTP 503; tried 1 times, again in 30 s"
    ]
    web.status = 200
    assert (alerted.tick(), alerted.errors) == ([], [])  # not yet
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() + 31)
    assert shown(alerted.tick()) == [("run_failed", "new", "items")]
    assert (alerted.tick(), alerted.errors) == ([], [])


def test_the_job_tells_whether_each_channel_works(alerted: Alerted, web: HttpRecorder) -> None:
    job = alerted.project.definitions.resolve_job_def("test_alerts")
    assert job.execute_in_process(instance=alerted.project.instance).success
    (request,) = web.taken()
    assert request.json["alerts"][0]["state"] == "test"
    web.status = 404
    result = job.execute_in_process(instance=alerted.project.instance, raise_on_error=False)
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    assert told.description == "channel 'ops': HTTP 404"
