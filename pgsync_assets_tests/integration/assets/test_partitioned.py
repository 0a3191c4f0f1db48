"""A partitioned sync: each partition is a materialisation, told when it has been committed."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from pgsync_assets.assets.checks import CHECKS_OF_A_RUN
from pgsync_assets.assets.listener import Listener, listening
from pgsync_assets.assets.materialize import materialize_syncs
from pgsync_assets.outcome import Outcome

from .conftest import Project

TABLE = "at timestamptz, id bigint, name text, primary key (at, id)"
KEYS = ("crm/public/items", "hightouch_planner/items", "hightouch_audit/items")
DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]


@pytest.fixture
def items(project: Project) -> Project:
    """Three days of ten rows."""
    project.syncs.table(TABLE)
    project.pair.source.execute(
        "insert into items select timestamptz '2024-01-01 00:00Z' + n * interval '1 hour', n, 'a'"
        " from generate_series(0, 71) as n where n % 24 < 10"
    )
    window = {"column": "at", "every": "day", "start": "2024-01-01", "end": "2024-01-04"}
    project.sync(
        model={"table": "public.items", "key": ["at", "id"]}, partitions=window, delete="delete_row"
    )
    return project


def tags(first: str, last: str) -> dict[str, str]:
    start, end = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
    return {start: first, end: last}


def partitions(items: Project, key: str = KEYS[0]) -> list[str | None]:
    return [event.partition for event in items.materializations(key)]


def statuses(items: Project, check: str) -> set[str]:
    key = dg.AssetCheckKey(dg.AssetKey.from_user_string(KEYS[0]), check)
    history = items.instance.event_log_storage.get_asset_check_execution_history(key, limit=100)
    return {record.status.value for record in history}


def test_one_partition(items: Project) -> None:
    assert items.run(partition="2024-01-02").success
    assert items.pair.destination.rows("select count(*), min(id) from items") == [(10, 24)]
    assert [partitions(items, key) for key in KEYS] == [["2024-01-02"]] * 3
    assert items.metadata()["dagster/partition_row_count"] == 10


def test_a_range_is_one_run_with_one_materialisation_for_each_partition(items: Project) -> None:
    result = items.run(*KEYS, tags=tags(DAYS[0], DAYS[-1]))
    assert result.success
    assert items.syncs.same()
    assert [partitions(items, key) for key in KEYS] == [DAYS] * 3


def test_no_check_stays_announced(items: Project) -> None:
    items.run(tags=tags(DAYS[0], DAYS[-1]))
    items.run(partition=DAYS[1])
    told = {check: statuses(items, check) for check in CHECKS_OF_A_RUN}
    assert told == dict.fromkeys(CHECKS_OF_A_RUN, {"SUCCEEDED"})


def test_steps_downstream_of_a_range_run(items: Project) -> None:
    window = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-04", end_offset=1)

    @dg.asset(
        deps=[dg.AssetKey.from_user_string(KEYS[0])],
        partitions_def=window,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def report() -> None: ...

    whole = dg.Definitions.merge(items.definitions, dg.Definitions(assets=[report]))
    result = whole.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=items.instance,
        asset_selection=[dg.AssetKey.from_user_string(KEYS[0]), dg.AssetKey("report")],
        tags=tags(DAYS[0], DAYS[-1]),
    )
    done = {event.step_key for event in result.get_step_success_events()}
    assert done >= {"sync_items", "report"}
    assert partitions(items) == DAYS


def test_what_is_done_stays_told_when_a_later_partition_fails(items: Project) -> None:
    def break_it(outcome: Outcome) -> None:
        if outcome.partition == DAYS[1]:
            items.pair.destination.execute("drop table items")

    with listening(Listener(on_outcome=break_it)):
        result = items.run(tags=tags(DAYS[0], DAYS[-1]))
    assert not result.success
    assert partitions(items) == DAYS[:2]


def test_without_a_partition_nothing_runs(items: Project) -> None:
    result = items.run()
    assert not result.success
    assert "names no partition" in str(result.all_events)
    assert partitions(items) == []


def test_the_model_counts_rows_that_no_partition_will_ever_hold(items: Project) -> None:
    assert items.run("models/items").success
    assert items.metadata("models/items")["pgsync/rows_in_no_partition"] == 0
    items.pair.source.execute(
        "insert into items values ('2023-12-31 23:59Z', 1, 'a'), ('2024-01-04Z', 2, 'b'),"
        " ('infinity', 3, 'c')"
    )
    assert items.run("models/items").success
    found = items.metadata("models/items")
    assert (found["dagster/row_count"], found["pgsync/rows_in_no_partition"]) == (33, 3)


@pytest.mark.parametrize(
    ("partitions", "outside"),
    [
        ({"hash": 4}, 0),
        ({"column": "name", "ranges": ["b"]}, 2),
        ({"column": "name", "values": ["a"]}, 0),
        ({"column": "name", "values": ["a"], "other": False}, 3),
    ],
    ids=["hash", "range", "list", "list without other"],
)
def test_rows_with_null_are_counted_as_documented(
    items: Project, partitions: dict[str, Any], outside: int
) -> None:
    items.pair.source.execute(
        "insert into items values ('2024-01-01Z', 1, null), ('2024-01-01Z',"
        " 2, null), ('2024-01-01Z', 3, 'b')"
    )
    items.sync(model={"table": "public.items", "key": ["at", "id"]}, partitions=partitions)
    assert items.run("models/items").success
    assert items.metadata("models/items")["pgsync/rows_in_no_partition"] == outside


def test_partitions_that_do_not_fit_fail_the_model(items: Project) -> None:
    items.sync(partitions={"column": "nmae", "values": ["a"]})
    result = items.run("models/items")
    assert not result.success
    assert "'nmae' is not a column of the model" in str(result.all_events)


def test_materialize_syncs_runs_model_and_all_partitions(items: Project) -> None:
    steps: set[str] = set()
    outcomes = materialize_syncs(
        ["items"],
        definitions=items.definitions,
        instance=items.instance,
        on_progress=lambda progress: steps.add(progress.step),
    )
    assert [outcome.partition for outcome in outcomes] == DAYS
    assert {"plan", "write", "advance"} <= steps
    assert items.syncs.same()
    assert len(items.materializations("models/items")) == 1
