"""Kill -9 while a run writes: who finishes it records it, and says how often it was tried."""

from __future__ import annotations

import datetime as dt
import signal

from ..fix_children import Child
from ..fix_syncs import Syncs
from ..invariants import violations

RUN = """
    select sync_run_id, status, attempts, bytes, run_by, duration, seconds ? 'write',
        num_succeeded_add
    from hightouch_audit.sync_runs order by sync_run_id
"""
STARTED = "select started_at from hightouch_planner.runs where id = 1"
RESUMED = "select count(*) from hightouch_audit.resumed_runs"


def test_attempts_bytes_and_end_of_a_run_that_was_killed_twice(child: Child, syncs: Syncs) -> None:
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 6) as n")
    for _ in range(2):
        code = child.run(syncs, "batch committed:kill", None, batch_size=2)
        assert code == -signal.SIGKILL
    assert syncs.keeper.rows(RESUMED) == [(1,)]
    assert syncs.keeper.rows(RUN) == []
    ((started_at,),) = syncs.keeper.rows(STARTED)
    outcome = syncs.run(batch_size=2)
    assert outcome.recovered is not None
    first, own = syncs.keeper.rows(RUN)
    assert first[:3] == (1, "succeeded", 3)
    # Two of the three batches were in; what was sent for them died with their processes.
    assert first[3] == outcome.recovered.bytes > 0
    assert (first[4], first[7]) == ("ada", 6)
    assert first[5] <= dt.datetime.now(dt.timezone.utc) - started_at
    assert first[6]
    # The run that finished it has a row of its own, with none of the other's costs.
    assert own[:4] == (2, "succeeded", 1, 0)
    assert not own[6]
    assert syncs.keeper.rows(RESUMED) == [(0,)]
    assert violations(syncs) == []


def test_a_run_that_died_before_its_plan_was_tried_once(child: Child, syncs: Syncs) -> None:
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute("insert into items values (1, 'x')")
    assert child.run(syncs, "run begun:kill", None) == -signal.SIGKILL
    syncs.run()
    assert [row[1:3] for row in syncs.keeper.rows(RUN)] == [("failed", 1), ("succeeded", 1)]
