"""Sequences as Dagster's daemon drives them: real runs of real syncs, one look after the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterRun, DagsterRunStatus
from dagster._core.workspace.context import WorkspaceProcessContext

from pgsync_assets.assets.defs_folder import DEFS_VARIABLE

from .conftest import Project
from .daemons import AT_ONCE, daemon, look

pytestmark = [
    # Dagster's own use of its older parts, and runs inside the loop that launches them
    pytest.mark.filterwarnings("ignore:Property `ScheduleDefinition.environment_vars`"),
    pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources` is deprecated"),
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated"),
    pytest.mark.filterwarnings("ignore:(?s).*shutdown_asyncgens"),
]

SYNCS = ("a", "b", "c", "d")
STEPS = ["a", {"syncs": ["b", "c"], "on_error": "continue"}, "d"]
STATE = "pgsync/sequence_state"


@dataclass
class Rounds:
    """A project with a sequence, and the daemon that drives it."""

    project: Project
    context: WorkspaceProcessContext

    @property
    def instance(self) -> dg.DagsterInstance:
        return self.project.instance

    def start(self, **config: Any) -> dg.ExecuteInProcessResult:
        """Starts a round, as by hand."""
        job = self.project.definitions.resolve_job_def("sequence_nightly")
        ops = {"ops": {"start_nightly": {"config": config}}}
        return job.execute_in_process(ops, instance=self.instance, raise_on_error=False)

    def look(self, dies_at: str | None = None) -> None:
        """One look of the daemon; or as much of it as it does before it dies."""
        with pytest.raises(KeyboardInterrupt) if dies_at else nullcontext():
            look(self.context, dies_at)

    def run(self, **config: Any) -> str:
        """A round from its start to its end: how it ended."""
        start = self.start(**config).run_id
        for _ in range(10):
            self.look()
            if self.tags(start)["pgsync/sequence_end"] != "open":
                return self.tags(start)[STATE]
        raise AssertionError(self.tags(start))

    def tags(self, run_id: str) -> dict[str, str]:
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return dict(run.tags)

    def runs(self, start: str) -> list[DagsterRun]:
        """Runs of a round, in their order."""
        filters = dg.RunsFilter(tags={"pgsync/sequence_run": start})
        return list(reversed(self.instance.get_runs(filters)))

    def synced(self, start: str) -> list[str]:
        return [run.tags["pgsync/sync"] for run in self.runs(start)]

    def latest(self) -> str:
        """The run that started the latest round."""
        return self.instance.get_runs(dg.RunsFilter(job_name="sequence_nightly"), limit=1)[0].run_id

    def skipped(self) -> str:
        """Why the last look requested nothing."""
        (state,) = (
            state
            for state in self.instance.all_instigator_state()
            if state.instigator_name == "sequences"
        )
        (tick,) = self.instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        return tick.skip_reason or ""

    def check(self) -> tuple[bool, str | None]:
        """What the check said last."""
        key = dg.AssetCheckKey(dg.AssetKey(["sequences", "nightly"]), "every_sync_succeeded")
        (record,) = self.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
        assert record.event is not None
        assert record.event.dagster_event is not None
        said = record.event.dagster_event.asset_check_evaluation_data
        return said.passed, said.description


@pytest.fixture
def rounds(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    """Four syncs, of which `d` is partitioned, in a sequence of three steps."""
    monkeypatch.setenv(DEFS_VARIABLE, str(project.folder))
    for name in SYNCS:
        project.syncs.table("id bigint primary key", name)
        project.pair.source.execute(f"insert into {name} values (1), (2)")
    written = [
        {
            "name": name,
            "source": "shop",
            "model": {"table": f"public.{name}", "key": ["id"]},
            "destination": "crm",
            "table": f"public.{name}",
            **({"partitions": {"hash": 2}} if name == "d" else {}),
        }
        for name in SYNCS
    ]
    project.write("syncs", "PgSyncComponent", syncs=written)
    schedule = {"cron": "0 2 * * *", "time_zone": "Europe/Berlin"}
    project.write("nightly", "PgSequenceComponent", name="nightly", steps=STEPS, schedule=schedule)
    with (
        dg.instance_for_test(overrides=AT_ONCE) as instance,
        daemon(instance, tmp_path) as context,
    ):
        project.instance = instance
        yield Rounds(project, context)


def scheduled(rounds: Rounds) -> dg.ScheduleExecutionData:
    schedule = rounds.project.definitions.resolve_schedule_def("sequence_nightly")
    two = dt.datetime(2026, 11, 2, 1, tzinfo=dt.timezone.utc)
    with dg.build_schedule_context(rounds.instance, scheduled_execution_time=two) as context:
        return schedule.evaluate_tick(context)


def test_a_round_from_its_start_to_its_end(rounds: Rounds) -> None:
    rounds.look()
    assert rounds.skipped() == "no sequence is under way"
    assert len(scheduled(rounds).run_requests or []) == 1
    start = rounds.start().run_id
    again = rounds.start()
    assert not again.success
    assert start in str(again.all_events)
    assert "is under way already (starts)" in (scheduled(rounds).skip_message or "")
    rounds.look()
    assert rounds.synced(start) == ["a"]
    assert rounds.tags(start)[STATE] == "step 1 of 3: a"
    rounds.look()
    assert rounds.synced(start) == ["a", "b", "c"]
    rounds.look()
    assert rounds.synced(start) == ["a", "b", "c", "d"]
    assert rounds.tags(start)[STATE] == "step 3 of 3: d"
    rounds.look()
    assert rounds.tags(start)[STATE] == "ended: every sync succeeded"
    assert rounds.check() == (True, "ended: every sync succeeded")
    assert all(rounds.project.syncs.same(name) for name in SYNCS)
    (shown,) = rounds.project.materializations("sequences/nightly")
    table = shown.metadata["pgsync/syncs"].value
    assert isinstance(table, dg.TableMetadataValue)
    assert [(row.data["step"], row.data["sync"]) for row in table.records] == [
        (1, "a"),
        (2, "b"),
        (2, "c"),
        (3, "d"),
    ]
    assert {row.data["status"] for row in table.records} == {"succeeded"}
    assert {run.status for run in rounds.runs(start)} == {DagsterRunStatus.SUCCESS}
    assert len(scheduled(rounds).run_requests or []) == 1


def test_a_failure_is_what_its_step_says(rounds: Rounds) -> None:
    rounds.project.pair.destination.execute("drop table c")
    assert rounds.run() == "ended: c failed"
    assert rounds.synced(rounds.latest()) == ["a", "b", "c", "d"]
    assert rounds.check() == (False, "ended: c failed")
    rounds.project.pair.destination.execute("drop table a")
    assert rounds.run() == "stopped at step 1 of 3: a failed"
    assert rounds.synced(rounds.latest()) == ["a"]
    assert rounds.check() == (False, "stopped at step 1 of 3: a failed")
    assert len(rounds.project.materializations("sequences/nightly")) == 1
    assert rounds.run(from_step=3) == "ended: every sync succeeded"
    assert rounds.synced(rounds.latest()) == ["d"]
    assert not rounds.start(from_step=4).success
    key = dg.AssetCheckKey(dg.AssetKey(["sequences", "nightly"]), "every_sync_succeeded")
    job = rounds.project.definitions.resolve_implicit_global_asset_job_def()
    alone = job.get_subset(asset_selection=set(), asset_check_selection={key})
    (check,) = alone.execute_in_process(instance=rounds.instance).get_asset_check_evaluations()
    assert (check.passed, check.description) == (True, "ended: every sync succeeded")


def test_a_daemon_that_dies_leaves_no_sync_out_and_runs_none_twice(rounds: Rounds) -> None:
    start = rounds.start().run_id
    rounds.look("RUN_IDS_RESERVED")
    assert rounds.synced(start) == []
    rounds.look()
    assert rounds.synced(start) == ["a"]
    rounds.look("RUN_CREATED")
    made = [(run.tags["pgsync/sync"], run.status) for run in rounds.runs(start)]
    assert made[1:] == [("b", DagsterRunStatus.NOT_STARTED)]
    rounds.look()
    assert rounds.synced(start) == ["a", "b", "c"]
    rounds.look("RUN_LAUNCHED")
    rounds.look()
    rounds.look()
    assert rounds.tags(start)[STATE] == "ended: every sync succeeded"
    assert rounds.synced(start) == ["a", "b", "c", "d"]


def test_what_others_do_meanwhile(rounds: Rounds) -> None:
    """A run of somebody else is waited for; canceled and deleted ones count as failed."""
    job = rounds.project.definitions.resolve_implicit_global_asset_job_def()
    other = rounds.instance.create_run_for_job(
        job, asset_selection={dg.AssetKey(["crm", "public", "a"])}
    )
    start = rounds.start().run_id
    rounds.look()
    assert rounds.skipped() == "nightly: step 1 of 3: a; waits for another run of a"
    rounds.instance.report_run_canceled(other)
    rounds.look()
    rounds.look()
    b, c = rounds.runs(start)[1:]
    rounds.instance.delete_run(b.run_id)
    rounds.instance.add_run_tags(c.run_id, {"pgsync/already_running": "c"})
    rounds.look()
    rounds.look()
    state = "ended: b has lost its run, c was running already"
    assert rounds.tags(start)[STATE] == state
    assert rounds.synced(start) == ["a", "c", "d"]
