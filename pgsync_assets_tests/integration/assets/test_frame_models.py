"""DataFrames and files as models: loaded once in a run, and never an older load sent silently."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from pgsync_assets import (
    ModelConfig,
    PostgresConnection,
    PostgresWriter,
    SyncConfig,
    SyncStep,
    build_sync_definitions,
    sync_assets,
)
from pgsync_assets.assets.on_demand import CONNECTION, DESTINATION_IN_STEP

from ...fix_databases import Side
from ...fix_syncs import connection_of
from .conftest import Project

SCORES = "analytics/scores"
TABLE = "crm/public/items"
MODEL = "models/scores"
PLATFORM = {
    "PGSYNC_PLATFORM_HOST": "host",
    "PGSYNC_PLATFORM_PORT": "port",
    "PGSYNC_PLATFORM_DB": "database",
    "PGSYNC_PLATFORM_USER": "user",
    "PGSYNC_PLATFORM_PASSWORD": "password",
}


class Scores:
    """An upstream asset: what it returns, and how often it was asked."""

    def __init__(self) -> None:
        self.value: Any = pd.DataFrame({"id": [1, 2, 3], "score": [0.5, 1.5, None]})
        self.made = 0

    def asset(self, **more: Any) -> dg.AssetsDefinition:
        """The asset; it is asked anew each time."""

        def scores() -> Any:
            self.made += 1
            return self.value

        made: dg.AssetsDefinition = dg.asset(key=dg.AssetKey(SCORES.split("/")), **more)(scores)
        return made


@pytest.fixture
def frames(project: Project, platform_side: Side, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a platform that the environment names."""
    for name, attribute in PLATFORM.items():
        monkeypatch.setenv(name, str(getattr(platform_side, attribute)))
    there = project.pair.destination
    monkeypatch.setenv("TEST_PASSWORD", there.password)
    there.execute("create table items (id bigint primary key, score float8)")
    there.grant_table("items", "select", "insert", "update", "delete")
    return project


@pytest.fixture
def scores(frames: Project) -> Scores:
    """An asset with three rows, its model, and a sync of it."""
    made = Scores()
    frames.beside = [made.asset()]
    write(frames, {"asset": SCORES, "key": ["id"]})
    return made


class Memory(dg.IOManager):
    """Keeps one value, of one asset."""

    value: Any = None

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Takes it."""
        self.value = obj

    def load_input(self, context: dg.InputContext) -> Any:
        """Gives it back."""
        assert context.asset_key.path == SCORES.split("/")
        return self.value


def write(project: Project, model: dict[str, Any], **sync: Any) -> None:
    """One model, and one sync of it."""
    fields = {"name": "items", "model": "scores", "destination": "crm", "table": "public.items"}
    project.write("items", "PgSyncComponent", models={"scores": model}, syncs=[fields | sync])


def loads(side: Side) -> list[tuple[Any, ...]]:
    return side.rows("select model, row_count from hightouch_planner.frames order by number")


def observations(project: Project) -> list[Any]:
    """Loads that were made for the model by other steps than its own, by number."""
    records = project.instance.fetch_observations(dg.AssetKey(MODEL.split("/")), limit=9).records
    found = [record.asset_observation for record in records]
    return [one.metadata["pgsync/load"].value for one in found if one is not None]


def sent(project: Project) -> list[tuple[Any, ...]]:
    return project.pair.destination.rows("select * from items order by id")


def why(result: dg.ExecuteInProcessResult) -> str:
    """What the failed step says."""
    (event,) = result.filter_events(lambda e: e.is_step_failure)
    told = event.step_failure_data.user_failure_data
    assert told is not None, event.step_failure_data.error
    return str(told.description)


def test_upstream_model_and_table_in_one_run_are_loaded_once(
    frames: Project, scores: Scores, platform_side: Side
) -> None:
    result = frames.run(SCORES, MODEL, TABLE)
    assert result.success
    assert sent(frames) == [(1, 0.5), (2, 1.5), (3, None)]
    assert loads(platform_side) == [("scores", 3)]
    model, table = frames.metadata(MODEL), frames.metadata(TABLE)
    assert model["pgsync/load"] == table["pgsync/load"] == "1"
    assert model["pgsync/loaded_into"] == "hightouch_planner.frame_1"
    assert table["pgsync/loaded_at"] == model["pgsync/loaded_at"]
    assert (model["dagster/row_count"], model["pgsync/loaded_rows"]) == (3, 3)
    assert "pgsync/sql" not in model
    assert observations(frames) == []
    columns = {c.name: c.type for c in model["dagster/column_schema"].columns}
    assert columns == {"id": "bigint", "score": "double precision"}
    assert model["dagster/column_lineage"].deps_by_column["score"][0].asset_key.path == [
        "analytics",
        "scores",
    ]


def test_the_destination_alone_takes_the_current_value(
    frames: Project, scores: Scores, platform_side: Side
) -> None:
    assert frames.run(SCORES, MODEL, TABLE).success
    scores.value = pd.DataFrame({"id": [1, 4], "score": [0.75, 4.0]})
    assert frames.run(SCORES).success
    assert frames.run(TABLE).success
    assert sent(frames) == [(1, 0.75), (2, 1.5), (3, None), (4, 4.0)]
    assert loads(platform_side) == [("scores", 3), ("scores", 2)]
    assert frames.metadata(TABLE)["pgsync/load"] == "2"
    assert scores.made == 2
    assert observations(frames) == ["2"]


FUNCTION = """
import pandas as pd
calls = []
def scores():
    calls.append(1)
    return pd.DataFrame({"id": [1, 2, 30], "score": [0.5, len(calls), None]})
"""


@pytest.fixture
def function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A module with a function that counts its calls."""
    (tmp_path / "frames_of_a_test.py").write_text(FUNCTION)
    monkeypatch.syspath_prepend(tmp_path)
    import frames_of_a_test  # type: ignore[import-not-found]

    yield frames_of_a_test.calls
    del sys.modules["frames_of_a_test"]


RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
PYTHON = {"python": "frames_of_a_test:scores", "key": ["id"]}


def test_all_partitions_of_a_run_send_one_load(
    frames: Project, function: list[int], platform_side: Side
) -> None:
    write(frames, PYTHON, partitions={"column": "id", "ranges": [10, 20]})
    parts = ["..10", "10..20", "20.."]
    assert frames.run(tags=dict(zip(RANGE, parts[::2], strict=True))).success
    assert (len(function), loads(platform_side)) == (1, [("scores", 3)])
    assert sent(frames) == [(1, 0.5), (2, 1), (30, None)]
    told = frames.materializations(TABLE)
    assert [event.partition for event in told] == parts
    assert {event.metadata["pgsync/load"].value for event in told} == {"1"}
    assert frames.run(partition=parts[0]).success  # another run, with rows of its own
    assert (len(function), sent(frames)[1]) == (2, (2, 2))


def test_a_plan_is_made_of_fresh_rows_and_written_as_it_is(
    frames: Project, function: list[int], platform_side: Side
) -> None:
    write(frames, PYTHON)

    def configured(**config: Any) -> dg.ExecuteInProcessResult:
        return frames.run(run_config={"ops": {"sync_items": {"config": config}}})

    assert configured(dry_run=True).success
    assert (len(function), sent(frames)) == (1, [])
    assert configured(operation="RESET").success  # and nobody needs rows for that
    assert configured(dry_run=True).success
    assert len(function) == 2
    observed = frames.instance.fetch_observations(dg.AssetKey.from_user_string(TABLE), limit=1)
    (event,) = [record.asset_observation for record in observed.records]
    assert event is not None
    assert event.metadata["pgsync/load"].value == "2"
    number = event.metadata["pgsync/plan_id"].value
    assert configured(apply_plan=int(str(number))).success
    assert (len(function), sent(frames)[1]) == (2, (2, 2))
    assert configured(operation="ADOPT").success
    assert len(function) == 3


def alone(project: Project, name: str) -> dg.ExecuteInProcessResult:
    """Executes one check, as its button in the UI does."""
    check = dg.AssetCheckKey(dg.AssetKey.from_user_string(TABLE), name)
    job = project.definitions.resolve_implicit_global_asset_job_def()
    subset = job.get_subset(asset_selection=set(), asset_check_selection={check})
    return subset.execute_in_process(instance=project.instance, raise_on_error=False)


def test_checks_look_at_the_newest_load(
    frames: Project, scores: Scores, platform_side: Side
) -> None:
    (found,) = alone(frames, CONNECTION).get_asset_check_evaluations()
    assert (found.passed, found.description) == (False, "failed: model scores")
    assert "never loaded" in why(alone(frames, DESTINATION_IN_STEP))
    assert frames.run(SCORES, MODEL, TABLE).success
    for name in (CONNECTION, DESTINATION_IN_STEP):
        (found,) = alone(frames, name).get_asset_check_evaluations()
        assert found.passed, found
    assert len(loads(platform_side)) == 1
    scores.value = pd.DataFrame({"id": [1, 2, 3], "score": [9.0, 1.5, None]})
    assert frames.run(SCORES, MODEL).success
    (found,) = alone(frames, DESTINATION_IN_STEP).get_asset_check_evaluations()
    assert (found.passed, found.metadata["pgsync/rows_pending"].value) == (True, 1)


def test_why_there_is_no_value(frames: Project, scores: Scores) -> None:
    def failed(*keys: str) -> str:
        return why(frames.run(*keys))

    assert "was never materialized: it has no value yet" in failed(TABLE)
    scores.value = dg.MaterializeResult()  # without a value
    assert frames.run(SCORES).success
    assert "its IO manager has no value of it" in failed(MODEL)
    scores.value = [1, 2]
    assert frames.run(SCORES).success
    assert "model 'scores': a list is no DataFrame" in failed(TABLE)
    scores.value = pd.DataFrame({"id": [1], "score": [1]})
    assert f"materializes '{SCORES}', and not the model '{MODEL}'" in failed(SCORES, TABLE)
    frames.beside = [scores.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))]
    write(frames, {"asset": SCORES, "key": ["id"]})
    assert "is partitioned" in failed(TABLE)
    assert sent(frames) == []


def test_an_asset_of_another_code_location(frames: Project, scores: Scores) -> None:
    frames.beside = []
    write(frames, {"asset": SCORES, "key": ["id"]})
    assert "no asset of this code location has that key" in why(frames.run(MODEL))
    key = dg.AssetKey(SCORES.split("/"))
    frames.instance.report_runless_asset_event(dg.AssetMaterialization(key))
    assert "is of another code location" in why(frames.run(MODEL))
    # Values that both code locations keep in one place are there for both.
    assert dg.materialize([scores.asset()], instance=frames.instance).success
    assert frames.run(TABLE).success
    assert len(sent(frames)) == 3


def test_an_io_manager_of_its_own(frames: Project) -> None:
    """What lies in local files is older, and is not taken for the value."""
    assert dg.materialize([Scores().asset()], instance=frames.instance).success
    memory = Memory()
    resource = dg.IOManagerDefinition.hardcoded_io_manager(memory)
    (own,) = dg.with_resources([Scores().asset(io_manager_key="memory")], {"memory": resource})
    assert isinstance(own, dg.AssetsDefinition)
    frames.beside = [own]
    write(frames, {"asset": SCORES, "key": ["id"]})
    for value, keys in ((1.0, [MODEL]), (2.0, [TABLE]), (3.0, [MODEL, TABLE])):
        memory.value = pd.DataFrame({"id": [7], "score": [value]})
        assert frames.run(*keys).success
    assert sent(frames) == [(7, 3.0)]
    told = frames.materializations(TABLE)
    assert [event.metadata["pgsync/rows_added"].value for event in told] == [1, 0]
    job = dg.define_asset_job("one", dg.AssetSelection.assets(TABLE.split("/")))
    made = dg.Definitions.merge(frames.definitions, dg.Definitions(jobs=[job]))
    result = made.resolve_job_def("one").execute_in_process(
        instance=frames.instance, raise_on_error=False
    )
    assert f"let it have {MODEL} too" in why(result)


def test_in_python(frames: Project, platform_side: Side) -> None:
    crm = PostgresConnection.from_config("crm", connection_of(frames.pair.destination))
    upstream = Scores()
    sync = SyncConfig(
        name="items", model=ModelConfig(ref="scores"), destination="crm", table="public.items"
    )
    scores = ModelConfig(asset=SCORES, key=("id",))
    made = dg.Definitions.merge(
        build_sync_definitions([sync], models={"scores": scores}),
        dg.Definitions(
            [upstream.asset()], resources={"crm_writer": PostgresWriter(connection=crm)}
        ),
    )
    job = made.resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(instance=frames.instance).success
    assert len(sent(frames)) == 3
    assert loads(platform_side) == [("scores", 3)]

    own = sync.model_copy(update={"model": scores})

    @sync_assets(own)
    def items(step: SyncStep) -> Iterator[Any]:
        yield from step.run()

    alone = dg.materialize(
        [items], resources={"crm_writer": PostgresWriter(connection=crm)}, raise_on_error=False
    )
    assert "knows nothing of the asset" in why(alone)


def test_three_syncs_of_one_run_send_one_load(
    frames: Project, function: list[int], platform_side: Side
) -> None:
    there = frames.pair.destination
    tables = ["public.items", "public.ids", "public.ratings"]
    for table in tables[1:]:
        there.execute(f"create table {table} (id bigint primary key, score float8)")
        there.grant_table(table.split(".")[1], "select", "insert", "update", "delete")
    syncs: list[dict[str, Any]] = [
        {"name": name, "model": "scores", "destination": "crm", "table": f"public.{name}"}
        for name in ("items", "ids", "ratings")
    ]
    syncs[1]["columns"] = ["id"]
    frames.write("items", "PgSyncComponent", models={"scores": PYTHON}, syncs=syncs)
    keys = [f"crm/{table.replace('.', '/')}" for table in tables]
    assert frames.run(MODEL, *keys).success
    assert (len(function), len(loads(platform_side))) == (1, 1)
    assert frames.run(*keys).success  # without the model: the first one loads, for all of them
    assert (len(function), len(loads(platform_side))) == (2, 2)
    assert [frames.metadata(key)["pgsync/load"] for key in keys] == ["2", "2", "2"]
    assert [frames.metadata(key)["pgsync/rows_changed"] for key in keys] == [1, 0, 1]
