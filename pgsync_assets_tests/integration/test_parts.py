"""A run that sends a part of the changes: the others stay changes, and nothing is lost or twice."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest

from pgsync_assets.errors import ConfigurationError, GuardError
from pgsync_assets.outcome import Counts, Outcome

from ..faults.test_crash_at_every_step import forget
from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA
from ..fix_syncs import ENGINES, Syncs
from ..invariants import log_writes, violations, writes

COLUMNS = "id int primary key, name text, part int, seen int"
FILL = "insert into items select n, 'item', n % 2, n from generate_series(1, 20) as n"
RUNS = "select num_planned_add, num_attempted_add, num_left, status from hightouch_audit.sync_runs"
# What a sync is beside its engine, and whether its runs are of partitions.
KINDS: dict[str, dict[str, Any]] = {
    "upsert": {"delete": "delete_row"},
    "insert": {"mode": "insert"},
    "update": {"mode": "update", "delete": "clear_fields"},
    "soft_delete": {"delete": "soft_delete", "deleted_column": "gone"},
    "cursor": {"cursor": {"column": "seen", "lag": 1}},
    "parks": {"delete": "delete_row", "retry_rejected": False},
    "own states": {"delete": "delete_row", "partitions": {"hash": 2}},
    "shared state": {
        "delete": "delete_row",
        "partitions": {"column": "part", "values": {"even": [0], "odd": [1]}},
    },
}
# Every kind once, and each engine more than once.
CASES = list(zip(KINDS, [*ENGINES] * 3, strict=False))


@pytest.fixture
def syncs(database_pair: Any, platform_side: Any) -> Syncs:
    """Rows whose writes are counted; the destination takes none that is named `bad`."""
    made = Syncs(database_pair, platform=platform_side)
    made.table(COLUMNS)
    made.pair.destination.execute("alter table items add constraint good check (name <> 'bad')")
    log_writes(made)
    return made


def edits() -> Iterator[str]:
    """Statements that change every kind of thing, the same ones each time."""
    dice = random.Random(1)  # noqa: S311 - no secret
    for number in range(30):
        row = dice.randint(1, 24)
        yield dice.choice(
            [
                f"update items set name = 'edit {number}', seen = {30 + number} where id = {row}",
                f"update items set name = 'bad', seen = {30 + number} where id = {row}",
                f"delete from items where id = {row}",
                f"insert into items values ({row}, 'back', {row % 2}, {30 + number})"
                " on conflict do nothing",
            ]
        )


def names(syncs: Syncs) -> list[Any]:
    """The partitions of a sync; `[None]` for one without."""
    config = syncs.config()
    return [None] if config.partitions is None else [p.name for p in partitions(syncs)]


def partitions(syncs: Syncs) -> list[Any]:
    return list(syncs.config().all_partitions(dt.datetime.now(dt.timezone.utc)))


def in_parts(syncs: Syncs, limit: int) -> list[Outcome]:
    """Runs of `limit` changes each, until all that are left are refused ones."""
    done = []
    for name in names(syncs):
        while True:
            done.append(syncs.run(name, row_limit=limit))
            assert done[-1].attempted.total <= limit
            if not (done[-1].left and done[-1].succeeded.total):
                break
        done.append(syncs.run(name))
        assert done[-1].succeeded.total == 0
    return done


def state_of(syncs: Syncs) -> list[Any]:
    """What the planner knows of each row of the model, in any form, and what is refused."""
    found: list[Any] = []
    states = (
        "select id, shape ->> 'holds', row_count from hightouch_planner.states order by partition"
    )
    for state, holds, rows in syncs.keeper.rows(states):
        kept = "name" if holds == "rows" else "_pgsync_digest"
        query = f"select id, {kept} from hightouch_planner.snapshot_{state} order by id"  # noqa: S608
        found += [rows, *syncs.keeper.rows(query)]
    refused = "select row_id, operation, is_parked from hightouch_planner.refused_rows order by 1"
    return found + syncs.keeper.rows(refused)


@pytest.mark.parametrize(("kind", "of"), CASES)
def test_many_parts_come_to_what_one_run_does(syncs: Syncs, kind: str, of: str) -> None:
    syncs.fields = ENGINES[of] | KINDS[kind]
    there = "select id, name, part, to_jsonb(items) ->> 'gone' is null from items order by id"
    if kind == "soft_delete":
        syncs.pair.destination.execute("alter table items add gone timestamptz")
    ends = []
    for limit in (1000, 5):
        for side in (syncs.pair.source, syncs.pair.destination):
            side.execute("truncate items")
        syncs.pair.destination.execute("truncate writes")
        forget(syncs.keeper, PLANNER_SCHEMA, AUDIT_SCHEMA)
        forget(syncs.pair.destination, LEDGER_SCHEMA)
        if kind == "update":
            syncs.pair.destination.execute(
                "insert into items (id) select generate_series(1, 24)", "truncate writes"
            )
        syncs.pair.source.execute(FILL)
        outcomes = in_parts(syncs, limit)
        syncs.pair.source.execute(*edits())
        outcomes += in_parts(syncs, limit)
        assert (sum(one.left for one in outcomes) > 0) == (limit == 5)
        bad = {str(n) for (n,) in syncs.pair.source.rows("select id from items where name = 'bad'")}
        if kind in ("upsert", "parks", "own states", "shared state"):
            refused = "select row_id from hightouch_planner.refused_rows"
            bad |= {row_id for (row_id,) in syncs.keeper.rows(refused)}
            assert violations(syncs, bad) == []
        ends.append((syncs.pair.destination.rows(there), writes(syncs), state_of(syncs)))
    assert ends[0] == ends[1]


def test_a_first_sync_is_cut_and_goes_on(syncs: Syncs) -> None:
    syncs.pair.source.execute(FILL)
    outcome = syncs.run(row_limit=5)
    assert (outcome.succeeded, outcome.left, outcome.row_count) == (Counts(added=5), 15, 5)
    assert "15 of 20 changes are left to the next run" in outcome.notes[0]
    assert syncs.keeper.rows(RUNS) == [(5, 5, 15, "succeeded")]
    found = syncs.verify()
    assert (found.same, found.pending, found.in_step) == (5, Counts(added=15), True)
    outcome = syncs.run()
    assert (outcome.succeeded, outcome.left) == (Counts(added=15), 0)
    assert violations(syncs) == []
    assert set(writes(syncs).values()) == {1}


def test_a_full_resync_goes_on_where_the_limit_stopped_it(syncs: Syncs) -> None:
    syncs.pair.source.execute(FILL)
    syncs.run(delete="delete_row")
    syncs.pair.source.execute("delete from items where id = 20")
    syncs.pair.destination.execute("update items set name = 'somebody else'")
    first = syncs.run(full_resync=True, row_limit=8, delete="delete_row")
    assert (first.planned, first.left) == (Counts(changed=7, removed=1), 12)
    second = syncs.run(delete="delete_row")
    assert (second.planned, second.left) == (Counts(changed=12), 0)
    assert violations(syncs) == []
    assert syncs.run(delete="delete_row").planned == Counts()


def test_a_full_resync_of_a_shared_state_takes_no_limit(syncs: Syncs) -> None:
    syncs.fields = KINDS["shared state"]
    syncs.pair.source.execute(FILL)
    syncs.run("even")
    with pytest.raises(ConfigurationError, match="share one state"):
        syncs.run("even", full_resync=True, row_limit=2)


def test_a_row_that_is_always_refused_keeps_nobody_waiting(syncs: Syncs) -> None:
    syncs.pair.source.execute(FILL, "update items set name = 'bad' where id <= 3")
    outcomes = [syncs.run(row_limit=1) for _ in range(23)]
    assert sum(one.succeeded.total for one in outcomes) == 17
    assert violations(syncs, {"1", "2", "3"}) == []
    syncs.run(row_limit=1)
    attempts = "select attempts from hightouch_planner.refused_rows order by attempts"
    tried = [n for (n,) in syncs.keeper.rows(attempts)]
    assert tried[-1] - tried[0] <= 1  # each in turn


def test_rows_without_a_key_are_in_no_limit_and_said_each_time(syncs: Syncs) -> None:
    syncs.pair.source.execute("alter table items drop constraint items_pkey", FILL)
    syncs.pair.source.execute("insert into items values (7, 'twin', 0, 0)")
    for left in (14, 9):
        outcome = syncs.run(row_limit=5)
        assert (outcome.succeeded, outcome.invalid, outcome.left) == (Counts(added=5), 2, left)
    syncs.run()
    assert violations(syncs, {"7"}) == []


def test_the_guard_judges_all_changes(syncs: Syncs) -> None:
    syncs.pair.source.execute(FILL)
    syncs.run(delete="delete_row")
    syncs.pair.source.execute("delete from items where id > 2")
    with pytest.raises(GuardError, match="18 of 20 rows") as stopped:
        syncs.run(delete="delete_row", row_limit=3)
    assert stopped.value.plan_id is not None
    outcome = syncs.apply(stopped.value.plan_id, delete="delete_row")
    assert (outcome.succeeded, outcome.left) == (Counts(removed=3), 15)
    assert syncs.pair.destination.rows("select count(*) from items") == [(17,)]


def test_a_part_that_was_planned_is_applied_as_it_was_shown(syncs: Syncs) -> None:
    syncs.pair.source.execute(FILL)
    shown = syncs.plan(row_limit=4)
    assert (shown.counts, shown.left, len(shown.changes)) == (Counts(added=4), 16, 4)
    assert syncs.plan(row_limit=4).run_id == shown.run_id
    assert syncs.plan(row_limit=5).run_id != shown.run_id
    outcome = syncs.apply(syncs.plan(row_limit=5).run_id)
    assert (outcome.succeeded, outcome.left) == (Counts(added=5), 15)
    assert syncs.run().succeeded == Counts(added=15)
    assert violations(syncs) == []


@pytest.mark.parametrize("of", ENGINES)
def test_only_rejected_rows_are_sent(syncs: Syncs, of: str) -> None:
    syncs.fields = ENGINES[of] | {"delete": "delete_row", "retry_rejected": False}
    syncs.pair.source.execute(FILL, "update items set name = 'bad' where id <= 3")
    syncs.run()
    syncs.pair.source.execute(
        "update items set name = 'good' where id = 1",
        "delete from items where id = 2",
        "update items set name = 'other' where id = 10",
        "insert into items values (100, 'new', 0, 0)",
    )
    assert syncs.run(row_limit=100).parked == 2  # the second one is forgotten
    syncs.pair.source.execute("update items set name = 'later' where id = 11")
    syncs.pair.destination.execute("alter table items drop constraint good")
    outcome = syncs.run(only_rejected=True)
    assert (outcome.succeeded, outcome.left, outcome.parked) == (Counts(added=2), 1, 0)
    assert syncs.run().succeeded == Counts(changed=1)
    assert violations(syncs) == []


def test_rejected_rows_that_are_refused_again_stay_so(syncs: Syncs) -> None:
    syncs.pair.source.execute(FILL, "update items set name = 'bad' where id <= 3")
    syncs.run()
    syncs.pair.source.execute("update items set name = 'later' where id = 11")
    outcome = syncs.run(only_rejected=True, row_limit=2)
    assert (outcome.failed, outcome.left) == (Counts(added=2), 2)
    outcome = syncs.run(only_rejected=True, row_limit=1)
    assert (outcome.failed, outcome.left) == (Counts(added=1), 3)
    attempts = "select attempts from hightouch_planner.refused_rows"
    assert syncs.keeper.rows(attempts) == [(2,)] * 3
    assert syncs.run().succeeded == Counts(changed=1)
    assert violations(syncs, {"1", "2", "3"}) == []


def test_where_nothing_is_rejected_nothing_is_sent(syncs: Syncs) -> None:
    syncs.pair.source.execute(FILL)
    outcome = syncs.run(only_rejected=True)
    assert (outcome.planned, outcome.left) == (Counts(), 20)
    assert syncs.run().succeeded == Counts(added=20)
    assert violations(syncs) == []


def test_what_cannot_be_asked_for(syncs: Syncs) -> None:
    with pytest.raises(ConfigurationError, match="row limit of 0"):
        syncs.run(row_limit=0)
    with pytest.raises(ConfigurationError, match="every row again"):
        syncs.run(full_resync=True, only_rejected=True)
