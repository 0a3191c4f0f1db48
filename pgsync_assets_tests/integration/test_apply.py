"""A plan that is applied writes exactly its rows, or is refused in words that say why."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import operations
from pgsync_assets.config import Interval, Partition
from pgsync_assets.errors import GuardError, StalePlan
from pgsync_assets.outcome import Counts

from ..fix_syncs import ENGINES, Syncs
from ..invariants import log_writes, violations, writes

DELETES: dict[str, Any] = {"delete": "delete_row"}
CHANGES = (
    "update items set name = 'new' where id in (1, 2)",
    "delete from items where id = 3",
    "insert into items values (11, 'added')",
)
LATER = (
    "update items set name = 'later' where id in (1, 4)",
    "insert into items values (3, 'back'), (12, 'later')",
    "delete from items where id = 11",
)


@pytest.fixture
def items(every: Syncs) -> Syncs:
    """Ten rows to send."""
    every.table("id int primary key, name text")
    every.pair.source.execute("insert into items select n, 'x' from generate_series(1, 10) as n")
    every.fields = every.fields | DELETES
    log_writes(every)
    return every


@pytest.fixture
def filled(items: Syncs) -> Syncs:
    """Ten rows are in, and some have changed since."""
    items.run()
    items.pair.destination.execute("truncate writes")
    items.pair.source.execute(*CHANGES)
    return items


def names(syncs: Syncs) -> dict[int, str]:
    return dict(syncs.pair.destination.rows("select id, name from items"))


def refused(syncs: Syncs, number: int, why: str, **fields: Any) -> None:
    """The plan is not applied, and nothing is written."""
    before = writes(syncs)
    with pytest.raises(StalePlan, match=why):
        syncs.apply(number, **fields)
    assert writes(syncs) == before


def test_exactly_the_plan_although_the_source_has_changed_since(filled: Syncs) -> None:
    planned = filled.plan()
    filled.pair.source.execute(*LATER)
    outcome = filled.apply(planned.run_id)
    assert outcome.run_id == planned.run_id
    assert outcome.succeeded == planned.counts == Counts(added=1, changed=2, removed=1)
    there = names(filled)
    assert (there[1], there[2], there[4], there[11]) == ("new", "new", "x", "added")
    assert there.keys() == {1, 2, *range(4, 12)}
    assert filled.run().succeeded == Counts(added=2, changed=2, removed=1)
    assert violations(filled) == []
    approved = "select status, approved_by from hightouch_planner.runs where id = 2"
    assert filled.keeper.rows(approved) == [("settled", "ada")]


def test_a_first_sync(items: Syncs) -> None:
    planned = items.plan(batch_size=4)
    items.pair.source.execute(*CHANGES)
    assert items.apply(planned.run_id).succeeded == Counts(added=10)
    assert set(names(items).values()) == {"x"}
    assert items.run().succeeded == Counts(added=1, changed=2, removed=1)
    assert violations(items) == []


def test_a_full_resync(filled: Syncs) -> None:
    planned = filled.plan(full_resync=True)
    assert planned.counts == Counts(added=1, changed=9, removed=1)
    filled.pair.destination.execute("update items set name = 'somebody else'")
    assert filled.apply(planned.run_id).succeeded == planned.counts
    assert violations(filled) == []


def test_a_full_resync_mends_histories_that_differ(filled: Syncs) -> None:
    filled.pair.destination.execute("delete from pgsync_ledger.pgsync_ledger", "truncate items")
    planned = filled.plan(full_resync=True)
    assert filled.apply(planned.run_id).succeeded == planned.counts
    assert violations(filled) == []


def test_a_plan_without_changes(filled: Syncs) -> None:
    filled.run()
    assert filled.apply(filled.plan().run_id).planned == Counts()
    assert violations(filled) == []


def test_what_the_guard_stopped(filled: Syncs) -> None:
    filled.pair.source.execute("delete from items where id > 2")
    with pytest.raises(GuardError) as caught:
        filled.run()
    number = caught.value.plan_id
    assert number is not None
    assert filled.apply(number).succeeded == Counts(changed=2, removed=8)
    recorded = filled.keeper.rows(
        "select sync_run_id, status, error, num_succeeded_remove"
        " from hightouch_audit.sync_runs order by 1"
    )
    assert recorded == [(1, "succeeded", None, 0), (2, "succeeded", None, 8)]
    assert violations(filled) == []


def test_refused_rows_and_bad_keys_are_those_of_the_plan(filled: Syncs) -> None:
    filled.pair.destination.execute("alter table items add constraint short check (name <> 'new')")
    sql = "select * from public.items union all select null, 'nobody'"
    model = {"sql": sql, "key": ["id"]}
    filled.run(model=model)
    filled.pair.source.execute("update items set name = 'new' where id = 5")
    planned = filled.plan(model=model)
    outcome = filled.apply(planned.run_id, model=model)
    assert (outcome.succeeded, outcome.failed) == (Counts(), Counts(added=1, changed=3))
    assert violations(filled, {"1", "2", "5", "(null)"}) == []


def test_a_run_has_written_since(filled: Syncs) -> None:
    planned = filled.plan()
    filled.pair.source.execute("delete from items where id = 9")
    run = filled.run()
    refused(filled, planned.run_id, f"run {run.run_id} has written since")


def test_a_run_without_changes_leaves_a_plan_applicable(filled: Syncs) -> None:
    planned = filled.plan()
    filled.pair.source.execute(  # as it was
        "update items set name = 'x'",
        "insert into items values (3, 'x')",
        "delete from items where id = 11",
    )
    assert filled.run().planned == Counts()
    assert filled.apply(planned.run_id).succeeded == planned.counts


def test_another_plan_has_replaced_it(filled: Syncs) -> None:
    old = filled.plan()
    assert filled.plan().run_id == old.run_id
    filled.pair.source.execute("delete from items where id = 9")
    new = filled.plan()
    refused(filled, old.run_id, f"it was replaced by plan {new.run_id}")
    assert filled.apply(new.run_id).succeeded == Counts(added=1, changed=2, removed=2)


def test_the_plan_that_was_dropped_for_the_same_one(filled: Syncs) -> None:
    old = filled.plan()
    filled.plan()
    refused(filled, old.run_id + 1, f"plan {old.run_id}, which is held, writes the same rows")


@pytest.mark.parametrize(
    "changed", [{"columns": ["id"]}, {"delete": "do_nothing"}, {"table": "public.others"}]
)
def test_the_configuration_has_changed(filled: Syncs, changed: dict[str, Any]) -> None:
    filled.pair.destination.execute("create table others (id int primary key, name text)")
    filled.pair.destination.grant_table("others", "select", "insert", "update", "delete")
    planned = filled.plan()
    refused(filled, planned.run_id, "the configuration has changed since", **changed)
    assert filled.apply(planned.run_id).succeeded == planned.counts


def test_another_destination(filled: Syncs) -> None:
    planned = filled.plan()
    filled.pair.destination.execute(
        "drop schema pgsync_ledger cascade",
        f"create schema pgsync_ledger authorization {filled.pair.destination.user}",
    )
    refused(filled, planned.run_id, "another database than crm is now")


def test_no_such_plan(filled: Syncs) -> None:
    refused(filled, 4711, "there is no plan 4711 at")
    refused(filled, 1, "it was applied already")
    filled.table("id int primary key, name text", "others")
    other: dict[str, Any] = {
        "name": "others",
        "table": "public.others",
        "model": {"table": "public.others", "key": ["id"]},
    }
    planned = filled.plan(**other)
    refused(filled, planned.run_id, "it is a plan of the sync 'others', not of 'items'")


def test_applied_twice(filled: Syncs) -> None:
    planned = filled.plan()
    filled.apply(planned.run_id)
    refused(filled, planned.run_id, "it was applied already")


def test_discarded(filled: Syncs) -> None:
    planned = filled.plan()
    filled.discard(planned.run_id)
    refused(filled, planned.run_id, "it was discarded by ada")
    with pytest.raises(StalePlan, match="cannot be discarded: it was discarded by ada"):
        filled.discard(planned.run_id)
    assert filled.run().succeeded == planned.counts
    assert violations(filled) == []


def test_a_plan_of_a_partition(either: Syncs) -> None:
    either.table("id int, day date, name text, primary key (id, day)")
    either.pair.source.execute(
        "insert into items select n, date '2024-01-01' + n, 'x' from generate_series(1, 59) as n"
    )
    fields: dict[str, Any] = DELETES | {"model": {"table": "public.items", "key": ["id", "day"]}}
    january = Partition("2024-01-01", Interval("day", "2024-01-01", "2024-02-01"), is_of_key=True)
    february = Partition("2024-02-01", Interval("day", "2024-02-01", "2024-03-01"), is_of_key=True)
    first = either.plan(partition=january, **fields)
    second = either.plan(partition=february, **fields)
    assert (first.partition, first.counts) == ("2024-01-01", Counts(added=30))
    refused_with = "it is about 2024-01-01, not about 2024-02-01"
    with pytest.raises(StalePlan, match=refused_with):
        either.apply(first.run_id, february, **fields)
    assert either.apply(second.run_id, february, **fields).succeeded == second.counts
    assert either.apply(first.run_id, january, **fields).succeeded == first.counts
    assert violations(either) == []


def test_a_switched_engine_does_not_take_plans_along(items: Syncs) -> None:
    items.run()
    items.pair.source.execute(*CHANGES)
    planned = items.plan()
    own = items.fields["engine"]
    other = "standard" if own == "lightning" else "lightning"
    items.fields = items.fields | {"state": None} | ENGINES[other]
    assert items.run().succeeded == planned.counts
    items.fields = items.fields | {"state": None} | ENGINES[own]
    refused(items, planned.run_id, "the engine was switched since")


def test_the_whole_model_was_compared_when_it_was_planned(items: Syncs) -> None:
    planned = items.plan()
    items.apply(planned.run_id)
    query = """
        select s.full_at = r.planned_at from hightouch_planner.states as s
        join hightouch_planner.runs as r on r.state_id = s.id
    """
    assert items.keeper.rows(query) == [(True,)]


def test_a_reset_forgets_a_plan(filled: Syncs) -> None:
    planned = filled.plan()
    operations.reset(filled.config(), *filled.endpoints, platform=filled.platform_endpoint)
    refused(filled, planned.run_id, "the state was reset since")
