"""Kill -9 around the settlement of a run: what it was refused counts once, and stays parked."""

from __future__ import annotations

import signal
from typing import Any

from pgsync_assets import operations

from ..fix_children import Child
from ..fix_syncs import Syncs
from ..invariants import violations

POINTS = (
    *("plan stored", "batch counted", "batch committed", "audit written", "snapshot advanced"),
    *("run closed", "settled"),
)
FIELDS: dict[str, Any] = {"retry_rejected": False, "batch_size": 2, "audit": "full"}
COUNTED = "select row_id, attempts, is_parked from hightouch_planner.refused_rows"


def test_attempts_are_counted_once(child: Child, syncs: Syncs) -> None:
    syncs.table("id int primary key, price numeric")
    syncs.pair.destination.execute("alter table items add constraint cheap check (price < 100)")
    syncs.pair.source.execute("insert into items select n, n from generate_series(1, 5) as n")
    syncs.run(**FIELDS)
    syncs.pair.source.execute("update items set price = 500 where id = 2")
    syncs.run(**FIELDS)
    for attempts, point in enumerate(POINTS, 2):
        assert operations.retry(syncs.config(**FIELDS), *syncs.endpoints).rows == 1
        syncs.pair.source.execute("update items set price = price + 1")
        assert child.run(syncs, f"{point}:kill", None, **FIELDS) == -signal.SIGKILL
        outcome = syncs.run(**FIELDS)
        tried = outcome.rejected + (outcome.recovered.rejected if outcome.recovered else 0)
        assert tried + outcome.parked >= 1, f"killed at {point}: nobody says that a row is missing"
        assert syncs.keeper.rows(COUNTED) == [("2", attempts, True)], f"killed at {point}"
        assert violations(syncs, {"2"}) == [], f"killed at {point}"
