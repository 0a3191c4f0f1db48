"""Kill -9 at every failpoint of a run with a cursor: it never passes rows that were not sent.

All rows that changed have one moment in the cursor's column, and there are several batches of them:
whoever kept the moment of the last batch as the place to go on from would lose the rest.
"""

from __future__ import annotations

import itertools
import signal
from typing import Any

import pytest

from ..fix_children import Child
from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes
from .child import SUCCEEDED

FIELDS: dict[str, Any] = {
    "batch_size": 2,
    "cursor": {"column": "seen", "lag": "1 second"},
}
FILL = "insert into items select n, 'item', '2024-01-01' from generate_series(1, 8) as n"
EDITS = (
    "update items set name = 'new', seen = '2024-02-02' where id <= 5",
    "insert into items values (9, 'new', '2024-02-02'), (10, 'bad', '2024-02-02')",
)
WRITTEN = {*(("UPDATE", str(n)) for n in range(1, 6)), ("INSERT", "9")}


@pytest.fixture
def items(either: Syncs) -> Syncs:
    """A table of which the destination refuses one row."""
    either.table("id int primary key, name text, seen timestamptz")
    either.pair.destination.execute("alter table items add constraint good check (name <> 'bad')")
    log_writes(either)
    return either


def make(syncs: Syncs) -> None:
    """A first run was done, then the model was edited."""
    syncs.pair.source.execute(FILL)
    syncs.run(**FIELDS)
    syncs.pair.source.execute(*EDITS)
    syncs.pair.destination.execute("truncate writes")


@pytest.mark.nightly("both engines keep a cursor in one way", but=("lightning",))
def test_the_next_run_sends_what_was_not_sent(child: Child, items: Syncs) -> None:
    for point in itertools.count(1):
        items.begin(lambda: make(items))
        code = child.run(items, f"{point}:kill", **FIELDS)
        items.run(**FIELDS)
        assert writes(items) == dict.fromkeys(WRITTEN, 1), f"killed at point {point}"
        assert violations(items, {"10"}) == [], f"killed at point {point}"
        if code == SUCCEEDED:
            break
        assert code == -signal.SIGKILL
    assert point > 20
