"""A destination table, or a column of it, that becomes another one under the same name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgsync_assets.errors import Contention, HistoryError, PgsyncError, StalePlan
from pgsync_assets.operations import adopt
from pgsync_assets.outcome import Counts
from pgsync_assets.write import batch as batches

from ..fix_databases import Side
from ..fix_syncs import Syncs
from ..invariants import violations

FILL = "insert into items select n, n + 0.25, now(), 'x' from generate_series(1, 30) as n"
COLUMNS = "id int primary key, price numeric, at timestamp, note text"
AGAIN = ("drop table items", f"create table items ({COLUMNS})")
RIGHTS = ("select", "insert", "update", "delete")


@pytest.fixture
def filled(every: Syncs) -> Syncs:
    """A table of 30 rows, which have not been sent."""
    every.table(COLUMNS)
    every.pair.source.execute(FILL)
    return every


@pytest.fixture
def sent(filled: Syncs) -> Syncs:
    """They have been sent."""
    filled.run()
    return filled


def between_batches(
    monkeypatch: pytest.MonkeyPatch, do: Callable[[], object], *, retried: bool = True
) -> None:
    """Does something once, behind the first batch."""
    if not retried:
        monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    done: list[str] = []

    def failpoint(point: str) -> None:
        if point == "batch committed" and not done:
            done.append(point)
            do()

    monkeypatch.setattr(batches, "failpoint", failpoint)


def remade(side: Side) -> None:
    """Somebody drops the table and makes it again."""
    side.execute(*AGAIN)
    side.grant_table("items", *RIGHTS)


NARROWER = ("price type numeric(6, 1)", "at type timestamp(0)", "at type date")


@pytest.mark.parametrize("extra", ["", "place point"], ids=["binary", "text"])
@pytest.mark.parametrize("changed", NARROWER)
@pytest.mark.parametrize("is_first", [True, False], ids=["copied", "staged"])
def test_a_column_that_gets_narrower_between_two_batches(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch, changed: str, extra: str, is_first: bool
) -> None:
    """PostgreSQL rounds what does not fit, and says nothing: no such row may count as sent."""
    source, destination = syncs.pair.source, syncs.pair.destination
    syncs.table(COLUMNS)
    source.execute(FILL)
    if extra:
        for side in (source, destination):
            side.execute(f"alter table items add {extra}")
    if not is_first:
        syncs.run()
        source.execute("update items set price = price + 1, at = at + interval '0.7 s'")
    alter = f"alter table items alter {changed}"
    between_batches(monkeypatch, lambda: destination.execute(alter), retried=False)
    with pytest.raises(Contention, match=r"items: a column has another type than it had"):
        syncs.run(batch_size=10)
    # The next try looks anew, and says what it says of such a column before any run.
    before = destination.rows("select t::text from items as t order by id")
    with pytest.raises(PgsyncError, match=r"price|at") as refused:
        syncs.run(batch_size=10)
    assert not isinstance(refused.value, Contention)
    assert destination.rows("select t::text from items as t order by id") == before


@pytest.mark.parametrize("is_first", [True, False], ids=["copied", "staged"])
@pytest.mark.parametrize("how", ["made again", "swapped"])
def test_a_table_that_is_another_one_between_two_batches(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch, how: str, is_first: bool
) -> None:
    """What the first batch wrote is gone with the old one."""
    source, destination = filled.pair.source, filled.pair.destination
    if not is_first:
        filled.run()
        source.execute("update items set price = price + 1")

    def other() -> None:
        if how == "swapped":
            destination.execute("alter table items rename to old", AGAIN[1])
            destination.grant_table("items", *RIGHTS)
        else:
            remade(destination)

    between_batches(monkeypatch, other)
    for _ in range(2):  # it is tried again, and by the next run
        with pytest.raises(HistoryError, match="items is not the table that its rows were sent to"):
            filled.run(batch_size=10)
        assert destination.rows("select count(*) from items") == [(0,)]
    outcome = filled.run(full_resync=True, batch_size=10)
    assert outcome.succeeded == Counts(added=30)
    assert violations(filled) == []


def test_a_table_that_was_made_again_is_told_and_filled_by_a_full_resync(sent: Syncs) -> None:
    source, destination = sent.pair.source, sent.pair.destination
    source.execute("update items set price = 0 where id = 1", "delete from items where id = 30")
    remade(destination)
    said = "was dropped and made again"
    with pytest.raises(HistoryError, match=said) as told:
        sent.run(delete="delete_row")
    assert "pgsync-assets run items --full-resync" in str(told.value)
    with pytest.raises(HistoryError, match=said):
        sent.plan(delete="delete_row")
    outcome = sent.run(full_resync=True, delete="delete_row")
    assert outcome.succeeded == Counts(added=29)
    assert violations(sent) == []
    assert sent.run(delete="delete_row").succeeded == Counts()


def test_a_table_that_came_back_from_a_copy_is_adopted(sent: Syncs) -> None:
    destination = sent.pair.destination
    destination.execute("create table kept as select * from items where id > 3")
    remade(destination)
    destination.execute("insert into items select * from kept")
    with pytest.raises(HistoryError, match="pgsync-assets adopt items"):
        sent.run()
    adopted = adopt(sent.config(), *sent.endpoints, platform=sent.platform_endpoint)
    assert adopted.adopted == 27
    assert sent.run().succeeded.total == 3
    assert violations(sent) == []


def test_a_column_that_was_made_again_is_told_and_filled_by_a_full_resync(sent: Syncs) -> None:
    destination = sent.pair.destination
    destination.execute("alter table items drop note", "alter table items add note text")
    with pytest.raises(HistoryError, match=r"items: note: the column is not what was written"):
        sent.run()
    assert sent.run(full_resync=True).succeeded.total == 30
    assert violations(sent) == []
    assert sent.run().succeeded == Counts()


def test_a_column_that_was_made_again_between_two_batches(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = filled.pair.destination
    between_batches(
        monkeypatch,
        lambda: destination.execute(
            "alter table items drop note", "alter table items add note text"
        ),
    )
    with pytest.raises(HistoryError, match=r"note: the column is not what was written"):
        filled.run(batch_size=10)
    assert filled.run(full_resync=True, batch_size=10).succeeded.total == 30
    assert violations(filled) == []


def test_what_keeps_the_rows_is_no_other_table(sent: Syncs) -> None:
    sent.pair.destination.execute(
        "vacuum full items",
        "cluster items using items_pkey",
        "alter table items alter note type varchar(100)",
        "alter table items rename to things",
        "alter table things rename to items",
    )
    sent.pair.source.execute("update items set price = 0 where id = 1")
    assert sent.run().succeeded == Counts(changed=1)
    assert violations(sent) == []


def test_a_database_that_was_restored_as_a_whole_goes_on(sent: Syncs) -> None:
    """All tables have other numbers then, those of the ledger, too; it says up to which run."""
    destination = sent.pair.destination
    ledger = ("identity", "ledger", "rejects", "deliveries", "migrations")
    for name in ("items", *(f"pgsync_ledger.pgsync_{one}" for one in ledger)):
        destination.execute(
            f"create table {name}_new (like {name} including all)",
            f"insert into {name}_new overriding system value select * from {name}",
            f"drop table {name}",
            f"alter table {name}_new rename to {name.split('.')[-1]}",
            f"alter table {name} owner to {destination.user}",
        )
    sent.pair.source.execute("update items set price = 0 where id = 1")
    assert sent.run().succeeded == Counts(changed=1)
    assert violations(sent) == []
    remade(destination)
    with pytest.raises(HistoryError, match="made again"):
        sent.run()


def test_a_state_of_an_older_version_learns_which_table_it_is(sent: Syncs) -> None:
    forget = "update hightouch_planner.states set shape = shape - 'incarnation'"
    sent.keeper.execute(forget)
    assert sent.run().succeeded == Counts()
    sent.pair.source.execute("update items set price = 0 where id = 1")
    assert sent.run().succeeded == Counts(changed=1)
    remade(sent.pair.destination)
    with pytest.raises(HistoryError, match="made again"):
        sent.run()


def test_a_plan_that_is_held_is_about_one_table(sent: Syncs) -> None:
    sent.pair.source.execute("update items set price = 0 where id = 1")
    number = sent.plan().run_id
    remade(sent.pair.destination)
    with pytest.raises(StalePlan, match=r"public\.items was dropped and made again since"):
        sent.apply(number)


PARTITIONS = {
    "own": ({"hash": 2}, ("0", "1")),
    "shared": ({"column": "note", "values": ["x", "y"]}, ("x", "y")),
}


@pytest.mark.parametrize("kind", PARTITIONS)
def test_each_partition_of_a_table_that_was_made_again_is_sent_again(
    either: Syncs, kind: str
) -> None:
    partitions, names = PARTITIONS[kind]
    either.table(COLUMNS)
    either.pair.source.execute(FILL, "update items set note = 'y' where id > 20")
    for name in names:
        either.run(name, partitions=partitions)
    remade(either.pair.destination)
    for name in names:
        with pytest.raises(HistoryError, match="made again"):
            either.run(name, partitions=partitions)
    either.run(names[0], full_resync=True, partitions=partitions)
    if kind == "own":
        with pytest.raises(HistoryError, match="made again"):
            either.run(names[1], partitions=partitions)
        either.run(names[1], full_resync=True, partitions=partitions)
    else:  # nothing is known of rows that the first one has not sent
        either.run(names[1], partitions=partitions)
    assert either.same()


def test_a_view_may_be_made_again_but_not_what_is_behind_it(every: Syncs) -> None:
    every.table(COLUMNS)
    every.pair.source.execute(FILL)
    destination = every.pair.destination

    def shown() -> None:
        destination.execute("create view shown as select * from items")
        destination.grant_table("shown", *RIGHTS)

    shown()
    every.run(table="public.shown")
    destination.execute("drop view shown")
    shown()
    every.pair.source.execute("update items set price = 0 where id = 1")
    assert every.run(table="public.shown").succeeded == Counts(changed=1)
    destination.execute("drop view shown", *AGAIN)
    shown()
    with pytest.raises(HistoryError, match="shown is not the table that its rows were sent to"):
        every.run(table="public.shown")


def test_where_keys_are_sent_once_a_table_that_was_made_again_is_told_with_its_remedy(
    every: Syncs,
) -> None:
    every.table(COLUMNS)
    every.pair.source.execute(FILL)
    every.run(mode="insert")
    remade(every.pair.destination)
    with pytest.raises(HistoryError, match="pgsync-assets reset items"):
        every.run(mode="insert")
