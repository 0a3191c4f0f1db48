"""Reset, adopt and drop, chosen in the launchpad."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from .conftest import Project

STATE = dg.AssetKey(["hightouch_planner", "items"])


@pytest.fixture
def items(project: Project) -> Project:
    """Three rows are in."""
    project.syncs.table("id int primary key, name text")
    project.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'c')")
    project.sync()
    assert project.run().success
    return project


def operate(items: Project, operation: str, **more: Any) -> dg.ExecuteInProcessResult:
    chosen = {"operation": operation, **more}
    return items.run(run_config={"ops": {"sync_items": {"config": chosen}}})


def observed(items: Project) -> dict[str, Any]:
    """The latest observation of the state."""
    (record,) = items.instance.fetch_observations(STATE, limit=1).records
    assert record.asset_observation is not None
    return {name: value.value for name, value in record.asset_observation.metadata.items()}


@pytest.mark.parametrize(
    ("operation", "told", "added"),
    [
        ("RESET", {"pgsync/states": 1, "pgsync/rows": 3}, 3),
        ("DROP", {"pgsync/states": 1, "pgsync/rows": 3}, 3),
        ("ADOPT", {"pgsync/rows": 3, "pgsync/adopted": 3}, 0),
    ],
)
def test_it_sends_nothing_and_says_what_it_did(
    items: Project, operation: str, told: dict[str, int], added: int
) -> None:
    result = operate(items, operation)
    assert result.success
    assert len(items.materializations("crm/public/items")) == 1
    assert told.items() <= observed(items).items()
    assert observed(items)["pgsync/operation"] == operation
    assert items.run().success
    assert items.metadata()["pgsync/rows_added"] == added


def test_it_goes_with_no_other_choice(items: Project) -> None:
    result = operate(items, "RESET", full_resync=True)
    assert not result.success
    assert "goes with no other choice" in str(result.all_events)


def test_parked_rows_fail_the_check_until_a_run_tries_them(items: Project) -> None:
    items.pair.destination.execute("alter table items add constraint short check (name <> 'bad')")
    items.pair.source.execute("update items set name = 'bad' where id = 1")
    items.sync(retry_rejected=False)
    told = []
    for chosen in ({}, {}, {"retry_rejected": True}):
        result = items.run(run_config={"ops": {"sync_items": {"config": chosen}}})
        passed = {one.check_name: one.passed for one in result.get_asset_check_evaluations()}
        assert not passed["no_rejected_rows"]
        told.append([items.metadata()[f"pgsync/rows_{what}"] for what in ("rejected", "parked")])
    assert told == [[1, 0], [0, 1], [1, 0]]
    result = items.run(
        run_config={"ops": {"sync_items": {"config": {"retry_rejected": True, "dry_run": True}}}}
    )
    assert not result.success
