"""A state that is moved to another name: killed at every point, and slept through.

The same command again finishes what was begun; meanwhile neither name can run without a word.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections import Counter
from typing import Any

import pytest

from pgsync_assets import failpoints, operations
from pgsync_assets import sync as engine
from pgsync_assets.errors import ConfigurationError, HistoryError
from pgsync_assets.outcome import Outcome

from ..fix_children import Child
from ..fix_databases import LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, Side
from ..fix_syncs import Syncs
from ..invariants import left_behind, log_writes, violations, writes
from .child import FAILED, SUCCEEDED

NO_LEDGER = {"schemas": {"ledger": None}}
HALVES: dict[str, Any] = {"partitions": {"column": "id", "ranges": {"low": 7, "high": None}}}
REFUSED = {"6"}
FILL = "insert into items select n, 'item ' || n, n from generate_series(1, 12) as n"
CHANGES = (
    "update items set price = price + 100 where id in (2, 4, 8, 9)",
    "update items set price = -1 where id = 6",
    "delete from items where id in (1, 12)",
)


@pytest.fixture
def made(database_pair: Pair, platform_side: Side) -> Syncs:
    """The tables; a negative price is refused."""
    syncs = Syncs(database_pair, platform=platform_side)
    syncs.table("id bigint primary key, name text, price numeric")
    syncs.pair.destination.execute("alter table items add constraint not_free check (price >= 0)")
    log_writes(syncs)
    syncs.fields = {"batch_size": 2, "delete": "delete_row", "audit": "full"}
    return syncs


def prepare(child: Child, syncs: Syncs) -> None:
    """Back to the beginning."""
    syncs.begin(lambda: make(child, syncs))


def make(child: Child, syncs: Syncs) -> None:
    """A run of the sync `old` that was killed in the middle, in each of its partitions."""
    syncs.pair.source.execute(FILL)
    for partition in partitions(syncs):
        syncs.run(partition, name="old")
    syncs.pair.source.execute(*CHANGES)
    syncs.pair.destination.execute("truncate writes")
    for partition in partitions(syncs):
        code = child.run(syncs, "batch committed:kill", partition, name="old")
        assert code == -signal.SIGKILL


def partitions(syncs: Syncs) -> tuple[str | None, ...]:
    return ("low", "high") if "partitions" in syncs.fields else (None,)


def move(syncs: Syncs) -> None:
    operations.move("old", syncs.config(), *syncs.endpoints, platform=syncs.platform_endpoint)


def run(syncs: Syncs) -> list[Outcome]:
    """What a project does whose sync `old` is named `items` now."""
    config, platform = syncs.config(), syncs.platform_endpoint
    return [
        engine.run(
            config,
            *syncs.endpoints,
            platform=platform,
            partition=config.partition_named(name) if name else None,
            known=["items"],
        )
        for name in partitions(syncs)
    ]


def uninterrupted(child: Child, syncs: Syncs) -> Counter[tuple[str, str]]:
    prepare(child, syncs)
    move(syncs)
    assert all(outcome.recovered for outcome in run(syncs))
    assert wrong(syncs) == []
    written = writes(syncs)
    assert set(written.values()) == {1}
    return written


def wrong(syncs: Syncs) -> list[str]:
    """What is not as it has to be; the books of a ledger, where the destination has one."""
    if not syncs.destination:
        return violations(syncs, REFUSED)
    is_same = syncs.same("items where id <> 6")
    return [*([] if is_same else ["the tables differ"]), *left_behind(syncs)]


def states(syncs: Syncs) -> set[str]:
    query = f"select sync from {PLANNER_SCHEMA}.states where shape is not null"
    return {name for (name,) in syncs.keeper.rows(query)}


def test_a_move_that_was_killed_is_finished_by_the_next(child: Child, made: Syncs) -> None:
    made.fields |= HALVES
    expected = uninterrupted(child, made)
    for point in itertools.count(1):
        prepare(child, made)
        if child.run(made, f"{point}:kill", old="old") == SUCCEEDED:
            break
        nobody_runs_without_a_word(made)
        move(made)
        assert states(made) == {"items"}, f"killed at point {point}"
        run(made)
        assert wrong(made) == [], f"killed at point {point}"
        assert writes(made) == expected, f"killed at point {point}"
    assert point >= 4


@pytest.mark.parametrize("destination", [{}, NO_LEDGER], ids=["ledger", "no ledger"])
def test_the_move_that_finishes_another_may_be_killed_as_well(
    child: Child, made: Syncs, destination: dict[str, Any]
) -> None:
    made.fields["engine"] = "standard"
    made.destination = destination
    expected = uninterrupted(child, made)
    prepare(child, made)
    for point in itertools.count(1):  # never back to the beginning: each finds the last one's end
        if child.run(made, f"{point}:kill", old="old") == SUCCEEDED:
            break
        nobody_runs_without_a_word(made)
    assert states(made) == {"items"}
    run(made)
    assert wrong(made) == []
    assert writes(made) == expected


def nobody_runs_without_a_word(syncs: Syncs) -> None:
    """Half moved, the new name is refused."""
    if states(syncs) == {"old"}:
        with pytest.raises((ConfigurationError, HistoryError)):
            run(syncs)


@pytest.mark.parametrize("asleep_at", ["plan stored", "batch counted"])
def test_a_run_that_slept_through_a_move_writes_nothing(
    child: Child, made: Syncs, asleep_at: str
) -> None:
    made.pair.source.execute(FILL)
    made.run(name="old")
    made.pair.source.execute(*CHANGES)
    child.start(made, f"{asleep_at}:stop", name="old", known=("old",))
    what, pid = child.answer()
    assert what == "stopped"
    for side in (made.pair.source, made.pair.destination):
        side.rows(  # the network between them was gone for too long
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and application_name like 'pgsync/%'"
        )
    move(made)
    run(made)
    made.pair.source.execute("update items set name = 'newer' where id in (2, 3)")
    run(made)
    expected = writes(made)
    os.kill(pid, signal.SIGCONT)
    while (answer := child.answer())[0] == "stopped":  # at the same point of its next try
        os.kill(answer[1], signal.SIGCONT)
    # It tries again by its old name, and finds the state of a sync that it does not know.
    assert answer == ("exit", FAILED)
    assert violations(made, REFUSED) == []
    assert writes(made) == expected


def test_a_drop_that_was_killed_is_finished_by_the_next(
    child: Child, made: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.fields |= HALVES
    prepare(child, made)
    shop, crm = made.endpoints
    for point in itertools.count(1):  # never back to the beginning
        with monkeypatch.context() as patch:
            patch.setattr(failpoints, "_reached", 0)
            patch.setenv(failpoints.VARIABLE, f"{point}:raise")
            try:
                operations.drop_left("old", shop, crm)
                break
            except failpoints.FailpointReached:
                pass
    assert states(made) == set()
    assert made.pair.destination.rows(f"select * from {LEDGER_SCHEMA}.pgsync_ledger") == []
    assert point >= 4
