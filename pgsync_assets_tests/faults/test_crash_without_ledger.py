"""Without a ledger at the destination: what is in and not known to be in is written once more."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pgsync_assets.outcome import Counts

from ..fix_children import Child
from ..fix_databases import Side
from ..fix_syncs import ENGINES, Syncs
from ..invariants import left_behind, log_writes, writes

IN_DOUBT = "destination committed"  # and the ledger not yet


@pytest.fixture
def items(syncs: Syncs) -> Syncs:
    """Nine rows, for a destination without a ledger."""
    syncs.destination = {"schemas": {"ledger": None}}
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 9) as n")
    return syncs


def test_a_first_copy_that_is_in_already_rejects_none_of_its_rows(
    child: Child, items: Syncs
) -> None:
    fields: dict[str, Any] = {"batch_size": 4, "delete": "delete_row"}
    assert child.run(items, f"{IN_DOUBT}:kill", **fields) == -signal.SIGKILL
    assert items.pair.destination.rows("select count(*) from items") == [(4,)]
    items.pair.source.execute("delete from items where id = 1", "update items set name = 'y'")
    outcome = items.run(**fields)
    assert outcome.recovered is not None
    assert outcome.recovered.failed == outcome.failed == Counts()
    assert items.same()
    assert items.verify(**fields).in_step


def test_standard_keeps_the_ledger_on_the_platform(
    child: Child, items: Syncs, platform_side: Side
) -> None:
    standard = Syncs(items.pair, {}, items.destination, platform_side, ENGINES["standard"])
    assert child.run(standard, f"{IN_DOUBT}:kill", batch_size=4) == -signal.SIGKILL
    entry = "select run, batch from hightouch_planner.pgsync_ledger"
    assert platform_side.rows(entry) == [(1, 0)]
    assert standard.run(batch_size=4).recovered is not None
    assert platform_side.rows(entry) == [(1, 3)]
    assert standard.same()


@pytest.mark.parametrize(
    ("asleep_at", "updates"),
    [
        ("rows applied", 2),  # it notices, and takes its batch back
        ("batch counted", 3),  # too late to notice: the newer run has to wait for it
        (IN_DOUBT, 3),
    ],
)
def test_a_run_that_slept_does_not_overwrite_what_a_newer_one_wrote(
    child: Child, items: Syncs, asleep_at: str, updates: int
) -> None:
    log_writes(items)
    items.run()
    items.pair.source.execute("update items set name = 'old'")
    child.start(items, f"{asleep_at}:stop")
    what, pid = child.answer()
    assert what == "stopped"
    items.pair.source.rows(  # it is cut off from the planner; its session at the destination lives
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and application_name like 'pgsync/%'"
    )
    items.pair.source.execute("update items set name = 'newer'")
    with ThreadPoolExecutor(1) as pool:
        newer = pool.submit(items.run)
        try:
            if asleep_at == IN_DOUBT:
                newer.result()
            else:
                until_in_line(items)
        finally:
            os.kill(pid, signal.SIGCONT)
        while (answer := child.answer())[0] == "stopped":  # at the same point of its next try
            os.kill(answer[1], signal.SIGCONT)
        newer.result()
    items.run()
    assert items.same()
    assert left_behind(items) == []
    assert set(writes(items).values()) == {1, updates}


def until_in_line(syncs: Syncs) -> None:
    """Returns when a batch waits for another one of its sync."""
    waits = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    deadline = time.monotonic() + 20
    while syncs.pair.destination.rows(waits) != [(1,)]:
        assert time.monotonic() < deadline, "nobody is in line"
        time.sleep(0.02)
