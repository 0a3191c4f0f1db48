"""Kill -9 at every failpoint of each mode and delete behaviour that is not the usual one.

What is there in the end, and how often each row was written, is the same as without the crash.
"""

from __future__ import annotations

import itertools
import signal
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from ..fix_children import Child
from ..fix_databases import Pair, Side
from ..fix_syncs import Syncs
from ..invariants import left_behind, log_writes, writes
from .child import SUCCEEDED

FILL = "insert into items select n, 'item ' || n, n from generate_series(1, 8) as n"
EDITS = (
    "update items set price = price + 1 where id in (2, 4)",
    "delete from items where id in (1, 3)",
    "insert into items values (100, 'new', 1), (101, 'bad', -1), (102, 'new', 2)",
)
BACK = ("insert into items values (1, 'back', 1)", "update items set price = 0 where id = 102")


@dataclass(frozen=True)
class Case:
    """A mode with one of the engines, and what the destination has before the first run."""

    fields: dict[str, Any]
    there: str = "insert into items (id) values (999)"
    schemas: dict[str, Any] = field(default_factory=dict)  # of ours at the destination

    @property
    def is_exact(self) -> bool:
        """Whether each row is written once; else at least once."""
        return "ledger" not in self.schemas


CASES = {
    "insert": Case({"mode": "insert", "engine": "standard"}),
    "update": Case(
        {"mode": "update", "engine": "lightning"},
        "insert into items (id) select n from generate_series(2, 101) as n",
    ),
    "soft_delete": Case({"delete": "soft_delete", "deleted_column": "gone", "engine": "standard"}),
    "clear_fields": Case({"delete": "clear_fields", "engine": "lightning", "state": "digest"}),
    "no ledger": Case({"delete": "delete_row", "engine": "lightning"}, schemas={"ledger": None}),
}


@pytest.fixture(params=[*CASES.values()], ids=[*CASES])
def case(request: pytest.FixtureRequest) -> Case:
    """A case."""
    chosen: Case = request.param
    return chosen


@pytest.fixture
def syncs(database_pair: Pair, platform_side: Side, case: Case) -> Syncs:
    """Its syncs, with their tables made."""
    made = Syncs(database_pair, platform=platform_side, fields=case.fields)
    made.destination = {"schemas": case.schemas}
    made.table("id int primary key, name text, price numeric")
    made.pair.destination.execute(
        "alter table items add constraint not_free check (price >= 0), add column gone timestamptz"
    )
    log_writes(made)
    return made


def prepare(syncs: Syncs, case: Case) -> None:
    """Back to the beginning."""
    syncs.begin(lambda: make(syncs, case))


def make(syncs: Syncs, case: Case) -> None:
    """A first run was done, then the model was edited."""
    syncs.pair.destination.execute(case.there)
    syncs.pair.source.execute(FILL)
    syncs.run(batch_size=4)
    syncs.pair.source.execute(*EDITS)
    syncs.pair.destination.execute("truncate writes")


def ended(syncs: Syncs) -> tuple[list[Any], Counter[tuple[str, str]]]:
    """The table and the writes after this run, after another edit, and after the run of that."""
    syncs.run(batch_size=4)
    syncs.pair.source.execute(*BACK)
    syncs.run(batch_size=4)
    rows = syncs.pair.destination.rows(
        "select id, name, price, gone is not null from items order by id"
    )
    return rows, writes(syncs)


@pytest.mark.nightly(
    "modes write by the same road: these differ most from an upsert",
    but=(
        "soft_delete",
        "no ledger",
    ),
)
def test_a_killed_run_is_finished_by_the_next(child: Child, syncs: Syncs, case: Case) -> None:
    prepare(syncs, case)
    expected, replayed = ended(syncs), 0
    for point in itertools.count(1):
        prepare(syncs, case)
        code = child.run(syncs, f"{point}:kill", None, batch_size=4)
        if code == SUCCEEDED:
            break
        assert code == -signal.SIGKILL
        rows, written = ended(syncs)
        assert rows == expected[0], f"killed at point {point}"
        assert expected[1] <= written, f"killed at point {point}"
        assert written == expected[1] or not case.is_exact, f"killed at point {point}"
        replayed += written != expected[1]
        assert left_behind(syncs) == []
    assert point > 10
    assert (replayed > 0) != case.is_exact
