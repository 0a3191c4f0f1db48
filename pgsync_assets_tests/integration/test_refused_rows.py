"""A row that the destination refuses costs only itself: named, kept, and tried again."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.errors import DestinationError, TooManyRejectedRows
from pgsync_assets.outcome import Counts, Rejection

from ..fix_syncs import Syncs
from ..invariants import violations

SECRET = "4711.0815"  # a value of every refused row: it may appear in no message
COLUMNS = "id int primary key, name text, price numeric"
ROWS = f"insert into items select n, 'item ' || n, {SECRET} from generate_series(1, 9) as n"  # noqa: S608

SWALLOW = """
    create function swallow() returns trigger language plpgsql as
    $$ begin if (case tg_op when 'DELETE' then old else new end).id = 5 then return null; end if;
    return case tg_op when 'DELETE' then old else new end; end $$;
    create trigger swallow before {} on items for each row execute function swallow()
"""
# What makes the destination refuse row 5, what makes it take the row, and what the reason names.
REFUSALS = {
    "NOT NULL": (
        ["alter table items alter name set not null"],
        "update items set name = null where id = 5",
        ("23502", None, "name"),
    ),
    "CHECK": (
        ["alter table items add constraint short check (length(name) < 10)"],
        "update items set name = 'far too long' where id = 5",
        ("23514", "short", None),
    ),
    "FOREIGN KEY": (
        [
            "create table names (name text primary key)",
            "insert into names select 'item ' || n from generate_series(1, 9) as n",
            "alter table items add constraint known foreign key (name) references names",
        ],
        "update items set name = 'unheard of' where id = 5",
        ("23503", "known", None),
    ),
    "deferred FOREIGN KEY": (
        [
            "create table names (name text primary key)",
            "insert into names select 'item ' || n from generate_series(1, 9) as n",
            "alter table items add constraint known foreign key (name) references names"
            " deferrable initially deferred",
        ],
        "update items set name = 'unheard of' where id = 5",
        ("23503", "known", None),
    ),
    "UNIQUE": (
        [
            "alter table items add constraint one_name unique (name)",
            "insert into items values (99, 'taken')",
        ],
        "update items set name = 'taken' where id = 5",
        ("23505", "one_name", None),
    ),
    "deferred UNIQUE": (
        [
            "alter table items add constraint one_name unique (name) deferrable initially deferred",
            "insert into items values (99, 'taken')",
        ],
        "update items set name = 'taken' where id = 5",
        ("23505", "one_name", None),
    ),
    "EXCLUDE": (
        [
            "alter table items add constraint alone exclude using btree (name with =)",
            "insert into items values (99, 'taken')",
        ],
        "update items set name = 'taken' where id = 5",
        ("23P01", "alone", None),
    ),
    "RAISE of a trigger": (
        [
            "create function refuse() returns trigger language plpgsql as $$ begin if new.name ="
            " 'bad' then raise exception 'no: %', new; end if; return new; end $$",
            "create trigger refuse before insert or update on items"
            " for each row execute function refuse()",
        ],
        "update items set name = 'bad' where id = 5",
        ("P0001", None, None),
    ),
    "varchar": (
        ["alter table items alter name type varchar(7)"],
        "update items set name = 'far too long' where id = 5",
        ("22001", None, "name"),
    ),
    "domain": (
        [
            "create domain short as text constraint at_most_seven check (length(value) < 8)",
            "alter table items alter name type short",
        ],
        "update items set name = 'far too long' where id = 5",
        ("23514", "at_most_seven", "name"),
    ),
    "swallowed": (
        [SWALLOW.format("insert or update")],
        "update items set name = 'swallowed' where id = 5",
        (None, None, None),
    ),
}
MENDED = "update items set name = 'item 5' where id = 5"


def others(syncs: Syncs) -> bool:
    """Whether all but row 5 are at the destination as the model has them."""
    query = "select t::text from items as t where id not in (5, 99) order by id"
    return syncs.pair.source.rows(query) == syncs.pair.destination.rows(query)


@pytest.mark.parametrize("batch_size", [1000, 2])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_only_the_row_is_refused_and_it_returns(
    syncs: Syncs, refusal: str, batch_size: int
) -> None:
    obstacle, bad, (sqlstate, constraint, column) = REFUSALS[refusal]
    syncs.table(COLUMNS)
    syncs.pair.destination.execute(*obstacle)
    syncs.pair.source.execute(ROWS, bad)
    for _ in range(2):  # refused by the first run, and by the second in the same way
        outcome = syncs.run(batch_size=batch_size, audit="full")
        assert others(syncs)
        assert (outcome.status, outcome.failed) == ("succeeded", Counts(added=1))
        (rejection,) = outcome.rejections
        assert rejection.row_id == "5"
        assert (rejection.sqlstate, rejection.constraint) == (sqlstate, constraint)
        assert column is None or rejection.column == column
        assert all(name in rejection.reason for name in (constraint, column) if name)
        assert tells_nothing(rejection)
    if refusal == "swallowed":
        syncs.pair.destination.execute("drop trigger swallow on items")
    syncs.pair.source.execute(MENDED)
    assert syncs.run(batch_size=batch_size).succeeded == Counts(added=1)
    syncs.pair.destination.execute("delete from items where id = 99")
    assert violations(syncs) == []


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_change_keeps_the_old_row(syncs: Syncs, refusal: str) -> None:
    obstacle, bad, (sqlstate, constraint, _) = REFUSALS[refusal]
    syncs.table(COLUMNS)
    syncs.pair.source.execute(ROWS)
    syncs.run()
    syncs.pair.destination.execute(*obstacle)
    syncs.pair.source.execute(bad, "update items set price = 0 where id in (4, 6)")
    outcome = syncs.run(batch_size=2)
    assert (outcome.succeeded, outcome.failed) == (Counts(changed=2), Counts(changed=1))
    assert (outcome.rejections[0].sqlstate, outcome.rejections[0].constraint) == (
        sqlstate,
        constraint,
    )
    assert tells_nothing(outcome.rejections[0])
    assert syncs.pair.destination.rows("select name from items where id = 5") == [("item 5",)]
    syncs.pair.destination.execute("delete from items where id = 99")
    assert violations(syncs, {"5"}) == []
    syncs.pair.source.execute(MENDED)  # as it was: nothing is left to be done
    assert syncs.run().planned == Counts()
    assert violations(syncs) == []


def tells_nothing(rejection: Rejection) -> bool:
    """No value of the row is in its rejection."""
    values = (SECRET, "far too long", "unheard of", "taken", "bad")
    return not any(value in str(rejection) for value in values)


def test_one_bad_row_in_each_of_many_batches(either: Syncs) -> None:
    syncs = either
    syncs.table(COLUMNS)
    syncs.pair.destination.execute("alter table items add check (id % 10 <> 5)")
    syncs.pair.source.execute(
        "insert into items select n, 'item', 1 from generate_series(1, 400) as n"
    )
    outcome = syncs.run(batch_size=10)
    assert (outcome.succeeded, outcome.failed) == (Counts(added=360), Counts(added=40))
    assert violations(syncs, {str(n) for n in range(5, 400, 10)}) == []


def test_a_refused_removal_is_planned_again(syncs: Syncs) -> None:
    syncs.table(COLUMNS)
    syncs.pair.source.execute(ROWS)
    syncs.run(delete="delete_row")
    syncs.pair.destination.execute(
        "create table orders (item int constraint ordered references items)",
        "insert into orders values (5)",
    )
    syncs.pair.source.execute("delete from items where id in (4, 5, 6)")
    for succeeded in (2, 0):
        outcome = syncs.run(delete="delete_row")
        assert (outcome.succeeded, outcome.failed) == (
            Counts(removed=succeeded),
            Counts(removed=1),
        )
        assert outcome.rejections[0].constraint == "ordered"
        assert violations(syncs, {"5"}) == []
    syncs.pair.destination.execute("truncate orders")
    assert syncs.run(delete="delete_row").succeeded == Counts(removed=1)
    assert violations(syncs) == []


def test_a_swallowed_removal_is_planned_again(syncs: Syncs) -> None:
    syncs.table(COLUMNS)
    syncs.pair.source.execute(ROWS)
    syncs.run(delete="delete_row")
    syncs.pair.destination.execute(SWALLOW.format("delete"))
    syncs.pair.source.execute("delete from items where id in (4, 5, 6)")
    outcome = syncs.run(delete="delete_row")
    assert (outcome.succeeded, outcome.failed) == (Counts(removed=2), Counts(removed=1))
    assert "swallowed" in outcome.rejections[0].reason
    assert violations(syncs, {"5"}) == []
    syncs.pair.destination.execute("drop trigger swallow on items")
    assert syncs.run(delete="delete_row").succeeded == Counts(removed=1)
    assert violations(syncs) == []


def test_a_row_that_was_never_taken_is_never_deleted(syncs: Syncs) -> None:
    syncs.table(COLUMNS)
    syncs.pair.destination.execute(
        "alter table items add constraint one_name unique (name)",
        "insert into items values (5, 'of somebody else', 1), (6, 'item 7', 1)",
    )
    syncs.pair.source.execute("insert into items values (1, 'item 1', 1), (7, 'item 7', 1)")
    assert syncs.run(delete="delete_row").failed == Counts(added=1)
    syncs.pair.source.execute("delete from items where id = 7")
    outcome = syncs.run(delete="delete_row")
    assert (outcome.planned, outcome.row_count) == (Counts(), 1)
    assert syncs.pair.destination.rows("select id from items order by id") == [(1,), (5,), (6,)]
    listed = "select count(*) from hightouch_audit.sync_snapshot where status = 'failed'"
    assert syncs.keeper.rows(listed) == [(0,)]


@pytest.mark.parametrize("batch_size", [1000, 4])
def test_every_row_is_poison(syncs: Syncs, batch_size: int) -> None:
    syncs.table(COLUMNS)
    syncs.pair.destination.execute("alter table items add constraint cheap check (price < 1)")
    syncs.pair.source.execute(
        "insert into items select n, 'item', (n / 5) * 10 from generate_series(1, 9) as n"
    )
    with pytest.raises(TooManyRejectedRows, match=r"max_rejected_rows\).*\(constraint cheap\)"):
        syncs.run(batch_size=batch_size, max_rejected_rows=2)
    committed = 4 if batch_size == 4 else 0
    there = syncs.pair.destination.rows("select count(*) from items")
    assert there == [(committed,)]
    runs = "select status, num_planned_add, num_attempted_add from hightouch_audit.sync_runs"
    assert syncs.keeper.rows(runs) == [("failed", 9, committed)]
    syncs.pair.source.execute("update items set price = 0")
    outcome = syncs.run(batch_size=batch_size, max_rejected_rows=2)
    assert outcome.succeeded == Counts(added=9 - committed, changed=0)
    assert violations(syncs) == []


@pytest.mark.parametrize("mode", ["upsert", "insert"])
def test_a_text_that_is_too_long_is_refused_and_never_cut(either: Syncs, mode: str) -> None:
    either.pair.source.execute("create table items (id int primary key, name text)")
    either.pair.destination.execute("create table items (id int primary key, name varchar(3))")
    either.grant()
    either.pair.source.execute(
        "insert into items values (1, 'äöü'), (2, 'abcd'), (3, 'ab '), (4, 'abc '), (5, null)"
    )
    outcome = either.run(mode=mode, batch_size=2)
    assert (outcome.succeeded, outcome.failed) == (Counts(added=3), Counts(added=2))
    assert {(one.row_id, one.sqlstate, one.column) for one in outcome.rejections} == {
        ("2", "22001", "name"),
        ("4", "22001", "name"),
    }
    assert "longer than its column allows (column name)" in outcome.rejections[0].reason
    found = either.pair.destination.rows("select id, name from items order by id")
    assert found == [(1, "äöü"), (3, "ab "), (5, None)]
    either.pair.source.execute(
        "update items set name = 'new  ' where id = 1", "update items set name = 'x' where id = 4"
    )
    assert either.run(mode=mode, batch_size=50).succeeded.total == 1
    found = either.pair.destination.rows("select id, name from items order by id")
    assert found == [(1, "äöü"), (3, "ab "), (4, "x"), (5, None)]


def test_a_batch_whose_parts_are_kept_one_after_the_other(syncs: Syncs) -> None:
    """COPY stops at a number; what is before and behind it is refused by the table."""
    syncs.pair.source.execute("create table items (id int primary key, size bigint)")
    syncs.pair.destination.execute(
        "create table items (id int primary key, size bigint check (size > 0))"
    )
    syncs.grant()
    syncs.run()
    syncs.pair.source.execute("insert into items select n, n from generate_series(1, 12) as n")
    syncs.run()
    syncs.pair.destination.execute("alter table items alter size type int")
    syncs.pair.source.execute(
        "update items set size = case id % 4 when 1 then -id when 2 then 3000000000 else id + 1 end"
    )
    fields: dict[str, Any] = {
        "model": {"sql": "select id, size::int8 as size from items", "key": ["id"]}
    }
    with pytest.raises(DestinationError, match="might not arrive exactly"):
        syncs.run(**fields)
    outcome = syncs.run(**fields, lossy=["size"])
    assert (outcome.succeeded, outcome.failed) == (Counts(changed=6), Counts(changed=6))
    states = {one.sqlstate for one in outcome.rejections}
    assert states == {"22003", "23514"}


def test_one_bad_row_in_each_of_a_hundred_batches(every: Syncs) -> None:
    """In the field such batches were dropped whole, and the run was called a success (B5)."""
    every.table(COLUMNS)
    every.pair.destination.execute("alter table items add check (price >= 0)")
    fill = "select n, 'item', case n % 10 when 3 then -1 else 1 end from generate_series(1, 1000) n"
    every.pair.source.execute(f"insert into items {fill}")
    fields: dict[str, Any] = {"batch_size": 10, "max_rejected_rows": 100}
    outcome = every.run(**fields)
    assert (outcome.succeeded, outcome.failed) == (Counts(added=900), Counts(added=100))
    bad = {str(n) for n in range(3, 1000, 10)}
    assert violations(every, bad) == []
    every.pair.source.execute("update items set price = 2 where id % 10 = 3")
    outcome = every.run(**fields)
    assert (outcome.succeeded, outcome.failed) == (Counts(added=100), Counts())
    assert violations(every) == []
    assert every.same()
