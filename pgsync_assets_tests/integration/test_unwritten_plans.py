"""A plan of which nothing was written: dropped by the next run, and told of if it was a run's."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import failpoints
from pgsync_assets.errors import GuardError, HistoryError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs
from ..invariants import violations

RUNS = "select status, error, num_planned_add, num_attempted_add from hightouch_audit.sync_runs"
STATUSES = "select status from hightouch_planner.runs order by id"


@pytest.fixture
def syncs(either: Syncs) -> Syncs:
    """Syncs of one engine and of the other."""
    return either


@pytest.fixture
def filled(syncs: Syncs) -> Syncs:
    """Three rows to send."""
    syncs.table("id int primary key")
    syncs.pair.source.execute("insert into items select generate_series(1, 3)")
    return syncs


def interrupt(monkeypatch: pytest.MonkeyPatch, syncs: Syncs, after: str, **fields: Any) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "_reached", 0)
        patch.setenv(failpoints.VARIABLE, f"{after}:raise")
        with pytest.raises(failpoints.FailpointReached):
            syncs.run(None, False, **fields)


def test_a_run_that_died_before_its_first_row_is_a_failed_run(
    monkeypatch: pytest.MonkeyPatch, filled: Syncs
) -> None:
    interrupt(monkeypatch, filled, "plan stored")
    assert filled.run().succeeded == Counts(added=3)
    first, second = filled.keeper.rows(f"{RUNS} order by sync_run_id")
    assert first == ("failed", "interrupted before its first row was written", 3, 0)
    assert second == ("succeeded", None, 3, 3)
    assert violations(filled) == []


def test_a_plan_to_be_looked_at_is_no_run(filled: Syncs) -> None:
    filled.plan()
    filled.plan()
    filled.run()
    assert filled.keeper.rows("select status from hightouch_audit.sync_runs") == [("succeeded",)]
    assert filled.keeper.rows(STATUSES) == [("superseded",)] * 2 + [("settled",)]


def test_a_plan_that_the_guard_stopped_keeps_its_reason(filled: Syncs) -> None:
    filled.run()
    filled.pair.source.execute("delete from items")
    with pytest.raises(GuardError):
        filled.run(delete="delete_row")
    filled.pair.source.execute("insert into items values (1), (2), (3)")
    filled.run()
    errors = [row[1] for row in filled.keeper.rows(f"{RUNS} order by sync_run_id")]
    assert errors[0] is errors[2] is None
    assert "the model is empty" in errors[1]


def test_another_destination_is_refused_while_a_plan_is_half_written(
    monkeypatch: pytest.MonkeyPatch, filled: Syncs
) -> None:
    interrupt(monkeypatch, filled, "batch committed", batch_size=1)
    filled.pair.destination.execute(  # the same name, another database
        "drop schema pgsync_ledger cascade",
        f"create schema pgsync_ledger authorization {filled.pair.destination.user}",
        "truncate items",
    )
    with pytest.raises(HistoryError, match="another database"):
        filled.run()
    assert filled.run(full_resync=True).succeeded == Counts(added=3)
    assert filled.same()
