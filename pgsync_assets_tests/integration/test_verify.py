"""`verify` tells what somebody else changed from what waits for the next run, and moves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from psycopg import sql

from pgsync_assets.config import Interval, Partition
from pgsync_assets.connect import READ_ONLY
from pgsync_assets.errors import AlreadyRunning, DestinationError, TerminalError
from pgsync_assets.outcome import Counts
from pgsync_assets.plan.invalid_keys import MISSING, REPEATED
from pgsync_assets.steps.ends import Ends
from pgsync_assets.steps.progress import Reporter, silent
from pgsync_assets.steps.verify import Compared, compared, mapped_columns
from pgsync_assets.steps.work import opened
from pgsync_assets.verify import Comparison, Key, destination_end, model_end

from ..fix_databases import Side
from ..fix_syncs import Syncs
from .test_verify_values import lines

OURS = "select relname from pg_class where relname like 'verify%'"


def test_rows_with_a_null_or_repeated_key_wait(every: Syncs) -> None:
    syncs = every
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute("create table items (id integer unique, v text)")
    syncs.grant()
    syncs.pair.source.execute(
        "insert into items values (1, 'a'), (2, 'b'), (3, 'c'), (null, 'n'), (null, 'm')",
        "alter table items drop constraint items_id_key",
        "insert into items values (2, 'b'), (2, 'bb')",
    )
    syncs.pair.destination.execute("insert into items values (null, 'theirs'), (null, 'x')")
    assert syncs.run().invalid == 5
    found = syncs.verify(values=True)
    assert [(one.row_id, one.kind, one.reason) for one in found.differences] == [
        ("2", "rejected", REPEATED),
        ("(null)", "rejected", MISSING),
        ("(null)", "rejected", MISSING),
    ]
    assert (found.rows, found.same, found.foreign, found.in_step) == (7, 2, 2, True)
    syncs.pair.source.execute("insert into items values (1, 'a')")
    assert lines(syncs.verify())[0] == ("1", "rejected", ())
    syncs.pair.destination.execute("delete from items where id = 1")
    first = syncs.verify(values=True).differences[0]
    assert (first.row_id, first.kind, first.reason, first.model) == ("1", "missing", REPEATED, None)


def test_what_is_left_out_of_the_list_is_counted(every: Syncs) -> None:
    syncs = every
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items select generate_series(1, 30)")
    syncs.run()
    syncs.pair.destination.execute("delete from items where id > 20")
    syncs.pair.source.execute("insert into items values (31)")
    found = syncs.verify(limit=3)
    assert [one.row_id for one in found.differences] == ["21", "22", "23"]
    assert (found.missing, found.pending, found.total) == (10, Counts(added=1), 11)
    assert syncs.verify(limit=0).differences == ()


def test_before_the_first_run_everything_is_pending(every: Syncs) -> None:
    syncs = every
    syncs.table("id integer primary key, v text")
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'c')")
    syncs.pair.destination.execute("insert into items values (1, 'a'), (2, 'z'), (9, 'x')")
    found = syncs.verify()
    assert lines(found) == [("1", "pending", ()), ("2", "pending", ("v",)), ("3", "pending", ())]
    assert (found.pending, found.foreign, found.problems) == (Counts(added=3), 1, ())
    assert found.in_step


def test_a_changed_mapping_is_pending_and_not_drift(every: Syncs) -> None:
    syncs = every
    syncs.table("id integer primary key, a text, b text")
    syncs.pair.source.execute("insert into items values (1, 'x', 'y'), (2, 'x', null)")
    syncs.run(columns=["id", "a"])
    found = syncs.verify()
    assert lines(found) == [("1", "pending", ("b",))]
    assert (found.same, found.in_step) == (1, True)
    syncs.run()
    assert syncs.verify().differences == ()


def test_rows_that_are_marked_to_be_sent_again_are_pending(every: Syncs) -> None:
    syncs = every
    syncs.table("id integer primary key, a text, b text")
    syncs.pair.source.execute("insert into items values (1, 'x', 'y')")
    syncs.run(columns=["id", "a"])
    syncs.pair.destination.execute("alter table items add check (b <> 'y')")
    assert syncs.run().failed == Counts(changed=1)
    assert lines(syncs.verify()) == [("1", "rejected", ("b",))]


def test_a_state_of_another_table_is_said(syncs: Syncs) -> None:
    syncs.table("id integer primary key")
    syncs.table("id integer primary key", "others")
    syncs.pair.source.execute("insert into items values (1)")
    syncs.run()
    found = syncs.verify(table="public.others")
    (problem,) = found.problems
    assert "about rows of public.items, found by id" in problem
    assert lines(found) == [("1", "pending", ())]


BY_MONTH: dict[str, Any] = {"model": {"table": "public.items", "key": ["at", "id"]}}


def month(number: int) -> Partition:
    days = Interval("at", f"2024-0{number}-01", f"2024-0{number + 1}-01")
    return Partition(f"2024-0{number}-01", days, is_of_key=True)


def test_one_partition_knows_nothing_of_the_others(every: Syncs) -> None:
    syncs = every
    syncs.table("at date, id integer, v text, primary key (at, id)")
    syncs.pair.source.execute(
        "insert into items select '2024-01-15'::date + n * 20, n, 'x' from generate_series(0, 3) n"
    )
    for number in (1, 2, 3):
        syncs.run(month(number), **BY_MONTH)
    syncs.pair.destination.execute(
        "delete from items where id = 1", "insert into items values ('2024-02-20', 99, 'theirs')"
    )
    syncs.pair.source.execute("update items set v = 'y' where id = 3")
    found = [syncs.verify(month(number), **BY_MONTH) for number in (1, 2, 3)]
    assert [one.partition for one in found] == ["2024-01-01", "2024-02-01", "2024-03-01"]
    assert [lines(one) for one in found] == [
        [],
        [('["2024-02-04", 1]', "missing", ())],
        [('["2024-03-15", 3]', "pending", ("v",))],
    ]
    assert [(one.rows, one.foreign) for one in found] == [(1, 0), (2, 1), (1, 0)]
    assert [one.problems for one in found] == [(), (), ()]


def test_nothing_is_left_behind_and_nothing_written(syncs: Syncs) -> None:
    syncs.table("id integer primary key, v text")
    syncs.pair.source.execute("insert into items values (1, 'a')")
    syncs.run()
    audit = "select * from hightouch_audit.sync_runs"
    before = syncs.pair.source.rows(audit)
    syncs.verify()
    syncs.pair.destination.execute("alter table items drop constraint items_pkey")
    with pytest.raises(DestinationError):
        syncs.verify()
    assert syncs.pair.source.rows(audit) == before
    for side in (syncs.pair.source, syncs.pair.destination):
        assert side.rows(OURS) == []


def test_a_model_that_fails_leaves_nothing_behind(syncs: Syncs) -> None:
    syncs.table("id integer primary key, v integer")
    syncs.pair.source.execute("insert into items values (1, 0)")
    syncs.run()
    with pytest.raises(TerminalError, match="^reading the model at shop: a value cannot be"):
        syncs.verify(model={"sql": "select id, 1 / v as v from items", "key": ["id"]})
    assert syncs.pair.source.rows(OURS) == []
    assert syncs.verify().in_step


def test_it_waits_for_no_run(syncs: Syncs) -> None:
    syncs.table("id integer primary key")
    config = syncs.config()
    source, destination = syncs.endpoints
    with (
        opened(config, Ends(source, destination), None, Reporter("items", None, silent)),
        pytest.raises(AlreadyRunning, match="a run is under way") as raised,
    ):
        syncs.verify()
    assert raised.value.remedy == "verify it when that has ended"


def test_a_run_that_goes_on_beside_is_refused(syncs: Syncs) -> None:
    syncs.table("id integer primary key")
    with comparison(syncs), pytest.raises(AlreadyRunning):
        syncs.run()


@contextmanager
def comparison(syncs: Syncs) -> Iterator[Compared]:
    """A comparison whose transactions are open."""
    source, destination = syncs.endpoints
    reporter = Reporter("items", None, silent)
    with (
        opened(syncs.config(), Ends(source, destination), None, reporter) as work,
        compared(work) as found,
    ):
        yield found


def test_rows_that_are_there_already_can_be_adopted(syncs: Syncs) -> None:
    """What `adopt` does: a state is made of the rows that need not be sent."""
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute("create table items (id integer unique, v text)")
    syncs.grant()
    syncs.pair.source.execute(
        "insert into items values (1, 'a'), (2, 'b'), (3, 'c'), (4, null), (null, 'n')",
        "alter table items drop constraint items_id_key",
        "insert into items values (3, 'c')",
    )
    syncs.pair.destination.execute(
        "insert into items values (1, 'a'), (2, 'z'), (3, 'c'), (4, null)"
    )
    with comparison(syncs) as found:
        done, end = found.comparison, found.model.end
        done.connection.execute(
            sql.SQL(
                "CREATE TABLE hightouch_planner.adopted AS SELECT held.* FROM {} AS held"
                " JOIN ({}) AS same ON {}"
            ).format(end.rows, done.identical(), done.key.equals(end.keys, "same"))
        )
    adopted = syncs.pair.source.rows("select id, v from hightouch_planner.adopted order by id")
    assert adopted == [(1, "a"), (4, None)]
    assert syncs.pair.source.rows(OURS) == []


def test_a_model_that_is_read_elsewhere(syncs: Syncs) -> None:
    """Through another session than the planner's, as where the planner is in another database."""
    syncs.pair.source.execute("create table items (id integer, v text)")
    syncs.pair.destination.execute("create table items (id integer primary key, v text)")
    syncs.grant()
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (2, 'c'), (null, 'd')")
    syncs.pair.destination.execute("insert into items values (1, 'a'), (2, 'b')")
    source, destination = syncs.endpoints
    arrived: list[int] = []
    reporter = Reporter("items", None, silent)
    with (
        opened(syncs.config(), Ends(source, destination), None, reporter) as work,
        source.session("pgsync/test") as session,
        session.transaction("reading", READ_ONLY) as reader,
        work.ledger.session.transaction("reading", READ_ONLY) as there,
        work.planner.hold(work.state, "comparing") as here,
    ):
        columns = mapped_columns(work)
        key = Key(columns[:1])
        model = model_end("shop", work.sync.model, columns, key, None, None, None)
        table = destination_end("crm", work.target, columns, key, None, None)
        done = Comparison(work.planner, here, work.state, key)
        assert done.read_model(model, reader, proven=False, told=arrived.append) == 4
        assert done.read_destination(table, there, arrived.append) == 2
        done.compare(None, removes=False)
        assert arrived == [4, 2]
        counts = done.counts()
        assert (counts.same, counts.of("rejected"), counts.of("pending")) == (0, 2, 1)
        assert here.execute(done.identical()).fetchall() == [(1,)]
        done.drop()


def test_a_switched_engine_is_said_before_its_first_run(syncs: Syncs, platform_side: Side) -> None:
    syncs.platform = platform_side
    syncs.table("id integer primary key, v text")
    syncs.pair.source.execute("insert into items values (1, 'a')")
    syncs.run()
    found = syncs.verify(engine="standard")
    assert (found.pending, found.in_step) == (Counts(added=1), False)
    assert "the engine was switched" in found.problems[0]
    assert syncs.run(engine="standard").succeeded == Counts()
    assert syncs.verify(engine="standard").same == 1
    found = syncs.verify(engine="lightning")
    assert "the engine was switched" in found.problems[0]
    assert syncs.run(engine="lightning").succeeded == Counts()
    assert (syncs.verify().same, syncs.verify().problems) == (1, ())


def test_partitions_that_share_a_state_are_judged_together(every: Syncs) -> None:
    """A row that left one of them may be in another one; of the whole model it is gone or not."""
    syncs = every
    syncs.table("id integer primary key, at date, v text")
    syncs.pair.source.execute(
        "insert into items values (1, '2024-01-05', 'a'), (2, '2024-01-06', 'b'),"
        " (3, '2024-02-05', 'c')"
    )
    deletes: dict[str, Any] = {"delete": "delete_row"}
    january, february = (replace(month(number), is_of_key=False) for number in (1, 2))
    for part in (january, february):
        syncs.run(part, **deletes)
    assert syncs.verify(**deletes).same == 3
    syncs.pair.source.execute(
        "update items set at = '2024-02-07' where id = 1", "delete from items where id = 2"
    )
    syncs.pair.destination.execute("delete from items where id = 3")
    assert lines(syncs.verify(january, **deletes)) == []
    found = syncs.verify(february, **deletes)
    assert lines(found) == [("3", "missing", ()), ("1", "pending", ("at",))]
    found = syncs.verify(**deletes)
    assert lines(found) == [("3", "missing", ()), ("1", "pending", ("at",)), ("2", "pending", ())]
    assert (found.pending, found.problems) == (Counts(changed=1, removed=1), ())
    for part in (january, february):
        syncs.run(part, **deletes)
    assert lines(syncs.verify(**deletes)) == [("3", "missing", ())]


def test_a_comparison_that_fails_is_rolled_back(syncs: Syncs) -> None:
    syncs.table("id integer primary key")
    with pytest.raises(TerminalError, match="^shop: comparing: "), comparison(syncs) as found:
        found.comparison.connection.execute("create table hightouch_planner.half_done ()")
        found.comparison.connection.execute("select 1 / 0")
    assert syncs.pair.source.rows("select 1 from pg_class where relname = 'half_done'") == []
