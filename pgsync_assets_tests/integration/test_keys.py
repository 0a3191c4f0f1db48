"""Rows are found by a key of any type, on both sides, as an index finds them."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgsync_assets import sync as engine
from pgsync_assets.errors import ConfigurationError, DestinationError, ModelError
from pgsync_assets.outcome import Counts
from pgsync_assets.plan.platform_keys import OF_THE_CATALOGUE

from ..corpus_tables import known_types
from ..corpus_types import EQUAL_BUT_DIFFERENT, MAKE, OWN
from ..corpus_values import CORE
from ..fix_databases import Pair
from ..fix_syncs import Syncs

TOO_LARGE = 2_000  # characters: more than an index takes, or nearly
KEYS = [
    "bool", "int8", "numeric", "float8", "money", "text", "varchar(5)", "bpchar", "char(5)", "name",
    '"char"', "bytea", "date", "timestamptz", "timetz", "interval", "jsonb", "tsvector", "inet",
    "cidr", "macaddr8", "varbit", "uuid", "numrange", "int4multirange", "xid8", "tid", "pg_lsn",
    "citext", "ltree", "mood", "short", "grid", "spread", "mood[]", "short[]",
    "spread[]", "timestamptz[]", "pair[]",
]  # fmt: skip
EMPTY_INDEX = {"json[]"}  # PostgreSQL makes it, and takes no second row
ONLY_THE_SOURCE_CAN_TELL = {
    "citext",
    "citext[]",
    "spread",
    "spread[]",
    "spread_multirange",
    "pair[]",
}


@pytest.fixture
def syncs(either: Syncs) -> Syncs:
    """Syncs of one engine and of the other."""
    return either


def make(syncs: Syncs, spelled: str) -> int:
    """A table with a key of a type and all values of it that are different keys; their number."""
    syncs.table(f"k {spelled} primary key, note text")
    with syncs.pair.source.connect() as connection:
        count = 0
        for value in (CORE | OWN)[spelled]:
            if len(value) < TOO_LARGE:
                count += connection.execute(
                    sql.SQL("insert into items values (%s, 'old') on conflict do nothing"), [value]
                ).rowcount
    return count


@pytest.fixture
def own_types(syncs: Syncs) -> Syncs:
    """Both databases have the types of our own."""
    return make_own_types(syncs)


def make_own_types(syncs: Syncs) -> Syncs:
    """Makes the types of our own in both databases."""
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute(*MAKE, f"grant usage on schema public to {side.user}")
    return syncs


def can_compare(syncs: Syncs, spelled: str) -> bool:
    """Whether the database that holds the planner can tell when two keys are one."""
    refused = ONLY_THE_SOURCE_CAN_TELL | OF_THE_CATALOGUE
    return syncs.keeper is syncs.pair.source or spelled not in refused


def test_a_key_of_any_type_finds_its_row(own_types: Syncs) -> None:
    find_rows_by_keys(own_types, [k for k in KEYS if can_compare(own_types, k)])


def test_a_key_that_only_the_source_can_compare_is_refused_elsewhere(standard: Syncs) -> None:
    make_own_types(standard)
    for number, spelled in enumerate((*ONLY_THE_SOURCE_CAN_TELL, *OF_THE_CATALOGUE)):
        make(standard, spelled)
        told = "only the source can tell|for its own tables"
        with pytest.raises(ConfigurationError, match=told) as caught:
            standard.run(model={"table": "public.items", "key": ["k"]}, name=f"refused_{number}")
        assert "engine: lightning" in (caught.value.remedy or "")
        config = standard.config(model={"table": "public.items", "key": ["k"]})
        checks = engine.check(config, *standard.endpoints, platform=standard.platform_endpoint)
        failed = [check.remedy for check in checks if not check.passed]
        assert caught.value.remedy in failed
        for side in (standard.pair.source, standard.pair.destination):
            side.execute("drop table items")


@pytest.mark.nightly("some fifty types, of which those above are the ones that differ most")
def test_a_key_of_every_other_type_finds_its_row_or_is_refused(own_types: Syncs) -> None:
    """No type is left: what PostgreSQL indexes is a key, but for composites, and nothing else."""
    others = [t for t in known_types(own_types.pair, CORE | OWN) if t not in KEYS]
    without = [t for t in others if t in EMPTY_INDEX or not is_indexed(own_types, t)]
    composite = [t for t in others if t in ("pair", "nested", "whole_pair")]
    for number, spelled in enumerate((*without, *composite)):
        own_types.table(f"k {spelled}, note text")
        with pytest.raises(ModelError, match="cannot index|composite type"):
            own_types.run(model={"table": "public.items", "key": ["k"]}, name=f"refused_{number}")
        for side in (own_types.pair.source, own_types.pair.destination):
            side.execute("drop table items")
    keys = [t for t in others if t not in (*without, *composite)]
    assert len(keys) > len(without) > 5
    find_rows_by_keys(own_types, [k for k in keys if can_compare(own_types, k)])


def is_indexed(syncs: Syncs, spelled: str) -> bool:
    """Whether PostgreSQL takes a type as a primary key."""
    with syncs.pair.source.connect(autocommit=False) as connection:
        try:
            connection.execute(f"create table probe (k {spelled} primary key)".encode())
        except psycopg.Error:
            return False
        finally:
            connection.rollback()
    return True


def find_rows_by_keys(syncs: Syncs, types: list[str]) -> None:
    """Adds, changes and removes rows with keys of some types."""
    keyed: dict[str, Any] = {
        "model": {"table": "public.items", "key": ["k"]},
        "delete": "delete_row",
    }
    keyed["guard"] = {"allow_empty_model": True, "max_removed": "100%"}
    for number, spelled in enumerate(types):
        more = keyed | {"name": f"sync_{number}"}
        rows = make(syncs, spelled)
        assert syncs.run(**more).succeeded == Counts(added=rows), spelled
        syncs.pair.source.execute(
            "delete from items where k = (select k from items order by k limit 1)",
            "update items set note = 'new'",
        )
        assert syncs.run(**more).succeeded == Counts(changed=rows - 1, removed=1), spelled
        assert syncs.same(), spelled
        for side in (syncs.pair.source, syncs.pair.destination):
            side.execute("drop table items")


@pytest.mark.parametrize("spelled", ["numeric", "float8", "interval", "jsonb", "bpchar"])
def test_a_key_that_only_equals_the_old_one_is_sent_too(own_types: Syncs, spelled: str) -> None:
    respell(own_types, spelled)


@pytest.mark.parametrize("spelled", ["citext", "citext[]", "spread"])
def test_a_key_of_another_type_too_where_the_planner_knows_it(
    database_pair: Pair, spelled: str
) -> None:
    respell(make_own_types(Syncs(database_pair)), spelled)


def respell(syncs: Syncs, spelled: str) -> None:
    """Writes one key in another spelling."""
    before, after = EQUAL_BUT_DIFFERENT[spelled]
    keyed: dict[str, Any] = {
        "model": {"table": "public.items", "key": ["k"]},
        "delete": "delete_row",
    }
    syncs.table(f"k {spelled} primary key, note text")
    syncs.pair.source.execute(f"insert into items values ('{before}')")
    syncs.run(**keyed)
    syncs.pair.source.execute(f"update items set k = '{after}'")
    assert syncs.run(**keyed).succeeded == Counts(changed=1)
    assert syncs.same()


@pytest.mark.parametrize("spelled", ["json", "point", "xid"])
def test_a_key_that_no_index_takes_is_refused(syncs: Syncs, spelled: str) -> None:
    syncs.table(f"k {spelled}, note text")
    with pytest.raises(ModelError, match="cannot index") as caught:
        syncs.run(model={"table": "public.items", "key": ["k"]})
    assert caught.value.remedy is not None
    assert "k::text" in caught.value.remedy or "::text" in caught.value.remedy


def test_a_composite_key_is_refused(own_types: Syncs) -> None:
    own_types.table("k pair primary key, note text")
    with pytest.raises(ModelError, match="composite type pair") as caught:
        own_types.run(model={"table": "public.items", "key": ["k"]})
    assert caught.value.remedy is not None
    assert "fields" in caught.value.remedy


def test_a_key_whose_type_lives_in_a_schema_of_its_own(database_pair: Pair) -> None:
    syncs = Syncs(database_pair)
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute(
            "create schema types",
            "create extension citext schema types",
            f"grant usage on schema types to {side.user}",
        )
    syncs.table("k types.citext primary key, note text")
    keyed: dict[str, Any] = {
        "model": {"table": "public.items", "key": ["k"]},
        "delete": "delete_row",
    }
    syncs.pair.source.execute("insert into items values ('A', 'old'), ('b', 'old')")
    assert syncs.run(**keyed).succeeded == Counts(added=2)
    syncs.pair.source.execute("update items set k = 'a', note = 'new' where k = 'A'")
    assert syncs.run(**keyed).succeeded == Counts(changed=1)
    # Somebody else writes it in another case; it is the same key all the same.
    syncs.pair.destination.execute("update items set k = 'B' where k = 'b'")
    syncs.pair.source.execute("delete from items where k = 'b'")
    assert syncs.run(**keyed).succeeded == Counts(removed=1)
    assert syncs.same()


def test_a_key_of_several_columns_in_another_order_than_the_index(syncs: Syncs) -> None:
    syncs.table("a integer, b text, c date, note text, primary key (c, a, b)")
    syncs.pair.source.execute(
        "insert into items select n % 3, n::text, date '2024-01-01' + n, 'old'"
        " from generate_series(1, 20) as n"
    )
    keyed: dict[str, Any] = {
        "model": {"table": "public.items", "key": ["a", "b", "c"]},
        "delete": "delete_row",
    }
    assert syncs.run(**keyed).succeeded == Counts(added=20)
    syncs.pair.source.execute(
        "update items set note = 'new' where a = 1", "delete from items where a = 2"
    )
    assert syncs.run(**keyed).succeeded == Counts(changed=7, removed=7)
    assert syncs.same()


def test_keys_that_would_be_one_at_the_destination_are_refused(syncs: Syncs) -> None:
    """`a` and `A` of a text key would become one row of a citext key, and nobody would know."""
    syncs.pair.source.execute("create table items (k text primary key)")
    syncs.pair.destination.execute(
        "create extension citext",
        "create table items (k citext primary key)",
        f"grant usage on schema public to {syncs.pair.destination.user}",
    )
    syncs.grant()
    with pytest.raises(DestinationError, match="citext"):
        syncs.run(model={"table": "public.items", "key": ["k"]})
