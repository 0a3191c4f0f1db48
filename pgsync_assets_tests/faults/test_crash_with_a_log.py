"""Killed anywhere, the log of the destination agrees with its rows; the next run tells the rest."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from ..fix_children import Child
from ..fix_syncs import Syncs
from ..invariants import violations

FILL = "insert into items select n, 'item ' || n from generate_series(1, 30) as n"
CHANGES = (
    "update items set name = name || '.' where id in (2, 4, 5)",
    "update items set name = 'bad' where id = 6",
    "delete from items where id = (select max(id) from items where id > 6)",
)
FIELDS: dict[str, Any] = {"delete": "delete_row", "batch_size": 3}
POINTS = (
    *("fenced", "log begun", "batch counted", "batch committed"),
    *("audit written", "settled", "log told"),
)
LEDGER = "select run, batch, applied, rejected from pgsync_ledger.pgsync_ledger"
COUNTED = """
    select run, status, batches_done, rows_written + rows_removed, rows_rejected
    from pgsync_log.runs order by run desc limit 1
"""
LOG = """
    select run, status, rows_added, rows_changed, rows_removed, rows_rejected, batches, row_count,
        error
    from pgsync_log.runs order by run
"""
AUDIT = """
    select sync_run_id, status, num_succeeded_add, num_succeeded_change, num_succeeded_remove,
        num_failed_add + num_failed_change + num_failed_remove, batches, row_count, error
    from hightouch_audit.sync_runs order by sync_run_id
"""


@pytest.fixture
def items(syncs: Syncs) -> Syncs:
    """A table with a row that is refused, a log, and a first run that is in."""
    syncs.table("id int primary key, name text")
    there = syncs.pair.destination
    there.execute(
        "alter table items add constraint not_bad check (name <> 'bad')",
        f"create schema pgsync_log authorization {there.user}",
    )
    syncs.destination = {"schemas": {"log": "pgsync_log"}}
    syncs.pair.source.execute(FILL)
    syncs.run(**FIELDS)
    return syncs


def test_log_and_rows_agree_whatever_is_killed(child: Child, items: Syncs) -> None:
    there = items.pair.destination
    states: set[tuple[Any, ...]] = set()
    for point in POINTS:
        items.pair.source.execute(*CHANGES)
        assert child.run(items, f"{point}:kill", **FIELDS) == -signal.SIGKILL
        told = f"killed at {point}"
        ((run, *ledger),) = there.rows(LEDGER)
        ((logged, status, *counted),) = there.rows(COUNTED)
        if logged == run:
            assert counted == ledger, told
        else:  # fenced, and nothing is written
            assert logged < run and ledger == [0, 0, 0], told
        states.add((logged == run, status, counted[0]))
        items.run(**FIELDS)
        assert violations(items, {"6"}) == [], told
        assert there.rows(LOG) == items.keeper.rows(AUDIT), told
    running = {(True, "running", done) for done in range(3)}
    assert states == {(False, "succeeded", 10), *running, (True, "succeeded", 2)}


def test_a_run_that_died_is_seen(child: Child, items: Syncs) -> None:
    items.pair.source.execute(*CHANGES)
    assert child.run(items, "settled:kill", **FIELDS) == -signal.SIGKILL
    there = items.pair.destination
    seen = "select sync, run, status, batches_done, batches from pgsync_log.open_runs"
    assert there.rows(seen) == [("items", 2, "running", 2, 2)]
    assert there.rows("select last_status, age is not null from pgsync_log.tables") == [
        ("running", True)
    ]
    items.run(**FIELDS)
    assert there.rows(seen) == []
    ended = "select run from pgsync_log.log where message_event = 'sync_end' order by id"
    assert there.rows(ended) == [(1,), (2,), (3,)]
