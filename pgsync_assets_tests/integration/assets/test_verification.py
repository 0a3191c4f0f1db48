"""The check `destination_in_step` compares when it is executed alone, and only then."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from pgsync_assets.assets.checks import CHECKS_OF_A_RUN
from pgsync_assets.assets.on_demand import DESTINATION_IN_STEP
from pgsync_assets.steps.ends import Ends
from pgsync_assets.steps.progress import Reporter, silent
from pgsync_assets.steps.work import opened

from .conftest import Project

TABLE = dg.AssetKey(["crm", "public", "items"])
CHECK = dg.AssetCheckKey(TABLE, DESTINATION_IN_STEP)
OWN = {*CHECKS_OF_A_RUN}


@pytest.fixture
def items(project: Project) -> Project:
    """Three rows, sent."""
    project.syncs.table("id integer primary key, name text")
    project.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'c')")
    project.sync()
    assert project.run().success
    return project


def alone(project: Project) -> dg.ExecuteInProcessResult:
    """Executes the check and nothing else, as its button in the UI does."""
    job = project.definitions.resolve_implicit_global_asset_job_def()
    subset = job.get_subset(asset_selection=set(), asset_check_selection={CHECK})
    return subset.execute_in_process(instance=project.instance, raise_on_error=False)


def evaluation(project: Project) -> dg.AssetCheckEvaluation:
    """What it says, executed alone."""
    result = alone(project)
    assert result.success
    (found,) = result.get_asset_check_evaluations()
    return found


def values(found: dg.AssetCheckEvaluation) -> dict[str, Any]:
    return {name: value.value for name, value in found.metadata.items()}


def test_it_passes_and_writes_no_row(items: Project) -> None:
    found = evaluation(items)
    assert (found.asset_check_key, found.passed) == (CHECK, True)
    metadata = values(found)
    assert (metadata["pgsync/rows"], metadata["pgsync/rows_same"]) == (3, 3)
    assert "pgsync/differences" not in metadata
    assert len(items.materializations("crm/public/items")) == 1


def test_it_names_what_differs_without_values(items: Project) -> None:
    items.pair.destination.execute(
        "delete from items where id = 1", "update items set name = 'Mallory' where id = 2"
    )
    items.pair.source.execute("update items set name = 'Ada' where id = 3")
    found = evaluation(items)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert found.description == "not in step: items"
    metadata = values(found)
    kinds = ("same", "missing", "differing", "rejected", "pending", "foreign")
    assert [metadata[f"pgsync/rows_{kind}"] for kind in kinds] == [0, 1, 1, 0, 1, 0]
    records = [record.data for record in metadata["pgsync/differences"].records]
    assert [(one["row_id"], one["kind"], one["columns"]) for one in records] == [
        ("1", "missing", ""),
        ("2", "differs", "name"),
        ("3", "pending", "name"),
    ]
    assert not {"Mallory", "Ada"} & set(str(records).split("'"))


def test_bookkeeping_that_does_not_agree_fails_it(items: Project) -> None:
    items.pair.source.execute("update hightouch_planner.states set row_count = 7")
    found = evaluation(items)
    assert not found.passed
    assert values(found)["pgsync/problems"] == ["the state has 3 rows, and says that they are 7"]


def test_a_run_of_the_table_does_not_evaluate_it(items: Project) -> None:
    result = items.run()
    assert result.success
    assert {one.check_name for one in result.get_asset_check_evaluations()} == OWN


def test_a_run_that_is_under_way_is_said(items: Project) -> None:
    ends = Ends(*items.syncs.endpoints)
    with opened(items.syncs.config(), ends, None, Reporter("items", None, silent)):
        result = alone(items)
    assert not result.success
    assert "a run is under way" in str(result.all_events)


def test_all_partitions_are_compared(project: Project) -> None:
    project.syncs.table("at date, id integer, primary key (at, id)")
    project.pair.source.execute(
        "insert into items select '2024-01-01'::date + n % 3, n from generate_series(0, 29) as n"
    )
    window = {"column": "at", "every": "day", "start": "2024-01-01", "end": "2024-01-04"}
    project.sync(model={"table": "public.items", "key": ["at", "id"]}, partitions=window)
    start, end = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
    assert project.run(tags={start: "2024-01-01", end: "2024-01-03"}).success
    assert evaluation(project).passed
    project.pair.destination.execute("delete from items where id in (1, 2, 4)")
    found = evaluation(project)
    assert found.description == "not in step: 2024-01-02, 2024-01-03"
    metadata = values(found)
    assert (metadata["pgsync/rows"], metadata["pgsync/rows_missing"]) == (30, 3)
    records = metadata["pgsync/differences"].records
    assert [one.data["partition"] for one in records] == ["2024-01-02"] * 2 + ["2024-01-03"]
