"""`verify` compares what travels: any value, any name, any key, any slice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg import sql

from pgsync_assets.config import Partition
from pgsync_assets.errors import AlreadyRunning, DestinationError, TerminalError
from pgsync_assets.outcome import Counts, Difference, Verification
from pgsync_assets.steps.progress import Reporter, silent
from pgsync_assets.steps.verify import Compared, compared
from pgsync_assets.steps.work import opened
from pgsync_assets.verify.comparison import NO_KEY, REPEATED

from ..corpus_names import NAMES
from ..corpus_values import CORE, EQUAL_BUT_DIFFERENT, OWN, SINCE
from ..fix_syncs import Syncs
from .test_names import quoted
from .test_values import insert, known_types, major_version, make_table, syncs_of_types

__all__ = ["syncs_of_types"]  # a fixture

OURS = "select relname from pg_class where relname like 'verify%'"


def lines(found: Verification) -> list[tuple[str, str, tuple[str, ...]]]:
    """The listed differences: row, kind, columns."""
    return [(one.row_id, one.kind, one.columns) for one in found.differences]


def the_one(found: Verification) -> Difference:
    """The only difference."""
    (one,) = found.differences
    return one


def test_every_value_is_in_step_after_a_run(syncs_of_types: Syncs) -> None:
    syncs = syncs_of_types
    types = known_types(syncs, CORE | OWN)
    oldest = min(major_version(side) for side in (syncs.pair.source, syncs.pair.destination))
    make_table(syncs, types)
    values = [(t, value) for t in types for value in (CORE | OWN)[t]]
    values = [value for value in values if SINCE.get(value, 0) <= oldest]
    with syncs.pair.source.connect(autocommit=False) as connection:
        for number, (spelled, value) in enumerate(values):
            insert(connection, number, spelled, value)
    syncs.run()
    found = syncs.verify()
    assert {values[int(one.row_id)] for one in found.differences} == set()
    assert (found.same, found.total, found.in_step) == (len(values), 0, True)


def test_a_value_that_only_equals_the_one_that_was_sent_differs(syncs_of_types: Syncs) -> None:
    syncs = syncs_of_types
    types = known_types(syncs, EQUAL_BUT_DIFFERENT)
    make_table(syncs, types)
    with syncs.pair.source.connect(autocommit=False) as connection:
        for number, spelled in enumerate(types):
            insert(connection, number, spelled, EQUAL_BUT_DIFFERENT[spelled][0])
    syncs.run()
    with syncs.pair.destination.connect(autocommit=False) as connection:
        for number, spelled in enumerate(types):
            connection.execute(
                sql.SQL("update items set {} = %s where id = %s").format(sql.Identifier(spelled)),
                [EQUAL_BUT_DIFFERENT[spelled][1], number],
            )
    assert lines(syncs.verify()) == [(str(n), "differs", (t,)) for n, t in enumerate(types)]


WIDER = [
    ("integer", "numeric(12,2)", ["1", "-20"]),
    ("numeric(10,1)", "numeric(12,3)", ["1.5", "0.0", "NaN"]),
    ("numeric(10)", "numeric(12,2)", ["7"]),
    ("numeric(10,2)", "numeric", ["1.50"]),
    ("numeric(10,1)[]", "numeric(12,3)[]", ["{1.5,NULL}", "[3:3]={2.0}", "{}"]),
    ("char(3)", "char(5)", ["", "a", " a", "abc"]),
    ("char(3)[]", "char(5)[]", ['{a,NULL," b"}']),
    ("char(3)", "bpchar", ["a"]),
    ("varchar(5)", "text", ["a "]),
    ("text", "varchar(5)", ["a "]),
    ("name", "text", ["a"]),
    ("timestamp(0)", "timestamp(3)", ["2024-01-01 00:00"]),
    ("jsonb", "json", ['{"b": 1.0, "a": null}']),
    ("smallint", "bigint", ["-1"]),
]


@pytest.mark.parametrize(("here", "there", "values"), WIDER, ids=lambda value: str(value))
def test_a_wider_type_that_writes_a_value_otherwise_is_in_step(
    syncs: Syncs, here: str, there: str, values: list[str]
) -> None:
    syncs.pair.source.execute(f"create table items (id integer primary key, v {here})")
    syncs.pair.destination.execute(f"create table items (id integer primary key, v {there})")
    syncs.grant()
    with syncs.pair.source.connect() as connection:
        for number, value in enumerate([*values, None]):
            connection.execute("insert into items values (%s, %s)", [number, value])
    assert syncs.run().failed == Counts()
    assert lines(syncs.verify()) == []
    syncs.pair.destination.execute("update items set v = null where id = 0")
    assert lines(syncs.verify()) == [("0", "differs", ("v",))]


def test_a_number_that_is_too_large_for_the_destination_waits(syncs: Syncs) -> None:
    syncs.pair.source.execute("create table items (id integer primary key, v numeric(20,0))")
    syncs.pair.destination.execute("create table items (id integer primary key, v numeric(5,2))")
    syncs.grant()
    syncs.pair.source.execute("insert into items values (1, 1), (2, 100000)")
    syncs.run()
    found = syncs.verify(values=True)
    assert lines(found) == [("2", "rejected", ())]
    assert the_one(found).model == {"id": "2", "v": "100000.00"}


KEYS = [
    ("integer", "numeric(8,2)", ["1", "2"]),
    ("numeric", "numeric", ["1.0", "2.00"]),
    ("float8", "float8", ["-0", "NaN"]),
    ("interval", "interval", ["1 mon", "24:00:00"]),
    ("timestamptz", "timestamptz", ["2024-01-01 00:00+00", "infinity"]),
    ("boolean", "boolean", ["t", "f"]),
    ("uuid", "uuid", ["00000000-0000-0000-0000-000000000000"]),
    ("bytea", "bytea", ["\\x00ff", "\\x"]),
    ("text", "varchar(9)", ["", "(null)", "a,b", '"', "\\"]),
    ("char(3)", "char(5)", ["a", " b"]),
    ("citext", "citext", ["A", "b"]),
    ("mood", "mood", ["", "it's"]),
    ("integer[]", "integer[]", ["{}", "{1,NULL}"]),
    ("text[]", "text[]", ['{"a b",NULL}']),
    ("numrange", "numrange", ["[1.0,2)", "empty"]),
    ("inet", "inet", ["10.0.0.1", "10.0.0.1/8"]),
    ("jsonb", "jsonb", ['{"a": 1.0}', "null"]),
]


@pytest.mark.parametrize(("here", "there", "values"), KEYS, ids=lambda value: str(value))
@pytest.mark.parametrize("more", [(), ("day",)], ids=["alone", "of two columns"])
def test_keys_of_every_kind(
    syncs_of_types: Syncs, here: str, there: str, values: list[str], more: tuple[str, ...]
) -> None:
    syncs = syncs_of_types
    key = ("k", *more)
    for side, spelled in ((syncs.pair.source, here), (syncs.pair.destination, there)):
        side.execute(
            f"create table items (k {spelled}, day date default '2024-01-01', v integer,"
            f" primary key ({', '.join(key)}))"
        )
    syncs.grant()
    syncs.pair.destination.execute("alter table items add check (v <> 13)")
    with syncs.pair.source.connect() as connection:
        for number, value in enumerate(values):
            connection.execute("insert into items (k, v) values (%s, %s)", [value, number])
    fields: dict[str, Any] = {"model": {"table": "public.items", "key": list(key)}}
    assert syncs.run(**fields).failed == Counts()
    assert syncs.verify(**fields).differences == ()
    # The key is spelled as in the log, by which a refused row is known again.
    syncs.pair.source.execute("update items set v = 13")
    refused = {one.row_id for one in syncs.run(**fields).rejections}
    found = syncs.verify(**fields)
    assert {one.row_id for one in found.differences} == refused
    assert found.rejected == len(values)
    assert {one.columns for one in found.differences} == {("v",)}


def test_a_key_that_equals_another_one_is_the_same_row(syncs: Syncs) -> None:
    syncs.table("id numeric primary key")
    syncs.pair.source.execute("insert into items values (1.0)")
    syncs.run()
    syncs.pair.destination.execute("update items set id = 1.00")
    found = syncs.verify(values=True)
    assert lines(found) == [("1.0", "differs", ("id",))]
    assert the_one(found).destination == {"id": "1.00"}


def test_tables_keys_and_columns_of_every_name(syncs: Syncs) -> None:
    columns = ", ".join(f"{quoted(name)} text" for name in NAMES)
    syncs.table(f"{columns}, primary key ({quoted(NAMES[0])}, {quoted('%s')})")
    listed = ", ".join(quoted(name) for name in NAMES)
    syncs.pair.source.execute(f"insert into items ({listed}) values ({', '.join(['1'] * 41)})")
    fields: dict[str, Any] = {"model": {"sql": "select * from items", "key": [NAMES[0], "%s"]}}
    syncs.run(**fields)
    assert syncs.verify(**fields).same == 1
    syncs.pair.destination.execute(
        *(
            f"update items set {quoted(name)} = 'new'"
            for name in NAMES
            if name not in (NAMES[0], "%s")
        )
    )
    found = syncs.verify(values=True, **fields)
    assert set(the_one(found).columns) == {*NAMES} - {NAMES[0], "%s"}
    assert the_one(found).destination == dict.fromkeys(the_one(found).columns, "new")


def test_renamed_columns_have_the_names_of_the_model(syncs: Syncs) -> None:
    syncs.pair.source.execute("create table items (id integer primary key, a text, b text)")
    syncs.pair.destination.execute("create table items (no integer primary key, b text, a text)")
    syncs.grant()
    syncs.pair.source.execute("insert into items values (1, 'x', 'y')")
    fields: dict[str, Any] = {"columns": {"id": "no", "a": "b", "b": "a"}}
    syncs.run(**fields)
    syncs.pair.destination.execute("update items set a = 'z'")
    found = syncs.verify(values=True, **fields)
    assert (the_one(found).model, the_one(found).destination) == ({"b": "y"}, {"b": "z"})


VALUES = ["", " ", "a,b", '"', '""', "\\", '\\"', "(", ")", "NULL", "a\nb", "é", None, "()", "\t"]


def test_values_are_shown_as_they_are(syncs: Syncs) -> None:
    syncs.table("id integer primary key, v text, pair point")
    with syncs.pair.source.connect() as connection:
        for number, value in enumerate(VALUES):
            connection.execute("insert into items values (%s, %s, '(1,2)')", [number, value])
    found = syncs.verify(values=True)
    assert [one.model for one in found.differences] == [
        {"id": str(number), "v": value, "pair": "(1,2)"} for number, value in enumerate(VALUES)
    ]


def test_values_stay_where_they_are_unless_asked_for(syncs: Syncs) -> None:
    syncs.table("id integer primary key, v text")
    syncs.pair.source.execute("insert into items values (1, 'secret'), (2, 'secret')")
    syncs.run()
    syncs.pair.destination.execute(
        "update items set v = 'other' where id = 1", "delete from items where id = 2"
    )
    found = syncs.verify()
    assert lines(found) == [("2", "missing", ()), ("1", "differs", ("v",))]
    assert {(one.model, one.destination) for one in found.differences} == {(None, None)}


def test_rows_with_a_null_or_repeated_key_wait(syncs: Syncs) -> None:
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
        ("(null)", "rejected", NO_KEY),
        ("(null)", "rejected", NO_KEY),
    ]
    assert (found.rows, found.same, found.foreign, found.in_step) == (7, 2, 2, True)
    syncs.pair.source.execute("insert into items values (1, 'a')")
    assert lines(syncs.verify())[0] == ("1", "rejected", ())
    syncs.pair.destination.execute("delete from items where id = 1")
    first = syncs.verify(values=True).differences[0]
    assert (first.row_id, first.kind, first.reason, first.model) == ("1", "missing", REPEATED, None)


def test_what_is_left_out_of_the_list_is_counted(syncs: Syncs) -> None:
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items select generate_series(1, 30)")
    syncs.run()
    syncs.pair.destination.execute("delete from items where id > 20")
    syncs.pair.source.execute("insert into items values (31)")
    found = syncs.verify(limit=3)
    assert [one.row_id for one in found.differences] == ["21", "22", "23"]
    assert (found.missing, found.pending, found.total) == (10, Counts(added=1), 11)
    assert syncs.verify(limit=0).differences == ()


def test_before_the_first_run_everything_is_pending(syncs: Syncs) -> None:
    syncs.table("id integer primary key, v text")
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'c')")
    syncs.pair.destination.execute("insert into items values (1, 'a'), (2, 'z'), (9, 'x')")
    found = syncs.verify()
    assert lines(found) == [("1", "pending", ()), ("2", "pending", ("v",)), ("3", "pending", ())]
    assert (found.pending, found.foreign, found.problems) == (Counts(added=3), 1, ())
    assert found.in_step


def test_a_changed_mapping_is_pending_and_not_drift(syncs: Syncs) -> None:
    syncs.table("id integer primary key, a text, b text")
    syncs.pair.source.execute("insert into items values (1, 'x', 'y'), (2, 'x', null)")
    syncs.run(columns=["id", "a"])
    found = syncs.verify()
    assert lines(found) == [("1", "pending", ("b",))]
    assert (found.same, found.in_step) == (1, True)
    syncs.run()
    assert syncs.verify().differences == ()


def test_rows_that_are_marked_to_be_sent_again_are_pending(syncs: Syncs) -> None:
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


MONTH = {"column": "at", "every": "month", "start": "2024-01-01"}
BY_MONTH: dict[str, Any] = {"model": {"table": "public.items", "key": ["at", "id"]}}


def month(number: int) -> Partition:
    return Partition(f"2024-0{number}-01", "at", f"2024-0{number}-01", f"2024-0{number + 1}-01")


def test_one_partition_knows_nothing_of_the_others(syncs: Syncs) -> None:
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
        opened(config, source, destination, None, Reporter("items", None, silent)),
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
        opened(syncs.config(), source, destination, None, reporter) as work,
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


def test_a_comparison_that_fails_is_rolled_back(syncs: Syncs) -> None:
    syncs.table("id integer primary key")
    with pytest.raises(TerminalError, match="^shop: comparing: "), comparison(syncs) as found:
        found.comparison.connection.execute("create table hightouch_planner.half_done ()")
        found.comparison.connection.execute("select 1 / 0")
    assert syncs.pair.source.rows("select 1 from pg_class where relname = 'half_done'") == []
