"""The checker of the fault tests sees each kind of damage: a blind one would prove nothing."""

from __future__ import annotations

import pytest

from ..fix_syncs import Syncs
from ..invariants import left_behind, log_writes, violations, writes


@pytest.fixture
def settled(syncs: Syncs) -> Syncs:
    """A sync after a run in which row 3 was refused."""
    syncs.table("id int primary key, name text")
    syncs.pair.destination.execute("alter table items add check (name <> 'bad')")
    log_writes(syncs)
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'bad')")
    syncs.run(audit="full")
    assert violations(syncs, {"3"}) == []
    return syncs


SNAPSHOT = "hightouch_planner.snapshot_1"


@pytest.mark.breaks_the_audit("plants damage")
@pytest.mark.parametrize(
    ("side", "damage", "seen"),
    [
        ("destination", "delete from items where id = 1", "I1: row 1"),
        ("destination", "insert into items values (9, 'x')", "I1: row 9"),
        ("destination", "update items set name = 'z' where id = 1", "I1: row 1"),
        ("source", f"delete from {SNAPSHOT} where id = 2", "I2: row 2"),  # noqa: S608
        ("source", f"update {SNAPSHOT} set name = null where id = 2", "I2: row 2"),  # noqa: S608
        ("source", "update hightouch_planner.states set row_count = 7", "I2: states.row_count"),
        (
            "source",
            "delete from hightouch_audit.snapshot_failures",
            "I5: row 3",
        ),
        (
            "source",
            "update hightouch_audit.snapshot_failures set failure_reason = null",
            "I5: row 3",
        ),
        (
            "source",
            "delete from hightouch_audit.changelog_rows where row_id = '3'",
            "I4: sync_runs",
        ),
        ("source", "update hightouch_audit.sync_runs set num_planned_add = 4", "I4: sync_runs"),
        ("source", "update hightouch_planner.runs set status = 'started'", "I7: run 1"),
        ("source", "create table hightouch_planner.plan_1 ()", "I7: a table is left"),
        ("source", "update hightouch_planner.runs set status = 'held'", "I7: plan 1 is held"),
        (
            "destination",
            "update pgsync_ledger.pgsync_ledger set run = 9",
            "I4: planner and ledger",
        ),
    ],
)
def test_damage_is_seen(settled: Syncs, side: str, damage: str, seen: str) -> None:
    getattr(settled.pair, side).execute(damage)
    assert any(found.startswith(seen) for found in violations(settled, {"3"}))


def test_a_row_that_should_have_been_refused_is_seen(settled: Syncs) -> None:
    assert any(found.startswith("I5: row 2") for found in violations(settled, {"2", "3"}))


def test_a_row_that_was_written_twice_is_counted_twice(settled: Syncs) -> None:
    assert set(writes(settled).values()) == {1}
    settled.pair.destination.execute("update items set name = name where id = 1")
    assert writes(settled)["UPDATE", "1"] == 1
    settled.pair.destination.execute("update items set name = name where id = 1")
    assert writes(settled)["UPDATE", "1"] == 2


def test_an_open_transaction_with_a_lock_is_seen(settled: Syncs) -> None:
    with settled.pair.source.connect_as_role() as connection:
        connection.execute("set application_name = 'pgsync/items lock'")
        connection.execute("select pg_advisory_xact_lock(42)")
        found = left_behind(settled, looks=1)
    assert any("a session is left" in line for line in found)
    assert any("an advisory lock is left" in line for line in found)


def test_a_temporary_table_is_seen(settled: Syncs) -> None:
    with settled.pair.destination.connect_as_role() as connection:
        connection.execute("create temporary table pgsync_stage ()")
        connection.commit()
        assert any("a temporary table is left" in line for line in left_behind(settled, looks=1))
