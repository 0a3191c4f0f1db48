"""Types of the databases' own: the same on both sides, or refused; their rules cost single rows."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.errors import DestinationError, ModelError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

# The type of a column, how it is made at the source and at the destination, and what is said.
OTHERS: dict[str, tuple[str, str, str, str]] = {
    "fields in another order": (
        "t",
        "create type t as (a int, b int)",
        "create type t as (b int, a int)",
        ".a is integer at the source, .b is integer at the destination",
    ),
    "a field less": (
        "t",
        "create type t as (a int, b text)",
        "create type t as (a int)",
        ".b is text at the source, nothing more at the destination",
    ),
    "a field that would round": (
        "t[]",
        "create type t as (a numeric)",
        "create type t as (a numeric(10,2))",
        "[].a is numeric at the source, [].a is numeric(10,2) at the destination",
    ),
    "a composite inside": (
        "t",
        "create type u as (x int, y int); create type t as (a u[])",
        "create type u as (y int, x int); create type t as (a u[])",
        ".a[].x is integer at the source, .a[].y is integer at the destination",
    ),
    "a range of something else": (
        "t",
        "create type t as range (subtype = text)",
        "create type t as range (subtype = date)",
        "range t by text_ops at the source, range t by date_ops at the destination",
    ),
    "a range with a rule of its own": (
        "t",
        'create type t as range (subtype = text, collation = "C")',
        'create type t as range (subtype = text, collation = "POSIX")',
        "by text_ops collation C at the source",
    ),
    "a multirange of something else": (
        "t_multirange",
        "create type t as range (subtype = float8)",
        "create type t as range (subtype = numeric)",
        ".range is range t by float8_ops at the source",
    ),
    "an array of a domain that would round": (
        "t[]",
        "create domain t as numeric(10,4)",
        "create domain t as numeric(10,2)",
        "[] is numeric(10,4) at the source, [] is numeric(10,2) at the destination",
    ),
    "an enum that is a composite there": (
        "t",
        "create type t as enum ('(1)')",
        "create type t as (a int)",
        "enum t at the source, composite t at the destination",
    ),
    "a type of PostgreSQL that is a composite there": (
        "own.point",
        "create domain own.point as point",
        "create type own.point as (x float8, y float8)",
        "point at the source, composite point at the destination",
    ),
}


def make(
    syncs: Syncs, columns: str, here: str, there: str, schemas: tuple[str, str] = ("app", "crm")
) -> dict[str, Any]:
    """A table on each side, in a schema of its own with its types; the fields of a sync of it."""
    tables = [f"{schema}.items" for schema in schemas]
    sides = (syncs.pair.source, syncs.pair.destination)
    for side, schema, makes in zip(sides, schemas, (here, there), strict=True):
        made = f"{makes}; create table items (id integer primary key, {columns})"
        made = made.replace("own.", f"{schema}.")
        side.execute(f"create schema {schema}; set search_path = {schema}; {made}")
        side.grant_table("items", "select", "insert", "update", "delete", schema=schema)
    model = {"table": tables[0], "key": ["id"]}
    return {"name": schemas[0], "table": tables[1], "model": model}


def test_a_type_that_is_made_of_other_things_is_refused(syncs: Syncs) -> None:
    for number, (why, (spelled, here, there, said)) in enumerate(OTHERS.items()):
        schemas = (f"app_{number}", f"crm_{number}")
        fields = make(syncs, f"v {spelled}", here, there, schemas)
        with pytest.raises(DestinationError) as caught:
            syncs.run(**fields)
        assert said in caught.value.message, why
        checks = engine.check(syncs.config(**fields), *syncs.endpoints)
        assert [c.detail for c in checks if not c.passed] == [caught.value.message], why


SAME = """
    create type state as enum ('new', 'it''s');
    create domain price as numeric(9,2) check (value > 0);
    create type item as ("the name" text, price price, states state[]);
    create type bids as range (subtype = numeric);
    create type lot as (first item, items item[], bids bids)
"""
VALUES = """
    set search_path = app;
    insert into items (id) values (2);
    insert into items values (1, row(
        row('a b', 1.50, '{new,it''s}'), array[row('"', null, null)::item, null], '[1.0,2)'
    )::lot, '[1.00,]', '{1,2.50}')
"""


def test_the_same_types_in_another_schema(either: Syncs) -> None:
    """The CHECK of a domain and the order of an enum do not change what a value is."""
    other = SAME.replace("'new', 'it''s'", "'it''s', 'old', 'new'").replace("value > 0", "true")
    fields = make(either, "v lot, bids bids, prices price[]", SAME, other)
    source, destination = either.pair.source, either.pair.destination
    source.execute(VALUES)
    assert either.run(**fields).succeeded == Counts(added=2)
    source.execute("update app.items set bids = '[1.0,]', prices = '[0:0]={1}' where id = 1")
    assert either.run(**fields).succeeded == Counts(changed=1)
    rows = source.rows("select items::text from app.items order by id")
    assert "[1.0,)" in rows[0][0] and "[1.0,2)" in rows[0][0]
    assert destination.rows("select items::text from crm.items order by id") == rows
    assert either.verify(**fields).in_step


HERE = """
    create type mood as enum ('ok', 'new');
    create domain positive as integer;
    create domain short as varchar(3);
    create type pair as (a positive, b mood)
"""
THERE = """
    create type mood as enum ('ok');
    create domain positive as integer not null check (value > 0);
    create domain short as varchar(2);
    create type pair as (a positive, b mood)
"""
GOOD = "(0, 'ok', '{ok}', '(1,ok)', 1, '{1}', 'ab')"
BAD = {
    1: ("'new', '{}', '(1,ok)', 1, '{1}', 'a'", "22P02", "m"),
    2: ("'ok', '{ok,new}', '(1,ok)', 1, '{1}', 'a'", "22P02", "ms"),
    3: ("'ok', '{}', '(1,new)', 1, '{1}', 'a'", "22P02", "p"),
    4: ("'ok', '{}', '(-1,ok)', 1, '{1}', 'a'", "23514", "p"),
    5: ("'ok', '{}', '(1,ok)', -1, '{1}', 'a'", "23514", "n"),
    6: ("'ok', '{}', '(1,ok)', 1, '{1,-1}', 'a'", "23514", "ns"),
    7: ("'ok', '{}', '(1,ok)', null, '{1}', 'a'", "23502", "n"),
    8: ("'ok', '{}', '(1,ok)', 1, '{1}', 'abc'", "22001", "s"),
}


@pytest.mark.parametrize("mode", ["upsert", "insert", "update"])
def test_a_value_that_the_destinations_type_refuses_costs_its_row(syncs: Syncs, mode: str) -> None:
    columns = "m mood, ms mood[], p pair, n positive, ns positive[], s short"
    fields = make(syncs, columns, HERE, THERE) | {"mode": mode}
    rows = ", ".join([GOOD, *(f"({number}, {row})" for number, (row, _, _) in BAD.items())])
    syncs.pair.source.execute(f"insert into app.items values {rows}")
    if mode == "update":
        syncs.pair.destination.execute(
            "insert into crm.items (id, n) select n, 1 from generate_series(0, 8) as n"
        )
    outcome = syncs.run(**fields)
    assert outcome.succeeded == Counts(added=1)
    assert {(int(one.row_id), one.sqlstate, one.column) for one in outcome.rejections} == {
        (number, sqlstate, column) for number, (_, sqlstate, column) in BAD.items()
    }
    arrived = "select items::text from crm.items where m is not null"
    assert syncs.pair.destination.rows(arrived) == [('(0,ok,{ok},"(1,ok)",1,{1},ab)',)]


def test_a_reference_inside_a_composite_is_refused(syncs: Syncs) -> None:
    makes = "create type watched as (name text, tables regclass[])"
    fields = make(syncs, "v watched[]", makes, makes)
    with pytest.raises(ModelError, match=r"'v' .*watched\[\], with regclass in \[\].tables\[\]: "):
        syncs.run(**fields)
