"""Partitions that do not fit the model are refused, in words, before anything is touched."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.check_result import CheckResult
from pgsync_assets.errors import ModelError
from pgsync_assets.outcome import Counts

from ..fix_databases import Pair
from ..fix_syncs import Syncs

COLUMNS = """
    id int primary key, name text, day date, at timestamp, seen timestamptz, n int, amount numeric,
    doc json, size char(3), kind mood, big moods, loud citext
"""
TYPES = (
    "create type mood as enum ('sad', 'ok', 'fine')",
    "create domain moods as mood",
    "create extension citext",
)
WINDOW = {"every": "day", "start": "2024-01-01"}


@pytest.fixture
def items(syncs: Syncs) -> Syncs:
    """One row, in a table with a column of each kind."""
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute(*TYPES)
    syncs.table(COLUMNS)
    syncs.pair.source.execute(
        "insert into items (id, day, n, kind) values (1, '2024-01-01', 7, 'ok')"
    )
    return syncs


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no such column": (
        {"column": "dya", **WINDOW},
        "partitions.column 'dya' is not a column of the model",
        "the model has: id, name, day",
    ),
    "a window of numbers": ({"column": "n", **WINDOW}, "'n' is integer", "n::timestamptz AS n"),
    "a window of text": ({"column": "name", **WINDOW}, "'name' is text", "name::timestamptz"),
    "hours of a date": (
        {"column": "day", "every": "hour", "start": "2024-01-01"},
        "'day' is a date, which has no hours",
        "cut by day",
    ),
    "bounds of another type": (
        {"column": "n", "ranges": [1, "many"]},
        'invalid input syntax for type integer: "many"',
        "column 'n' is integer",
    ),
    "a bound out of range": ({"column": "n", "ranges": [1, 2**40]}, "out of range", "integer"),
    "no label of the enum": (
        {"column": "kind", "ranges": ["ok", "happy"]},
        'invalid input value for enum mood: "happy"',
        "column 'kind' is mood",
    ),
    "bounds in the order of text": (
        {"column": "n", "ranges": [10, 9]},
        "'9' is not above '10' in the order of column 'n' (integer)",
        "in that order",
    ),
    "bounds in the order of numbers": (
        {"column": "name", "ranges": ["9", "10"]},
        "'10' is not above '9' in the order of column 'name' (text)",
        "in that order",
    ),
    "one bound spelt twice": (
        {"column": "amount", "ranges": ["1.5", "1.50"]},
        "'1.50' is not above '1.5'",
        "in that order",
    ),
    "labels of the enum in another order": (
        {"column": "big", "ranges": ["ok", "fine", "sad"]},
        "'sad' is not above 'fine'",
        "in that order",
    ),
    "no order": ({"column": "doc", "ranges": ["1"]}, "'doc' is json", "whose values have an order"),
    "numbers for text": (
        {"column": "name", "ranges": [100, 200]},
        "column 'name' is text, and 100 is written as a number",
        "in quotes",
    ),
    "a number among texts": (
        {"column": "size", "values": {"a": ["x"], "b": [7]}},
        "column 'size' is character(3), and 7 is written as a number",
        "in quotes",
    ),
    "values of another type": (
        {"column": "seen", "values": ["someday"]},
        'invalid input syntax for type timestamp with time zone: "someday"',
        "timestamp with time zone",
    ),
    "one value spelt twice": (
        {"column": "amount", "values": {"a": ["1.5"], "b": [2, "1.50"]}},
        "'1.5' and '1.50' are one value to column 'amount' (numeric)",
        "write it once",
    ),
    "one text to the column": (
        {"column": "loud", "values": ["DE", "de"]},
        "'DE' and 'de' are one value",
        "write it once",
    ),
    "no equality": ({"column": "doc", "values": ["1"]}, "'doc' is json", "can be compared"),
}


def refusal(items: Syncs, **fields: Any) -> str:
    with pytest.raises(ModelError) as caught:
        items.run(**fields)
    return f"{caught.value.message} -> {caught.value.remedy}"


def check_line(items: Syncs, **fields: Any) -> CheckResult:
    (line,) = (
        one
        for one in engine.check(items.config(**fields), *items.endpoints)
        if one.name == "partitions"
    )
    return line


def test_what_does_not_fit_is_refused_before_anything_is_touched(items: Syncs) -> None:
    for case, (partitions, message, remedy) in REFUSED.items():
        told = refusal(items, partitions=partitions)
        assert message in told, case
        assert remedy in told.partition(" -> ")[2], case
        line = check_line(items, partitions=partitions)
        assert not line.passed
        assert f"{line.detail} -> {line.remedy}" == told
    for side, schemas in (
        (items.pair.source, "'hightouch_planner', 'hightouch_audit'"),
        (items.pair.destination, "'pgsync_ledger'"),
    ):
        made = f"select count(*) from pg_tables where schemaname in ({schemas})"
        assert side.rows(made) == [(0,)]


KEYS = {
    "numeric": ("amount", "amount::bigint AS amount"),
    "char": ("size", 'size::text COLLATE "C" AS size'),
    "citext": ("loud", 'loud::text COLLATE "C" AS loud'),
}


def test_a_hash_takes_keys_of_one_spelling_only(items: Syncs) -> None:
    for case, (name, cast) in KEYS.items():
        model = {"table": "public.items", "key": ["id", name]}
        told = refusal(items, model=model, partitions={"hash": 4})
        assert f"equal values of key column '{name}'" in told, case
        cast_key = {
            "sql": f"select id, {cast} from items where {name} is not null",
            "key": ["id", name],
        }
        line = check_line(items, model=cast_key, partitions={"hash": 4})
        assert line.passed, line


@pytest.mark.needs("tls-server")  # the embedded server is built without ICU
def test_a_hash_takes_no_key_of_a_collation_that_calls_other_texts_equal(tls_pair: Pair) -> None:
    syncs = Syncs(tls_pair)
    loose = "(provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    for schema in ("public", "elsewhere"):
        syncs.pair.source.execute(
            f"create schema if not exists {schema}",
            f'create collation {schema}."lo ose" {loose}',
            f'create table items (id text collate {schema}."lo ose" primary key)',
        )
        syncs.pair.source.grant_table("items")
        syncs.pair.source.execute(f"grant usage on schema {schema} to {syncs.pair.source.user}")
        told = refusal(syncs, partitions={"hash": 4})
        assert "equal values of key column 'id' (text)" in told
        syncs.pair.source.execute("drop table items")


FITTING: dict[str, tuple[dict[str, Any], str]] = {
    "window of a date": (
        {"column": "day", **WINDOW},
        "each day of day from 2024-01-01 to now (UTC); rows with NULL there, or outside of that "
        "time, are in none; they take turns",
    ),
    "window of a timestamp": ({"column": "at", "every": "hour", "start": "2024-01-01"}, "in none"),
    "hash": ({"hash": 4}, "4 by hash of the key; every row is in one; they run at once"),
    "hash of an enum": ({"hash": 4}, "at once"),
    "range of an enum": ({"column": "big", "ranges": ["sad", "ok", "fine"]}, "4 ranges of big"),
    "range": ({"column": "n", "ranges": [9, 10]}, "rows with NULL there are in none"),
    "range of the key": ({"column": "id", "ranges": [9]}, "they run at once"),
    "list": ({"column": "n", "values": [9, "10"]}, "and other; every row is in one"),
    "list without other": (
        {"column": "kind", "values": ["ok"], "other": False},
        "rows with another value, or NULL, are in none",
    ),
}


def test_check_says_what_is_in_the_partitions(items: Syncs) -> None:
    for case, (partitions, told) in FITTING.items():
        key = ["id", "kind"] if case == "hash of an enum" else ["id"]
        model = {"table": "public.items", "key": key}
        line = check_line(items, model=model, partitions=partitions)
        assert line.passed, line
        assert told in line.detail, case


def test_a_thousand_partitions_and_ten_thousand_values(items: Syncs) -> None:
    ranges = {"column": "n", "ranges": list(range(999))}
    assert check_line(items, partitions=ranges).passed
    values = {str(n): list(range(n * 10, n * 10 + 10)) for n in range(999)}
    lists = {"column": "n", "values": values}
    assert check_line(items, partitions=lists).passed
    assert items.run("0", partitions=lists).succeeded == Counts(added=1)
    assert items.run("other", partitions=lists).succeeded == Counts()


def test_nothing_of_the_model_is_executed(items: Syncs) -> None:
    """Checking is cheap: the model's rows are not read, its functions not called."""
    items.pair.source.execute(
        "create function public.boom() returns int language plpgsql as"
        " $$ begin raise exception 'executed'; end $$"
    )
    model = {"sql": "select id, public.boom() + id as n, day from items", "key": ["id", "n"]}
    for partitions in (
        {"hash": 4},
        {"column": "n", "ranges": [1, 2]},
        {"column": "n", "values": [1, 2]},
        {"column": "day", **WINDOW},
    ):
        assert check_line(items, model=model, partitions=partitions).passed
