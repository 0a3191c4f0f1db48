"""Another engine, in either direction: nothing is sent again, and nothing is lost."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from pgsync_assets import failpoints
from pgsync_assets.errors import HistoryError, PrivilegeError
from pgsync_assets.outcome import Counts

from ..fix_databases import Pair, Side
from ..fix_syncs import ENGINES, Syncs
from ..invariants import log_writes, violations, writes

DELETES: dict[str, Any] = {"delete": "delete_row"}
SWITCHES = list(itertools.permutations(ENGINES, 2))


@pytest.fixture
def filled(database_pair: Pair, platform_side: Side) -> Syncs:
    """Twelve rows to send, of which one is refused."""
    syncs = Syncs(database_pair, platform=platform_side)
    syncs.table("id int primary key, name text, price numeric, seen timestamptz, kind char(5)")
    syncs.pair.destination.execute("alter table items add constraint cheap check (price < 1000)")
    log_writes(syncs)
    syncs.pair.source.execute(
        "insert into items select n, 'item ' || n, n, '2024-01-01', 'a'"
        " from generate_series(1, 12) as n",
        "update items set price = 5000 where id = 5",
    )
    return syncs


def switch(syncs: Syncs, engine: str) -> None:
    """As the user changes `engine:` in the YAML."""
    syncs.fields = ENGINES[engine] | DELETES


@pytest.mark.parametrize(("old", "new"), SWITCHES)
def test_nothing_is_sent_again(filled: Syncs, old: str, new: str) -> None:
    switch(filled, old)
    filled.run()
    filled.pair.destination.execute("truncate writes")
    filled.pair.source.execute(  # just before the switch
        "update items set price = 1.00 where id = 1", "delete from items where id = 2"
    )
    switch(filled, new)
    first = filled.run()
    assert (first.succeeded, first.failed) == (Counts(changed=1, removed=1), Counts(added=1))
    assert violations(filled, {"5"}) == []
    filled.pair.source.execute(  # just after
        "update items set name = 'newer' where id in (1, 3)", "delete from items where id = 4"
    )
    second = filled.run()
    assert (second.succeeded, second.failed) == (Counts(changed=2, removed=1), Counts(added=1))
    assert violations(filled, {"5"}) == []
    assert writes(filled) == Counter(
        {("UPDATE", "1"): 2, ("DELETE", "2"): 1, ("UPDATE", "3"): 1, ("DELETE", "4"): 1}
    )


def test_there_and_back_again_and_again(filled: Syncs) -> None:
    switch(filled, "lightning")
    filled.run()
    filled.pair.source.execute("update items set price = 1 where id = 5")
    rounds = itertools.cycle(["standard", "lightning", "digest", "standard", "lightning"])
    for number in range(10):
        switch(filled, next(rounds))
        filled.pair.source.execute(f"update items set name = 'round {number}' where id <= 2")  # noqa: S608
        outcome = filled.run()
        assert outcome.succeeded == Counts(changed=2, added=int(number == 0))
        assert violations(filled) == []
        assert filled.run().planned == Counts()


def test_a_state_that_holds_rows_again_shows_what_was_before(filled: Syncs) -> None:
    for engine in ("lightning", "standard", "lightning"):
        switch(filled, engine)
        filled.run()
    filled.pair.source.execute("update items set name = 'newer' where id = 1")
    (change,) = (change for change in filled.plan().changes if change.operation == "changed")
    assert (change.before or {})["name"] == "item 1"
    assert filled.pair.source.rows(
        "select count(*) from hightouch_planner.snapshot_1 where name is null"
    ) == [(0,)]


@pytest.mark.parametrize(("old", "new"), SWITCHES)
def test_the_first_plan_after_a_switch_shows_what_was_before(
    filled: Syncs, old: str, new: str
) -> None:
    switch(filled, old)
    filled.run()
    switch(filled, new)
    filled.pair.source.execute(
        "update items set name = 'newer' where id = 1", "delete from items where id = 2"
    )
    planned = filled.plan()
    before = {one.operation: dict(one.before or {}) for one in planned.changes}
    assert before["changed"]["name"] == "item 1"
    assert before["removed"]["name"] == "item 2"
    assert tuple(filled.changes(planned.run_id)) == planned.changes


@pytest.mark.parametrize(("old", "new"), [("lightning", "standard"), ("standard", "lightning")])
def test_an_unfinished_run_is_settled_first(
    monkeypatch: pytest.MonkeyPatch, filled: Syncs, old: str, new: str
) -> None:
    switch(filled, old)
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "_reached", 0)
        patch.setenv(failpoints.VARIABLE, "batch committed:raise")
        with pytest.raises(failpoints.FailpointReached):
            filled.run(batch_size=5)
    switch(filled, new)
    outcome = filled.run()
    assert (outcome.succeeded, outcome.carried) == (Counts(added=6), 5)
    assert violations(filled, {"5"}) == []
    assert set(writes(filled).values()) == {1}


@pytest.mark.parametrize(("old", "new"), [("lightning", "standard"), ("standard", "lightning")])
def test_a_switch_may_be_interrupted_anywhere(
    monkeypatch: pytest.MonkeyPatch, filled: Syncs, old: str, new: str
) -> None:
    switch(filled, old)
    filled.run()
    filled.pair.destination.execute("truncate writes")
    filled.pair.source.execute("update items set name = 'newer' where id = 3")
    switch(filled, new)
    for point in points():
        try:
            with monkeypatch.context() as patch:
                patch.setattr(failpoints, "_reached", 0)
                patch.setenv(failpoints.VARIABLE, f"{point}:raise")
                filled.run()
            break
        except failpoints.FailpointReached:
            continue  # the next run finds what this one left
    assert point > 8
    assert violations(filled, {"5"}) == []
    assert writes(filled) == Counter({("UPDATE", "3"): 1})


@pytest.mark.parametrize("name", ["state fenced", "state carried over"])
def test_a_switch_that_was_interrupted_can_be_taken_back(
    monkeypatch: pytest.MonkeyPatch, filled: Syncs, name: str
) -> None:
    switch(filled, "lightning")
    filled.run()
    filled.pair.source.execute("update items set name = 'newer' where id = 3")
    filled.pair.destination.execute("truncate writes")
    switch(filled, "standard")
    with monkeypatch.context() as patch:
        patch.setenv(failpoints.VARIABLE, f"{name}:raise")
        with pytest.raises(failpoints.FailpointReached):
            filled.run()
    switch(filled, "lightning")
    assert filled.run().succeeded == Counts(changed=1)
    assert violations(filled, {"5"}) == []
    assert writes(filled) == Counter({("UPDATE", "3"): 1})


def test_the_old_state_goes(filled: Syncs) -> None:
    switch(filled, "lightning")
    filled.run()
    switch(filled, "standard")
    filled.run()
    left = (
        "select count(*) from pg_class where relname ~ '^(snapshot|plan)_[0-9]' and relkind = 'r'"
    )
    assert filled.pair.source.rows(left) == [(0,)]


def take_away(source: Side) -> None:
    """From now on the role may only read there, and none of our schemas."""
    for schema in ("hightouch_planner", "hightouch_audit"):
        source.execute(
            f"alter schema {schema} owner to postgres",
            f"revoke all on all tables in schema {schema} from {source.user}",
            *(
                f"alter table {schema}.{name} owner to postgres"
                for (name,) in source.rows(
                    "select quote_ident(relname) from pg_class where relkind in ('r', 'v')"
                    f" and relnamespace = '{schema}'::regnamespace"
                )
            ),
        )


def test_a_source_that_may_only_be_read_keeps_the_old_state_and_it_does_no_harm(
    filled: Syncs,
) -> None:
    switch(filled, "lightning")
    filled.run()
    source = filled.pair.source
    take_away(source)
    switch(filled, "standard")
    with pytest.raises(PrivilegeError, match=r"(?s)engine was switched.*GRANT USAGE ON SCHEMA"):
        filled.run()
    source.execute(
        f"grant usage on schema hightouch_planner to {source.user}",
        f"grant select on all tables in schema hightouch_planner to {source.user}",
    )
    outcome = filled.run()
    assert (outcome.carried, outcome.succeeded) == (11, Counts())
    filled.pair.source.execute("update items set name = 'newer' where id = 3")
    assert filled.run().succeeded == Counts(changed=1)
    assert violations(filled, {"5"}) == []


def test_a_state_that_cannot_be_read_is_left_behind_by_a_full_resync(filled: Syncs) -> None:
    switch(filled, "lightning")
    filled.run()
    take_away(filled.pair.source)
    filled.pair.source.execute("delete from items where id = 2")
    switch(filled, "standard")
    planned = filled.plan(full_resync=True)
    assert any("could not be read" in note for note in planned.notes)
    outcome = filled.run(full_resync=True)
    assert (outcome.carried, outcome.succeeded.added) == (None, 10)
    assert any("could not be read" in note for note in outcome.notes)
    assert filled.run().planned == Counts(added=1)  # the refused one


def test_two_outdated_states_are_not_chosen_from(filled: Syncs) -> None:
    switch(filled, "lightning")
    filled.run()
    switch(filled, "standard")
    filled.run()
    filled.pair.source.execute("update items set name = 'newer' where id = 3")
    filled.run()
    filled.keeper.execute("update hightouch_planner.states set ledger_run = 999")
    for engine in ("lightning", "standard"):
        switch(filled, engine)
        with pytest.raises(HistoryError):
            filled.run()


def points() -> Iterator[int]:
    """1, 2, 3 .."""
    return itertools.count(1)
