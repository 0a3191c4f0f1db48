"""Kill -9 at every failpoint of a delivery: tried again, each row is in once. And two at once."""

from __future__ import annotations

import itertools
import os
import signal
import time
from typing import Any

import pytest

from pgsync_assets.errors import AlreadyRunning, FencedOff
from pgsync_assets.write import Deliveries, Ledger, Offered

from ..fix_children import Child
from ..fix_databases import LEDGER_SCHEMA
from ..fix_writers import Writer
from .child import SUCCEEDED
from .test_crash_at_every_step import forget

ROWS = [{"id": n, "note": "bad" if n == 2 else f"note {n}"} for n in (1, 2, 3, 4)]
ORDER: dict[str, Any] = {
    "writer": "public.items",
    "partition": "",
    "delivery": "monday",
    "table": "public.items",
    "key": (),
    "columns": None,
    "mode": "insert",
    "batch_size": 2,
    "max_rejected_rows": 10,
    "stamps": {},
}
WRITTEN = [(n, f"note {n}") for n in (1, 3, 4)]
OTHER_SESSIONS = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name like 'pgsync/%' and datname = current_database()
"""
FAR_TOO_LONG_S = 30


@pytest.fixture
def items(writer: Writer) -> Writer:
    """A table that takes any row as often as it comes, but for bad ones."""
    writer.table("id int, note text check (note <> 'bad')")
    return writer


def again(writer: Writer) -> tuple[int, list[int]]:
    """Tries the delivery once more: rows written, and numbers of those refused."""
    result = writer.write(ROWS, key=[], mode="insert", batch_size=2)
    return result.written, [reject.row for reject in result.rejects]


def test_a_killed_delivery_is_finished_by_the_next_try(child: Child, items: Writer) -> None:
    for point in itertools.count(1):
        forget(items.side, LEDGER_SCHEMA)
        items.side.execute("truncate items")
        child.deliver(items.side, ROWS, f"{point}:kill", **ORDER)
        what, code = child.answer()
        if (what, code) == ("exit", SUCCEEDED):
            break
        assert (what, code) == ("exit", -signal.SIGKILL)
        assert again(items) == (3, [2]), f"killed at point {point}"
        assert items.rows() == WRITTEN, f"killed at point {point}"
    assert point > 12


def test_a_delivery_that_was_left_is_finished_behind_another_one(
    child: Child, items: Writer
) -> None:
    child.deliver(items.side, ROWS, "8:kill", **ORDER)
    assert child.answer() == ("exit", -signal.SIGKILL)
    assert 0 < len(items.rows()) < len(WRITTEN)
    items.write([{"id": 100, "note": "x"}], key=[], mode="insert", delivery="tuesday")
    assert again(items) == (3, [2])
    assert items.rows() == [*WRITTEN, (100, "x")]


def test_one_that_slept_may_not_write_any_more(child: Child, items: Writer) -> None:
    child.deliver(items.side, ROWS, "batch committed:stop", **ORDER)
    what, pid = child.answer()
    assert what == "stopped"
    with pytest.raises(AlreadyRunning, match="nothing was touched"):
        again(items)
    lose_connections(items)
    assert again(items) == (3, [2])
    os.kill(pid, signal.SIGCONT)
    while (answer := child.answer())[0] == "stopped":  # at its other batches
        os.kill(pid, signal.SIGCONT)
    assert answer[1] == SUCCEEDED  # it looked again, and found all of it there
    assert items.rows() == WRITTEN


def test_who_was_overtaken_is_fenced_off(items: Writer) -> None:
    offered = Offered("writer:x", "", "monday", "digest", 2, (1, 2))
    endpoint = items.resource.connection.endpoint()
    with endpoint.session("first") as one, endpoint.session("second") as other:
        ledger = Ledger.prepare(one, LEDGER_SCHEMA)
        begun = Deliveries(ledger, offered).begin()
        Deliveries(Ledger(other, LEDGER_SCHEMA), offered).begin()
        with pytest.raises(FencedOff), one.transaction("writing") as transaction:
            ledger.advance(transaction, begun.state, begun.plan.run.id, 1)


def lose_connections(writer: Writer) -> None:
    """Ends the sessions of deliveries, and waits until their locks are gone."""
    ends = time.monotonic() + FAR_TOO_LONG_S
    while writer.side.rows(OTHER_SESSIONS):
        assert time.monotonic() < ends
        time.sleep(0.02)
