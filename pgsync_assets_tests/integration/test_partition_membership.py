"""Every row is in exactly one partition, or in none as documented: asked of PostgreSQL itself.

One query for each kind adds up, for every row, how many partitions hold it, and names the one.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from psycopg import sql

from pgsync_assets.config import Partition, SyncConfig
from pgsync_assets.connect import READ_ONLY
from pgsync_assets.model import predicate

from ..fix_syncs import Syncs

NOW = dt.datetime(2025, 1, 1, tzinfo=dt.timezone.utc)
ZONES = ["UTC", "America/New_York", "Australia/Lord_Howe"]
LENGTHS = ["hour", "day", "week", "month", "quarter", "year"]
SPANS = {
    "hour": ("2024-03-09", "2024-03-12"),
    "day": ("2024-02-26", "2024-03-12"),
    "week": ("2023-12-31", "2024-11-10"),
    "month": ("2023-12-01", "2024-12-01"),
    "quarter": ("2023-10-01", "2024-10-01"),
    "year": ("2020-01-01", "2025-01-01"),
}
# Every quarter of an hour around the nights in which clocks change, the bounds of every span and
# what lies a microsecond before them, and the ends of time.
MOMENTS = """
    select null::timestamp union all
    select unnest(array['-infinity', 'infinity', '4713-01-01 BC', '294275-12-31 23:59:59.999999',
        '1969-12-31 23:59:59', '9999-12-31']::timestamp[]) union all
    select night + n * interval '15 minutes'
    from unnest(array['2024-03-09 12:00', '2024-04-06 12:00', '2024-10-05 12:00',
        '2024-11-02 12:00']::timestamp[]) as night, generate_series(0, 200) as n union all
    select day - late * interval '1 microsecond'
    from generate_series('2019-12-29'::timestamp, '2025-01-06', '1 day') as day,
        generate_series(0, 1) as late
"""
# The beginning of the window around a wall clock, as PostgreSQL itself cuts it.
CUT = {
    "week": "date_trunc('week', clock + interval '1 day') - interval '1 day'",
    **{every: f"date_trunc('{every}', clock)" for every in LENGTHS if every != "week"},
}


def members(
    syncs: Syncs, config: SyncConfig, table: str = "items", row: str = "id"
) -> dict[Any, tuple[str, ...]]:
    """The names of all partitions that hold each row, by its `row`."""
    partitions = config.all_partitions(NOW)
    held = sql.SQL(", ").join(
        sql.SQL("CASE WHEN {} THEN {} END").format(predicate(one, "model"), sql.Literal(one.name))
        for one in partitions
    )
    query = sql.SQL("SELECT {}, array_remove(ARRAY[{}], NULL) FROM {} AS model").format(
        sql.Identifier("model", row), held, sql.Identifier("public", table)
    )
    source, _ = syncs.endpoints
    with source.session("test") as session, session.transaction("asking", READ_ONLY) as connection:
        return {key: tuple(names) for key, names in connection.execute(query)}


def config_of(syncs: Syncs, **partitions: Any) -> SyncConfig:
    return syncs.config(partitions=partitions)


def fill(syncs: Syncs, definition: str, *values: str) -> None:
    """A source table with a row for each value, numbered from 1; the value is in column v."""
    syncs.pair.source.execute(
        "drop table if exists items", f"create table items (id int primary key, v {definition})"
    )
    rows = ", ".join(f"({number}, {value})" for number, value in enumerate(values, start=1))
    syncs.pair.source.execute(f"insert into items values {rows}")
    syncs.pair.source.grant_table("items")


def names_by_value(syncs: Syncs, config: SyncConfig) -> list[tuple[str, ...]]:
    """The names of all partitions that hold each row, in the order of the rows."""
    found = members(syncs, config)
    return [found[key] for key in sorted(found)]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("type_", ["timestamptz", "timestamp", "date"])
def test_time_windows_hold_each_row_once(syncs: Syncs, type_: str, zone: str) -> None:
    """A column with a time zone is cut by instants; one without by the wall clock it shows."""
    source = syncs.pair.source
    source.execute(
        f"create table items as select row_number() over () as id, moment::{type_} as at,"
        f" {'moment' if type_ != 'timestamptz' else f'at at time zone {zone!r}'} as clock"
        f" from (select moment, moment at time zone 'UTC' as at from ({MOMENTS}) m(moment)) m"
    )
    if type_ == "date":
        source.execute("update items set clock = at")
    source.grant_table("items")
    # An hour that the clock skips is no window; a wall clock that shows it is in the one before.
    hidden = ("2024-03-10-02:00", "2024-03-10-01:00") if zone == "America/New_York" else ("", "")
    for every in LENGTHS:
        if every == "hour" and (type_ == "date" or zone == "Australia/Lord_Howe"):
            continue  # refused: a date has no hours, and this clock changes by half of one
        start, end = SPANS[every]
        config = config_of(syncs, column="at", every=every, start=start, end=end, time_zone=zone)
        key = "YYYY-MM-DD-HH24:MI" if every == "hour" else "YYYY-MM-DD"
        expected = source.rows(
            f"select id, case when clock >= '{start}' and clock < '{end}'"
            f" then replace(to_char({CUT[every]}, '{key}'), '{hidden[0]}', '{hidden[1]}') end"
            " from items"
        )
        found = members(syncs, config)
        assert max(map(len, found.values())) == 1
        assert {k: v[0] if v else None for k, v in found.items()} == dict(expected), every


def test_the_hour_that_is_there_twice(syncs: Syncs) -> None:
    """By instants both are windows; a wall clock cannot tell them apart, and has one of them."""
    zone = "America/New_York"
    config = config_of(
        syncs, column="v", every="hour", start="2024-11-03", end="2024-11-04", time_zone=zone
    )
    moments = ["2024-11-03 05:30Z", "2024-11-03 06:00Z", "2024-11-03 06:30Z", "2024-11-03 07:00Z"]
    fill(syncs, "timestamptz", *map(repr, moments))
    assert names_by_value(syncs, config) == [
        ("2024-11-03-01:00",),
        ("2024-11-03-01:00-0500",),
        ("2024-11-03-01:00-0500",),
        ("2024-11-03-02:00",),
    ]
    fill(syncs, "timestamp", "'2024-11-03 01:30'", "'2024-11-03 02:00'")
    assert names_by_value(syncs, config) == [("2024-11-03-01:00-0500",), ("2024-11-03-02:00",)]


KEYS = """
    create type mood as enum ('', 'sad', 'it''s, "so"');
    create table items as
    select row_number() over () as id, t.a, t.b, t.c, t.m, t.u, t.d, t.s, t.h, t.f
    from (
        select a, b, c, m, md5(a || b)::uuid as u, d, d::timestamptz + interval '90 minutes' as s,
            convert_to(a, 'UTF8') as h, a < b as f
        from unnest(array['', 'a', 'a,b', '''', 'a\\', 'é', '東', 'a'',''b', null]) as a,
            unnest(array['', 'b', 'b,c', E'tab\\there', null]) as b,
            unnest(array[0, -1, 2147483647, null]) as c,
            unnest(array['', 'sad', null]::mood[]) as m,
            unnest(array['infinity', '2024-02-29', '0044-03-15 BC', null]::date[]) as d
    ) as t
"""


def test_a_hash_holds_each_row_once_and_null_too(syncs: Syncs) -> None:
    source = syncs.pair.source
    source.execute(*KEYS.split(";"))
    source.grant_table("items")
    for key in ("a", "a b", "c", "m u", "d s h", "f"):
        # Rows of one key are in one partition.
        columns = ", ".join(key.split())
        same = source.rows(f"select array_agg(id) from items group by {columns}")
        for modulus in (2, 7, 16):
            model = {"table": "public.items", "key": key.split()}
            found = members(syncs, syncs.config(model=model, partitions={"hash": modulus}))
            assert len(found) == 2160
            assert {len(names) for names in found.values()} == {1}, (key, modulus)
            assert all(len({found[row] for row in rows}) == 1 for (rows,) in same)


def test_the_hash_of_a_key_is_the_same_on_every_version(syncs: Syncs) -> None:
    """And will be with the next release: state is kept by partition."""
    syncs.pair.source.execute(
        "drop table if exists items",
        "create table items (id int, a text, b text)",
        "insert into items values (1, '1', null), (2, '', ''), (3, 'é', '東'), (4, null, null),"
        " (5, '2024-02-29', 'a\\b'), (6, 'a,b', 'c'), (7, 'a', 'b,c')",
    )
    syncs.pair.source.grant_table("items")
    config = syncs.config(
        model={"table": "public.items", "key": ["a", "b"]}, partitions={"hash": 1000}
    )
    expected = "338 736 772 954 648 236 432"
    assert names_by_value(syncs, config) == [(name,) for name in expected.split()]


def test_the_hash_of_a_key_is_the_same_in_every_encoding(syncs: Syncs) -> None:
    """The state may be kept in a database of another encoding than the model's."""
    side = syncs.pair.source
    bucket = predicate(syncs.config(partitions={"hash": 1000}).partition_named("674"), "model")
    text = bucket.as_string(None)
    for encoding in ("UTF8", "LATIN1"):
        name = f"{side.database}_{encoding.lower()}"
        side.execute(
            f"create database {name} encoding {encoding} template template0 lc_collate 'C'"
            " lc_ctype 'C' locale_provider libc"
        )
        with side.cluster.connect(name) as connection:
            connection.execute("set client_encoding to utf8")
            query = f"select {text} from (values (text 'é(1)')) as model (id)"
            assert connection.execute(query.encode()).fetchall() == [(True,)], encoding
        side.execute(f"drop database {name}")


def test_a_hash_spreads_rows(syncs: Syncs) -> None:
    syncs.pair.source.execute("create table items as select generate_series(1, 8000) as id")
    syncs.pair.source.grant_table("items")
    found = members(syncs, config_of(syncs, hash=8))
    sizes = [sum(names == (str(n),) for names in found.values()) for n in range(8)]
    assert sum(sizes) == 8000
    assert min(sizes) > 900


SIZES = ("drop type if exists size cascade", "create type size as enum ('s', 'm', 'l', 'xl')")
RANGES: dict[str, tuple[str, list[Any], list[str], str]] = {
    "integer": (
        "bigint",
        [-5, 9, 100],
        ["null", "-5", "-6", "8", "9", "99", "100", "-9223372036854775808", "9223372036854775807"],
        "- 1 0 1 2 2 3 0 3",
    ),
    "numeric": (
        "numeric",
        ["1.5", "9"],
        ["null", "1.49999999999999999999", "1.50", "1.5", "9.000", "'NaN'", "1e300"],
        "- 0 1 1 2 2 2",
    ),
    "float": (
        "float8",
        ["0", "1e10"],
        ["null", "'-infinity'", "-0.0", "0", "1e10", "'infinity'", "'nan'"],
        "- 0 1 1 2 2 2",
    ),
    "text": (
        'text collate "C"',
        ["", "a", "é"],
        ["null", "''", "'Z'", "'a'", "'a '", "'z'", "'é'", "'東'"],
        "- 1 1 2 2 2 3 3",
    ),
    "varchar that would be cut": (
        "varchar(2)",
        ["ab", "abc"],
        ["null", "'aa'", "'ab'", "'ac'"],
        "- 0 1 2",
    ),
    "date": (
        "date",
        [dt.date(2024, 1, 1), "2024-07-01"],
        ["null", "'-infinity'", "'2023-12-31'", "'2024-01-01'", "'2024-07-01'", "'infinity'"],
        "- 0 0 1 2 2",
    ),
    "timestamptz": (
        "timestamptz",
        ["2024-01-01T00:00:00+01:00"],
        ["null", "'2023-12-31 22:59:59.999999Z'", "'2023-12-31 23:00Z'"],
        "- 0 1",
    ),
    "enum": ("size", ["m", "l"], ["null", "'s'", "'m'", "'l'", "'xl'"], "- 0 1 2 2"),
    "array": ("int[]", ["{1,2}"], ["null", "'{}'", "'{1}'", "'{1,2}'", "'{1,2,0}'"], "- 0 0 1 1"),
}


def test_ranges_hold_each_row_once_but_null(syncs: Syncs) -> None:
    syncs.pair.source.execute(*SIZES)
    for case, (type_, bounds, values, expected) in RANGES.items():
        fill(syncs, type_, *values)
        names = {str(number): bound for number, bound in enumerate([*bounds, None])}
        found = names_by_value(syncs, config_of(syncs, column="v", ranges=names))
        assert found == [() if name == "-" else (name,) for name in expected.split()], case


LISTS: dict[str, tuple[str, dict[str, Any], list[str], str]] = {
    "text": (
        "text",
        {"a": ["DE", "AT"], "b": ["", "de"]},
        ["null", "'DE'", "'de'", "'AT'", "''", "'DE '", "'FR'"],
        "other a b a b other other",
    ),
    "null is a value": ("text", {"a": [None, "x"]}, ["null", "'x'", "'y'"], "a a other"),
    "only null": ("text", {"a": [None]}, ["null", "'x'"], "a other"),
    "integer": ("int", {"a": [1, 2], "b": ["3"]}, ["null", "1", "3", "4"], "other a b other"),
    "numeric": (
        "numeric",
        {"a": ["1.5"]},
        ["null", "1.50", "1.51", "'NaN'"],
        "other a other other",
    ),
    "boolean": ("bool", {"a": ["true"], "b": ["false"]}, ["null", "true", "false"], "other a b"),
    "char": ("char(3)", {"a": ["x"]}, ["null", "'x'", "'x  '", "'xy'"], "other a a other"),
    "date": (
        "date",
        {"a": ["2024-02-29"]},
        ["null", "'2024-02-29'", "'infinity'"],
        "other a other",
    ),
    "enum": ("size", {"a": ["m"]}, ["null", "'m'", "'s'"], "other a other"),
}


def test_lists_hold_each_row_once_and_other_the_rest(syncs: Syncs) -> None:
    syncs.pair.source.execute(*SIZES)
    for case, (type_, lists, values, expected) in LISTS.items():
        fill(syncs, type_, *values)
        names = [(name,) for name in expected.split()]
        config = config_of(syncs, column="v", values=lists)
        assert names_by_value(syncs, config) == names, case
        alone = config_of(syncs, column="v", values=lists, other=False)
        listed = [() if name == ("other",) else name for name in names]
        assert names_by_value(syncs, alone) == listed, case


def test_a_domain_is_its_type(syncs: Syncs) -> None:
    syncs.pair.source.execute("create domain amount as int check (value > -100)")
    fill(syncs, "amount", "null", "-7", "100")
    ranges = config_of(syncs, column="v", ranges=[0])
    assert names_by_value(syncs, ranges) == [(), ("..0",), ("0..",)]
    lists = config_of(syncs, column="v", values=[100])
    assert names_by_value(syncs, lists) == [("other",), ("other",), ("100",)]


def test_a_partition_of_a_snapshot_is_the_same(syncs: Syncs) -> None:
    """The predicate takes any relation that has the columns under an alias."""
    fill(syncs, "text", "'é'", "'b'", "null")
    syncs.pair.source.execute("create table copied as select v, id from items")
    syncs.pair.source.grant_table("copied")
    config = syncs.config(
        model={"table": "public.items", "key": ["id", "v"]}, partitions={"hash": 50}
    )
    assert members(syncs, config) == members(syncs, config, "copied")


def test_an_index_on_the_column_is_used(syncs: Syncs) -> None:
    """Literals take the column's type, so that a window of a large table costs a window."""
    syncs.pair.source.execute(
        "create table items as select n as id, timestamptz '2024-01-01Z' + n * interval '1 hour'"
        " as at from generate_series(1, 8000) n",
        "create index by_time on items (at)",
        "analyze items",
    )
    syncs.pair.source.grant_table("items")
    config = config_of(syncs, column="at", every="day", start="2024-01-01")
    assert "by_time" in plan_of(syncs, config.partition_named("2024-05-01"))


def plan_of(syncs: Syncs, partition: Partition) -> str:
    query = sql.SQL("EXPLAIN SELECT FROM items AS model WHERE {}").format(
        predicate(partition, "model")
    )
    with syncs.pair.source.connect() as connection:
        return "\n".join(row[0] for row in connection.execute(query))
