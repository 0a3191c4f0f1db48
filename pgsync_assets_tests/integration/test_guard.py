"""A plan that looks like an accident stops before its first write, says its numbers and is held."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.config import GuardConfig, exceeds
from pgsync_assets.errors import GuardError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes

DELETES: dict[str, Any] = {"delete": "delete_row"}
CHANGE_ALL = "update items set name = name || '!'"


@pytest.fixture
def filled(either: Syncs) -> Syncs:
    """Ten rows are in."""
    either.table("id int primary key, name text")
    either.pair.source.execute("insert into items select n, 'x' from generate_series(1, 10) as n")
    either.fields = either.fields | DELETES
    either.run()
    log_writes(either)
    return either


def runs(syncs: Syncs) -> list[tuple[Any, ...]]:
    query = """
        select sync_run_id, status, num_planned_add, num_planned_change, num_planned_remove,
            num_attempted_add + num_attempted_change + num_attempted_remove, error
        from hightouch_audit.sync_runs order by sync_run_id
    """
    return syncs.keeper.rows(query)


def held(syncs: Syncs) -> list[tuple[Any, ...]]:
    query = "select id, reason from hightouch_planner.runs where status = 'held'"
    return syncs.keeper.rows(query)


def stopped(syncs: Syncs, match: str, **fields: Any) -> GuardError:
    """A run that the guard stops before its first write."""
    before = writes(syncs)
    with pytest.raises(GuardError, match=match) as caught:
        syncs.run(**fields)
    assert writes(syncs) == before
    return caught.value


def test_an_empty_model(filled: Syncs) -> None:
    filled.pair.source.execute("truncate items")
    error = stopped(filled, "model is empty; all 10 rows")
    assert (error.plan_id, error.rows) == (2, {"added": 0, "changed": 0, "removed": 10})
    assert "pgsync-assets apply 2" in (error.remedy or "")
    (_, last) = runs(filled)
    assert last[:6] == (2, "held", 0, 0, 10, 0)
    assert held(filled) == [(2, error.message)]
    outcome = filled.run(guard={"allow_empty_model": True})
    assert outcome.succeeded == Counts(removed=10)
    assert violations(filled) == []


def test_too_many_removals(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where id > 4")
    stopped(filled, r"6 of 10 rows \(60.0 %\) would be removed, max_removed is 50%")
    filled.pair.source.execute("insert into items values (5, 'x')")
    assert filled.run().succeeded == Counts(removed=5)
    assert held(filled) == []
    assert violations(filled) == []


@pytest.mark.parametrize("limit", [3, "35%"])
def test_too_many_changes(filled: Syncs, limit: int | str) -> None:
    guard = {"max_changed": limit}
    filled.pair.source.execute("update items set name = 'y' where id <= 4")
    stopped(filled, r"4 of 10 rows \(40.0 %\) would be changed", guard=guard)
    filled.pair.source.execute("update items set name = 'x' where id = 4")
    assert filled.run(guard=guard).succeeded == Counts(changed=3)
    resent = filled.run(full_resync=True, guard=guard)
    assert resent.succeeded == Counts(changed=10)
    assert violations(filled) == []


def test_too_many_additions(filled: Syncs) -> None:
    filled.pair.source.execute("insert into items values (11, 'x'), (12, 'x')")
    stopped(filled, "2 of 10 rows .* would be added, max_added is 1", guard={"max_added": 1})
    assert filled.run(guard={"max_added": "20%"}).succeeded == Counts(added=2)


def test_a_first_sync_of_an_empty_model_is_fine(either: Syncs) -> None:
    either.table("id int primary key, name text")
    assert either.run(**DELETES).planned == Counts()


def test_a_full_resync_is_guarded_too(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where id > 1")
    stopped(filled, "9 of 10", full_resync=True)


def test_a_changed_mapping_that_sends_everything_again_is_a_change(filled: Syncs) -> None:
    guard = {"max_changed": "50%"}
    stopped(filled, "10 of 10 rows .* would be changed", columns=["id"], guard=guard)


def test_nothing_is_lost_where_the_sync_does_not_delete(filled: Syncs) -> None:
    filled.pair.source.execute("truncate items")
    assert filled.run(delete="do_nothing").succeeded == Counts(removed=10)
    assert filled.pair.destination.rows("select count(*) from items") == [(10,)]


@pytest.mark.parametrize("guard", [{"allow_empty_model": False}, {"max_removed": 9}])
def test_a_sync_that_does_not_delete_is_guarded_on_request(
    filled: Syncs, guard: dict[str, Any]
) -> None:
    filled.pair.source.execute("truncate items")
    stopped(filled, "10", delete="do_nothing", guard=guard)


def test_a_schedule_that_trips_again_keeps_the_plan_that_people_look_at(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where id > 4", CHANGE_ALL)
    first = stopped(filled, "6 of 10")
    filled.pair.source.execute("vacuum full items", "update items set name = name where id = 2")
    second = stopped(filled, f"plan {first.plan_id} of the same rows waits already")
    assert first.plan_id == second.plan_id == 2
    assert [row[:2] for row in runs(filled)] == [(1, "succeeded"), (2, "held"), (3, "held")]
    assert held(filled) == [(2, first.message)]
    filled.pair.source.execute("update items set name = 'other' where id = 2")
    third = stopped(filled, "6 of 10 rows .*max_removed is 50%\n")
    assert third.plan_id == 4
    assert filled.keeper.rows("select stale_because from hightouch_planner.runs where id = 2") == [
        ("it was replaced by plan 4",)
    ]


def test_a_plan_that_trips_is_told_and_keeps_its_number(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where id > 4")
    planned = filled.plan()
    assert "max_removed is 50%" in (planned.reason or "")
    assert stopped(filled, "6 of 10").plan_id == planned.run_id
    again = filled.plan(guard={"max_removed": 6})
    assert (again.run_id, again.reason) == (planned.run_id, None)


@pytest.mark.parametrize("limit", [0, 100, "0%", "12.5%", "100 %", "250%"])
def test_limits_as_they_are_written(limit: int | str) -> None:
    assert GuardConfig(max_removed=limit).max_removed == limit


@pytest.mark.parametrize("limit", [-1, 1.5, True, "ten", "10", "-1%", "%", "10%%"])
def test_what_is_no_limit(limit: Any) -> None:
    with pytest.raises(ValueError, match="max_removed"):
        GuardConfig(max_removed=limit)


@pytest.mark.parametrize(
    ("count", "limit", "of", "expected"),
    [
        (10, None, 10, False),
        (10, 10, 10, False),
        (11, 10, 0, True),
        (1, "10%", 10, False),
        (2, "10%", 10, True),
        (1, "0%", 10, True),
        (5, "10%", 0, False),
    ],
)
def test_what_exceeds_a_limit(count: int, limit: Any, of: int, expected: bool) -> None:
    assert exceeds(count, limit, of) is expected
