"""Kill -9 at every failpoint of a run that sends a part of the changes."""

from __future__ import annotations

import itertools
import signal
from typing import Any

import pytest

from ..fix_children import Child
from ..fix_databases import Pair, Side
from ..fix_syncs import ENGINES, Syncs
from ..invariants import log_writes, violations, writes
from .child import SUCCEEDED

EDITS = (
    "update items set name = 'good' where id in (1, 2)",
    "update items set name = 'other' where id in (5, 6)",
    "delete from items where id = 7",
    "insert into items values (100, 'new'), (101, 'new')",
)
LIMIT = 4
# The part, and the engine: together they take every road through the planner.
PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "row limit": ({"row_limit": LIMIT}, "lightning"),
    "only rejected": ({"only_rejected": True}, "standard"),
}


@pytest.fixture(params=PARTS.values(), ids=[*PARTS])
def part(request: pytest.FixtureRequest) -> tuple[dict[str, Any], str]:
    """What is asked for, of which engine."""
    chosen: tuple[dict[str, Any], str] = request.param
    return chosen


@pytest.fixture
def syncs(database_pair: Pair, platform_side: Side, part: tuple[dict[str, Any], str]) -> Syncs:
    """Syncs that park what is refused."""
    fields = {**ENGINES[part[1]], "delete": "delete_row", "retry_rejected": False, "batch_size": 2}
    made = Syncs(database_pair, platform=platform_side, fields=fields)
    made.table("id int primary key, name text")
    log_writes(made)
    return made


def prepare(syncs: Syncs) -> None:
    """Back to the beginning."""
    syncs.begin(lambda: make(syncs))


def make(syncs: Syncs) -> None:
    """Two rows were refused; they and others have changed since."""
    syncs.pair.source.execute(
        "insert into items select n, case when n < 3 then 'bad' else 'item' end"
        " from generate_series(1, 8) as n",
    )
    syncs.pair.destination.execute("alter table items add constraint good check (name <> 'bad')")
    syncs.run()
    syncs.pair.source.execute(*EDITS)
    syncs.pair.destination.execute("alter table items drop constraint good", "truncate writes")


@pytest.mark.nightly("parts are chosen before the same road", but=("row limit",))
def test_a_killed_part_is_finished_and_nothing_else(
    child: Child, syncs: Syncs, part: tuple[dict[str, Any], str]
) -> None:
    asked, _ = part
    fresh: dict[str, Any] = {"retry_rejected": True}  # the end of it all: parked rows as well
    prepare(syncs)
    size = syncs.run(**asked).succeeded.total
    assert 0 < size <= LIMIT
    syncs.run(**fresh)
    expected = writes(syncs)
    for point in itertools.count(1):
        prepare(syncs)
        code = child.run(syncs, f"{point}:kill", None, None, None, None, asked)
        if code == SUCCEEDED:
            break
        assert code == -signal.SIGKILL
        before = writes(syncs).total()
        outcome = syncs.run(**asked)
        assert writes(syncs).total() <= size or before == size, f"killed at point {point}"
        assert outcome.succeeded.total <= size
        syncs.run(**fresh)
        assert writes(syncs) == expected, f"killed at point {point}"
        assert violations(syncs) == [], f"killed at point {point}"
    assert point > 10
