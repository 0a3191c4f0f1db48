"""A plan that looks like an accident stops before its first write, and says its numbers."""

from __future__ import annotations

import pytest

from pgsync_assets.errors import GuardError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes


@pytest.fixture
def filled(syncs: Syncs) -> Syncs:
    """Ten rows are in."""
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 10) as n")
    syncs.run(delete="delete_row")
    log_writes(syncs)
    return syncs


def last_run(syncs: Syncs) -> tuple[object, ...]:
    query = """
        select status, num_planned_remove, num_attempted_remove, error
        from hightouch_audit.sync_runs order by sync_run_id desc limit 1
    """
    return syncs.pair.source.rows(query)[0]


def test_an_empty_model(filled: Syncs) -> None:
    filled.pair.source.execute("truncate items")
    for _ in range(2):
        with pytest.raises(GuardError, match="model is empty; all 10 rows"):
            filled.run(delete="delete_row")
        assert last_run(filled)[:3] == ("held", 10, 0)
    assert not writes(filled)
    allowed = {"allow_empty_model": True}
    assert filled.run(delete="delete_row", guard=allowed).succeeded == Counts(removed=10)
    assert violations(filled) == []


def test_too_many_removals(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where id > 4")
    with pytest.raises(GuardError, match=r"6 of 10 rows \(60.0 %\).*max_removed_percent is 50"):
        filled.run(delete="delete_row")
    assert not writes(filled)
    filled.pair.source.execute("insert into items values (5, 'x')")
    assert filled.run(delete="delete_row").succeeded == Counts(removed=5)
    assert violations(filled) == []


def test_a_first_sync_of_an_empty_model_is_fine(syncs: Syncs) -> None:
    syncs.table("id int primary key, name text")
    assert syncs.run(delete="delete_row").planned == Counts()


def test_a_full_resync_is_guarded_too(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where id > 1")
    with pytest.raises(GuardError, match="9 of 10"):
        filled.run(delete="delete_row", full_resync=True)
    assert not writes(filled)
