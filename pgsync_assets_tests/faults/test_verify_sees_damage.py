"""`verify` names each kind of damage, and nothing else: a blind one would prove nothing."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import failpoints
from pgsync_assets.verification import Difference, Verification

from ..fix_syncs import Syncs
from ..invariants import left_behind

DELETE: dict[str, Any] = {"delete": "delete_row"}
Line = tuple[str, str, str | None, tuple[str, ...]]
CHECK = "items_name_check"


@pytest.fixture
def settled(every: Syncs) -> Syncs:
    """A sync after a run in which row 3 was refused, beside a row of somebody else's."""
    syncs = every
    syncs.table("id int primary key, name text, n int default 7")
    syncs.pair.destination.execute(
        "alter table items add check (name <> 'bad')", "insert into items values (90, 'theirs')"
    )
    syncs.pair.source.execute(
        "insert into items values (1, 'a'), (2, 'b'), (3, 'bad'), (4, 'd'), (5, 'e')"
    )
    syncs.run(**DELETE)
    return syncs


def holds_digests(syncs: Syncs) -> bool:
    """Whether the state has no columns to compare the destination with."""
    return syncs.config().holds == "digest"


def snapshot(syncs: Syncs) -> str:
    """The table of the state."""
    ((number,),) = syncs.keeper.rows("select id from hightouch_planner.states")
    return f"hightouch_planner.snapshot_{number}"


def told(found: Verification) -> set[Line]:
    """Everything that is listed, but for row 3, which always waits."""
    return {_line(one) for one in found.differences if one.row_id != "3"}


def _line(one: Difference) -> Line:
    return one.row_id, one.kind, one.operation, one.columns


def test_nothing_is_wrong_after_a_run(settled: Syncs) -> None:
    found = settled.verify(**DELETE)
    assert found.in_step
    assert (found.rows, found.same, found.rejected, found.foreign) == (5, 4, 1, 1)
    assert (told(found), found.problems) == (set(), ())
    (waiting,) = found.differences
    assert _line(waiting) == ("3", "rejected", "added", ())
    assert CHECK in (waiting.reason or "")


ROWS: dict[str, tuple[list[str], list[str], set[Line]]] = {
    "a row that was deleted at the destination": (
        ["delete from items where id = 1"],
        [],
        {("1", "missing", None, ())},
    ),
    "a row that was changed at the destination": (
        ["update items set name = 'z', n = 8 where id = 1"],
        [],
        {("1", "differs", None, ("name", "n"))},
    ),
    "a value that became NULL": (
        ["update items set name = null where id = 2"],
        [],
        {("2", "differs", None, ("name",))},
    ),
    "a value that became the empty text": (
        ["update items set name = '' where id = 2"],
        [],
        {("2", "differs", None, ("name",))},
    ),
    "a key that was changed at the destination": (
        ["update items set id = 91 where id = 1"],
        [],
        {("1", "missing", None, ())},
    ),
    "a row that the model changed": (
        [],
        ["update items set name = 'z' where id = 1"],
        {("1", "pending", "changed", ("name",))},
    ),
    "a row that is new in the model": (
        [],
        ["insert into items values (6)"],
        {("6", "pending", "added", ())},
    ),
    "a new row of the model whose key somebody else has": (
        [],
        ["insert into items values (90, 'ours')"],
        {("90", "pending", "added", ("name",))},
    ),
    "a row that left the model": (
        [],
        ["delete from items where id = 1"],
        {("1", "pending", "removed", ())},
    ),
    "a row that was changed on both sides": (
        ["update items set name = 'y' where id = 1"],
        ["update items set n = 9 where id = 1"],
        {("1", "differs", "changed", ("name", "n"))},
    ),
    "a row that was changed in the model, and deleted at the destination": (
        ["delete from items where id = 1"],
        ["update items set n = 9 where id = 1"],
        {("1", "missing", "changed", ())},
    ),
    "a row that left the model, and was changed at the destination": (
        ["update items set name = 'y' where id = 1"],
        ["delete from items where id = 1"],
        {("1", "differs", "removed", ("name",))},
    ),
    "a row that is gone on both sides": (
        ["delete from items where id = 1"],
        ["delete from items where id = 1"],
        {("1", "pending", "removed", ())},
    ),
    "the same change on both sides": (
        ["update items set name = 'y' where id = 1"],
        ["update items set name = 'y' where id = 1"],
        {("1", "pending", "changed", ())},
    ),
    "a rejected row that somebody else wrote as the model has it": (
        ["alter table items drop constraint " + CHECK, "insert into items values (3, 'bad')"],
        [],
        set(),
    ),
    "several at once": (
        ["delete from items where id = 1", "update items set n = 0 where id = 2"],
        ["update items set n = 1 where id = 4", "delete from items where id = 5"],
        {
            ("1", "missing", None, ()),
            ("2", "differs", None, ("n",)),
            ("4", "pending", "changed", ("n",)),
            ("5", "pending", "removed", ()),
        },
    ),
}


# Where the model changed and the state has digests only, what was there before is not known.
WITH_DIGESTS: dict[str, set[Line]] = {
    "a row that was changed on both sides": {("1", "pending", "changed", ("name", "n"))},
    "a row that left the model, and was changed at the destination": {
        ("1", "pending", "removed", ())
    },
}


@pytest.mark.parametrize("damage", ROWS)
def test_rows(settled: Syncs, damage: str) -> None:
    there, here, expected = ROWS[damage]
    if holds_digests(settled):
        expected = WITH_DIGESTS.get(damage, expected)
    settled.pair.destination.execute(*there)
    settled.pair.source.execute(*here)
    found = settled.verify(**DELETE)
    assert told(found) == expected
    assert found.problems == ()
    kinds = [kind for _, kind, _, _ in expected]
    assert (found.missing, found.differs) == (kinds.count("missing"), kinds.count("differs"))
    assert found.in_step == (not found.missing and not found.differs)
    assert found.total == len(found.differences)


def test_an_image_of_the_state_that_was_changed(settled: Syncs) -> None:
    image = "_pgsync_digest = 0" if holds_digests(settled) else "name = 'y'"
    settled.keeper.execute(f"update {snapshot(settled)} set {image} where id = 2")
    assert told(settled.verify(**DELETE)) == {("2", "pending", "changed", ())}


def test_a_row_of_the_state_that_is_lost_is_seen_twice(settled: Syncs) -> None:
    settled.keeper.execute(f"delete from {snapshot(settled)} where id = 2")
    found = settled.verify(**DELETE)
    assert told(found) == {("2", "pending", "added", ())}
    assert found.problems == ("the state has 3 rows, and says that they are 4",)
    assert not found.in_step


RUNS = "hightouch_audit.sync_runs"
LOG = "hightouch_audit.changelog_rows"
PROBLEMS = {
    "the count of the state": (
        "keeper",
        ["update hightouch_planner.states set row_count = 7"],
        "the state has 4 rows, and says that they are 7",
    ),
    "a ledger of another run": (
        "destination",
        ["update pgsync_ledger.pgsync_ledger set run = 99"],
        "the planner knows run 1 as the last one that wrote, the ledger run 99",
    ),
    "a lost ledger": (
        "destination",
        ["delete from pgsync_ledger.pgsync_ledger"],
        "the planner knows run 1 as the last one that wrote, the ledger run none",
    ),
    "a ledger that is ahead of the planner": (
        "destination",
        ["update pgsync_ledger.pgsync_ledger set fence = 1000"],
        "the planner was restored",
    ),
    "another ledger altogether": (
        "destination",
        ["update pgsync_ledger.pgsync_identity set id = '00000000-0000-0000-0000-000000000001'"],
        "in another database",
    ),
    "an unfinished run": (
        "keeper",
        ["update hightouch_planner.runs set status = 'started'"],
        "run 1 was interrupted and is not settled",
    ),
    "numbers of a run": (
        "keeper",
        [
            f"alter table {RUNS} drop constraint attempted_is_succeeded_or_failed",
            f"update {RUNS} set num_succeeded_add = 5",  # noqa: S608
        ],
        "sync_runs, run 1: the numbers of added rows do not add up",
    ),
    "planned rows that nobody knows of": (
        "keeper",
        [f"update {RUNS} set num_planned_add = 6"],  # noqa: S608
        "sync_runs, run 1: the numbers of added rows do not add up",
    ),
    "a failure that is not in the log": (
        "keeper",
        [f"delete from {LOG} where row_id = '3'"],  # noqa: S608
        "sync_runs, run 1: the numbers of added rows do not add up",
    ),
    "a success that is not in the log": (
        "keeper",
        [f"delete from {LOG} where row_id = '1'"],  # noqa: S608
        "sync_runs, run 1: the numbers of added rows do not add up",
    ),
}


@pytest.mark.breaks_the_audit("plants damage")
@pytest.mark.parametrize(("side", "damage", "said"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_bookkeeping(settled: Syncs, side: str, damage: list[str], said: str) -> None:
    where = settled.keeper if side == "keeper" else settled.pair.destination
    where.execute(*damage)
    found = settled.verify(**DELETE)
    assert len(found.problems) == 1
    assert said in found.problems[0]
    assert not found.in_step


@pytest.mark.breaks_the_audit("prunes the log")
def test_a_log_that_was_pruned_is_no_damage(settled: Syncs) -> None:
    settled.keeper.execute(f"delete from {LOG}")  # noqa: S608
    assert settled.verify(**DELETE).problems == ()


def test_rows_that_left_the_model_of_a_sync_that_deletes_nothing(settled: Syncs) -> None:
    settled.pair.source.execute("delete from items where id in (1, 2)")
    settled.pair.destination.execute("delete from items where id = 2")
    found = settled.verify()
    assert (told(found), found.foreign) == (set(), 1)
    settled.run()
    found = settled.verify()
    assert (told(found), found.foreign, found.problems) == (set(), 2, ())


def test_a_removal_that_was_refused_waits_with_its_reason(settled: Syncs) -> None:
    settled.pair.destination.execute(
        "create table orders (item int references items)", "insert into orders values (1)"
    )
    settled.pair.source.execute("delete from items where id = 1")
    settled.run(**DELETE)
    found = settled.verify(**DELETE)
    assert told(found) == {("1", "rejected", "removed", ())}
    assert any("orders_item_fkey" in (one.reason or "") for one in found.differences)
    assert (found.rejected, found.in_step) == (2, True)


def test_a_change_that_was_refused_waits_with_its_columns(settled: Syncs) -> None:
    settled.pair.source.execute("update items set name = 'bad' where id = 1")
    settled.run(**DELETE)
    assert told(settled.verify(**DELETE)) == {("1", "rejected", "changed", ("name",))}
    settled.pair.destination.execute("update items set name = 'theirs' where id = 1")
    kind = "rejected" if holds_digests(settled) else "differs"
    assert told(settled.verify(**DELETE)) == {("1", kind, "changed", ("name",))}
    settled.pair.source.execute("update items set name = 'good' where id in (1, 3)")
    settled.run(**DELETE)
    assert settled.verify(**DELETE).differences == ()


def test_an_interrupted_run_is_named_and_not_disturbed(
    settled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled.pair.source.execute("update items set n = n + 1 where id in (1, 2, 4)")
    with monkeypatch.context() as patch:
        patch.setenv(failpoints.VARIABLE, "batch committed:raise")
        with pytest.raises(failpoints.FailpointReached):
            settled.run(batch_size=1, **DELETE)
    written = settled.pair.destination.rows("select id from items where n = 8")
    found = settled.verify(**DELETE)
    (problem,) = found.problems
    assert problem.startswith("run 2 was interrupted and is not settled")
    assert told(found) == {
        (str(n), "pending", "changed", () if (n,) in written else ("n",)) for n in (1, 2, 4)
    }
    outcome = settled.run(batch_size=1, **DELETE)
    assert outcome.recovered is not None
    assert outcome.recovered.succeeded.changed == 3
    after = settled.verify(**DELETE)
    assert (after.same, after.problems, after.in_step) == (4, (), True)


def test_a_comparison_that_is_cancelled_leaves_nothing_behind(
    settled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(failpoints.VARIABLE, "chunk sent:raise")
        with pytest.raises(failpoints.FailpointReached):
            settled.verify(**DELETE)
    assert left_behind(settled) == []
    assert settled.keeper.rows("select 1 from pg_class where relname ~ '^verify'") == []
    assert settled.verify(**DELETE).in_step
