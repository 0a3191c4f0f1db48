"""Kill -9 at the first failpoint, the second, the third .. until a run passes; then run again.

After each crash and rerun the destination is what the model says, nothing was written twice, and
nothing is left behind. The counts of writes are compared with those of a run that was not killed.
"""

from __future__ import annotations

import itertools
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from pgsync_assets import failpoints
from pgsync_assets.record import own_table

from ..fix_children import Child
from ..fix_databases import Side
from ..fix_syncs import Syncs
from ..invariants import left_behind, log_writes, violations, writes
from .child import SUCCEEDED

COLUMNS = "id bigint not null, day date not null, name text, price numeric, primary key (id, day)"
KEY: dict[str, Any] = {"model": {"table": "public.items", "key": ["id", "day"]}}
FILL = """
    insert into items select n, date '2024-01-01' + (n * 5)::int, 'item ' || n, n * 1.5
    from generate_series(1, 12) as n
"""
CHANGES = (
    "update items set price = price + 1 where id in (2, 4)",
    "update items set price = -1 where id = 6",
    "delete from items where id in (1, 12)",
    "insert into items values (100, '2024-01-05', 'new', 1), (101, '2024-01-06', 'bad', -1)",
)
HAS_OWN_TABLES = """
    select count(*) > 0 from pg_inherits
    where inhparent = any (array['hightouch_audit.changelog_rows',
        'hightouch_audit.changelog_columns']::regclass[])
"""
HALVES: dict[str, Any] = {"column": "day", "ranges": {"january": "2024-02-01", "later": None}}


@dataclass(frozen=True)
class Scenario:
    """What is there before the run that is killed, and how it runs."""

    before: tuple[str, ...]  # at the source, before a first run that is left alone
    changes: tuple[str, ...]  # at the source, before the run that is killed
    refused: frozenset[str]
    partitions: tuple[str | None, ...] = (None,)  # the first one is killed
    fields: dict[str, Any] = field(default_factory=dict)
    own_table: int = own_table.OWN_TABLE  # rows from which on a run's log is a table of its own

    def prepare(self, syncs: Syncs) -> None:
        """Back to the beginning."""
        syncs.begin(lambda: self._make(syncs))

    def _make(self, syncs: Syncs) -> None:
        """Tables filled, and the first run done."""
        if self.before:
            syncs.pair.source.execute(*self.before)
            self.run(syncs)
        syncs.pair.source.execute(*self.changes)
        syncs.pair.destination.execute("truncate writes")

    def run(self, syncs: Syncs) -> None:
        """A run that nobody kills."""
        for partition in self.partitions:
            syncs.run(partition=partition, **self.all_fields)

    def run_under(self, failpoint: str, child: Child, syncs: Syncs) -> int:
        """A run in another process, which may be killed. Its exit code."""
        return child.run(syncs, failpoint, self.partitions[0], **self.all_fields)

    @property
    def all_fields(self) -> dict[str, Any]:
        """Of the sync."""
        return KEY | {"delete": "delete_row", "audit": "full"} | self.fields


SCENARIOS = {
    "first sync in batches": Scenario(
        (), (FILL, CHANGES[1]), frozenset({"6"}), fields={"batch_size": 6}, own_table=1
    ),
    "first sync that is not stored": Scenario(
        (),
        (FILL, CHANGES[1]),
        frozenset({"6"}),
        fields={"batch_size": 4, "audit": "keys", "state": "digest"},
    ),
    "later sync in batches": Scenario(
        (FILL,),
        CHANGES,
        frozenset({"6", "101"}),
        fields={"batch_size": 4, "audit": "keys"},
    ),
    "partition": Scenario(
        (FILL,),
        CHANGES,
        frozenset({"6", "101"}),
        partitions=("january", "later"),
        fields={"batch_size": 100, "partitions": HALVES},
    ),
}


def forget(side: Side, *schemas: str) -> None:
    """Drops what we know of the table."""
    side.execute(
        "set client_min_messages = warning",
        *(f"drop schema {schema} cascade" for schema in schemas),
        *(f"create schema {schema} authorization {side.user}" for schema in schemas),
    )


@pytest.fixture(params=[*SCENARIOS.values()], ids=[*SCENARIOS])
def scenario(
    request: pytest.FixtureRequest, either: Syncs, monkeypatch: pytest.MonkeyPatch
) -> Scenario:
    """A scenario, with its tables made."""
    either.table(COLUMNS)
    either.pair.destination.execute("alter table items add constraint not_free check (price >= 0)")
    log_writes(either)
    chosen: Scenario = request.param
    monkeypatch.setattr(own_table, "OWN_TABLE", chosen.own_table)
    return chosen


def uncrashed(syncs: Syncs, scenario: Scenario) -> Counter[tuple[str, str]]:
    """What a run writes that nothing befalls."""
    scenario.prepare(syncs)
    scenario.run(syncs)
    assert violations(syncs, scenario.refused) == []
    assert syncs.keeper.rows(HAS_OWN_TABLES) == [(scenario.own_table == 1,)]
    return writes(syncs)


def points(child: Child, syncs: Syncs, scenario: Scenario) -> Iterator[int]:
    """Kills a run at its first point, at its second .. until one passes."""
    for point in itertools.count(1):
        scenario.prepare(syncs)
        code = scenario.run_under(f"{point}:kill", child, syncs)
        if code == SUCCEEDED:
            return
        assert code == -signal.SIGKILL
        yield point


def test_a_killed_run_is_finished_by_the_next(
    child: Child, either: Syncs, scenario: Scenario
) -> None:
    expected = uncrashed(either, scenario)
    killed = 0
    for point in points(child, either, scenario):
        killed += 1
        scenario.run(either)
        assert violations(either, scenario.refused) == [], f"killed at point {point}"
        assert writes(either) == expected, f"killed at point {point}"
    assert killed >= 10


def test_the_run_that_recovers_may_be_killed_as_well(
    child: Child, either: Syncs, scenario: Scenario
) -> None:
    expected = uncrashed(either, scenario)
    scenario.prepare(either)
    for point in itertools.count(1):  # never back to the beginning: each finds the last one's end
        if scenario.run_under(f"{point}:kill", child, either) == SUCCEEDED:
            break
    scenario.run(either)
    assert violations(either, scenario.refused) == []
    assert writes(either) == expected


@pytest.mark.parametrize("scenario", [SCENARIOS["first sync in batches"]], indirect=True)
def test_a_cancelled_run_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, either: Syncs, scenario: Scenario
) -> None:
    expected = uncrashed(either, scenario)
    for point in itertools.count(1):
        scenario.prepare(either)
        with monkeypatch.context() as patch:
            patch.setattr(failpoints, "_reached", 0)
            patch.setenv(failpoints.VARIABLE, f"{point}:raise")
            try:
                scenario.run(either)
                break
            except failpoints.FailpointReached:
                assert left_behind(either) == [], f"cancelled at point {point}"
        scenario.run(either)
        assert violations(either, scenario.refused) == [], f"cancelled at point {point}"
        assert writes(either) == expected, f"cancelled at point {point}"
    assert point >= 10
