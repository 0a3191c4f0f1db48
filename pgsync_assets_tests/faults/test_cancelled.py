"""A run that is ended by who runs it: at once, at the servers as well, and the next one goes on.

Dagster's interrupt is a BaseException of its own, raised between two bytecodes of the main thread:
neither an `except Exception` nor the driver's own care for KeyboardInterrupt sees it.
"""

from __future__ import annotations

import signal
import time
from types import FrameType

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.outcome import Progress

from ..fix_syncs import Syncs
from ..invariants import left_behind, log_writes, violations, writes

SLOW_SOURCE = {"sql": "select i.* from items as i, (select pg_sleep(60)) as slow", "key": ["id"]}
SLOW_TRIGGER = """
    create function slow() returns trigger language plpgsql as
    $$ begin perform pg_sleep(60); return null; end $$;
    create trigger slow after insert on items for each statement execute function slow()
"""
SLOW_AUDIT = """
    create function hightouch_audit.slow() returns trigger language plpgsql as
    $$ begin perform pg_sleep(60); return new; end $$;
    create trigger slow before insert on hightouch_audit.sync_runs
        for each row execute function hightouch_audit.slow()
"""


class Interrupted(BaseException):
    """As Dagster's DagsterExecutionInterruptedError."""


def interrupted_in(syncs: Syncs, step: str, **fields: object) -> float:
    """Seconds that a run took to end, when it was interrupted in the middle of a step."""
    ends: list[float] = []

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        ends.append(time.monotonic())
        raise Interrupted

    def listen(progress: Progress) -> None:
        if progress.step == step:
            signal.setitimer(signal.ITIMER_REAL, 1)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(Interrupted):
            engine.run(
                syncs.config(**fields),
                *syncs.endpoints,
                platform=syncs.platform_endpoint,
                on_progress=listen,
            )
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return time.monotonic() - ends[0]


@pytest.mark.parametrize("step", ["plan", "write", "advance"])
def test_a_cancelled_run_leaves_nothing_and_is_finished(either: Syncs, step: str) -> None:
    syncs = either
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    syncs.pair.source.execute("insert into items select n, 'a' from generate_series(1, 5) as n")
    syncs.run()
    syncs.pair.source.execute("insert into items values (6, 'b'), (7, 'b')")
    model = {"model": SLOW_SOURCE} if step == "plan" else {}
    slow = {"write": (syncs.pair.destination, SLOW_TRIGGER), "advance": (syncs.keeper, SLOW_AUDIT)}
    if step in slow:
        side, statements = slow[step]
        side.execute(statements)
    assert interrupted_in(syncs, step, **model) < 10
    assert left_behind(syncs) == []  # sessions, with what they were at, and locks
    if step in slow:
        schema = "hightouch_audit.sync_runs" if step == "advance" else "items"
        side.execute(f"drop trigger slow on {schema}")
    syncs.run()
    assert violations(syncs) == []
    assert set(writes(syncs).values()) == {1}
