"""Two keys are one key at the destination exactly where they are one at the source, or no row goes.

Where the model's key obeys the destination's rule, keys that are one under it are repeated keys.
"""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import Any

import pytest
from psycopg import sql

from pgsync_assets import sync as engine
from pgsync_assets.config import ModelConfig
from pgsync_assets.errors import DestinationError, ModelError
from pgsync_assets.model import describe
from pgsync_assets.outcome import Counts

from ..corpus_tables import known_types
from ..corpus_types import EQUAL_BUT_DIFFERENT, MAKE, OWN
from ..corpus_values import CORE
from ..fix_databases import Side
from ..fix_syncs import Syncs
from ..invariants import violations

DELETES: dict[str, Any] = {"delete": "delete_row", "guard": {"max_removed": "100%"}}
TOO_LARGE = 2_000  # characters
REPEATED = "the key occurs more than once in the model"


def make(syncs: Syncs, at_source: str, at_destination: str) -> None:
    """`items` with a key of one type here and another one there; both databases have citext."""
    for side, spelled in ((syncs.pair.source, at_source), (syncs.pair.destination, at_destination)):
        side.execute(
            "create extension if not exists citext",
            "create domain email as citext",
            "create domain code as char(5)",
            f"grant usage on schema public to {side.user}",
            f"create table items (id {spelled} primary key, note text)",
        )
    syncs.grant()


def refused(syncs: Syncs, **fields: Any) -> str:
    """The SQL of the remedy of a run that was refused, with nothing written, as `check` says."""
    with pytest.raises(DestinationError) as caught:
        syncs.run(**fields)
    checks = engine.check(
        syncs.config(**fields), *syncs.endpoints, platform=syncs.platform_endpoint
    )
    failed = [check for check in checks if not check.passed]
    assert [(c.detail, c.remedy) for c in failed] == [(caught.value.message, caught.value.remedy)]
    assert syncs.pair.destination.rows("table items") == []
    assert caught.value.remedy is not None
    return caught.value.remedy


def statement(remedy: str) -> dict[str, Any]:
    """The model that a remedy proposes."""
    return {"model": {"sql": remedy[remedy.index("SELECT ") :], "key": ["id"]}, **DELETES}


def test_keys_that_citext_calls_one_are_refused_until_the_model_casts_them(syncs: Syncs) -> None:
    make(syncs, "text", "citext")
    syncs.pair.source.execute(
        "insert into items values ('A', 'big'), ('a', 'small'), ('Bob', 'old'), ('c', 'old')"
    )
    remedy = refused(syncs)
    assert "CREATE EXTENSION citext;" in remedy
    cast = statement(remedy)
    outcome = syncs.run(**cast)
    assert (outcome.succeeded, outcome.failed) == (Counts(added=2), Counts(added=2))
    assert {(r.row_id, r.reason) for r in outcome.rejections} == {("A", REPEATED), ("a", REPEATED)}
    assert violations(syncs, {"A", "a"}) == []

    syncs.pair.source.execute("update items set id = 'bob' where id = 'Bob'")
    assert syncs.plan(**cast).counts == Counts(changed=1)
    assert syncs.run(**cast).succeeded == Counts(changed=1)
    assert syncs.pair.destination.rows("select id from items order by 1") == [("bob",), ("c",)]
    syncs.pair.source.execute("delete from items where id in ('bob', 'a')")
    assert syncs.run(**cast).succeeded == Counts(added=1, removed=1)
    assert syncs.same()
    assert violations(syncs) == []


@pytest.mark.parametrize(
    ("spelled", "spellings"),
    [("citext", ["Bob", "bob", "BOB"]), ("numeric", ["1.0", "1.00", "1"])],
)
def test_the_log_knows_a_key_in_its_newest_spelling_only(
    every: Syncs, spelled: str, spellings: list[str]
) -> None:
    if (spelled, every.fields["engine"]) == ("citext", "standard"):
        spelled, spellings = "jsonb", ["1.0", "1.00", "1"]  # citext is refused there
    make(every, spelled, spelled)
    every.pair.source.execute("insert into items values ('7')")
    logged = "select row_id, status from hightouch_audit.sync_snapshot order by row_id"
    every.pair.source.execute(f"insert into items values ('{spellings[0]}', 'respelled')")
    for number, spelling in enumerate(spellings):
        every.pair.source.execute(f"update items set id = '{spelling}' where note = 'respelled'")
        every.run(full_resync=number == 2)
        assert every.keeper.rows(logged) == sorted([("7", "succeeded"), (spelling, "succeeded")])


@pytest.mark.parametrize(
    ("at_source", "at_destination"),
    [("text", "char(5)"), ("varchar(5)", "char(5)"), ("text", "bpchar"), ("text", "code")],
)
def test_keys_that_differ_in_blanks_are_refused_until_the_model_casts_them(
    syncs: Syncs, at_source: str, at_destination: str
) -> None:
    walk_with_blanks(syncs, at_source, at_destination)


def test_blanks_on_every_engine(every: Syncs) -> None:
    walk_with_blanks(every)


def walk_with_blanks(
    syncs: Syncs, at_source: str = "text", at_destination: str = "char(5)"
) -> None:
    make(syncs, at_source, at_destination)
    syncs.pair.source.execute("insert into items values ('a', ''), ('a ', ''), ('b', '')")
    cast = statement(refused(syncs))
    outcome = syncs.run(**cast)
    assert (outcome.succeeded, outcome.failed) == (Counts(added=1), Counts(added=2))
    syncs.pair.source.execute(
        "delete from items where id = 'a '", "update items set id = 'b  ' where id = 'b'"
    )
    # What a blank more changes, if anything, is for the type to say; it is no other row.
    assert syncs.run(**cast).succeeded.added == 1
    assert syncs.pair.destination.rows("select trim(id) from items order by 1") == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("at_source", "at_destination"),
    [("text", "email"), ("varchar(5)", "citext"), ("text[]", "citext[]"), ("text[]", "char(5)[]")],
)
def test_the_cast_of_the_remedy_works_for_domains_and_arrays(
    syncs: Syncs, at_source: str, at_destination: str
) -> None:
    make(syncs, at_source, at_destination)
    values = ("'{A}'", "'{a}'", "'{\"a \"}'") if "[]" in at_source else ("'A'", "'a'", "'a '")
    syncs.pair.source.execute(*(f"insert into items values ({value})" for value in values))
    outcome = syncs.run(**statement(refused(syncs)))
    assert (outcome.succeeded, outcome.failed) == (Counts(added=1), Counts(added=2))


@pytest.mark.parametrize("spelled", ["citext", "email", "char(5)", "citext[]", "char(5)[]"])
def test_a_model_that_calls_keys_one_which_the_destination_tells_apart_is_refused(
    syncs: Syncs, spelled: str
) -> None:
    """`Bob` that becomes `bob` would be one changed row here and two rows there."""
    make(syncs, spelled, "text[]" if "[]" in spelled else "text")
    before, after = ("'{Bob}'", "'{bob}'") if "[]" in spelled else ("'Bob'", "'bob'")
    syncs.pair.source.execute(f"insert into items values ({before})")
    cast = statement(refused(syncs))
    assert syncs.run(**cast).succeeded == Counts(added=1)
    syncs.pair.source.execute(f"update items set id = {after}")
    assert syncs.run(**cast).succeeded == Counts(added=1, removed=1)
    assert syncs.pair.destination.rows("select count(*) from items") == [(1,)]


def test_a_key_of_several_columns_is_cast_where_it_has_to_be(syncs: Syncs) -> None:
    key = '{} text, "E Mail" {}, note text, primary key ({}, "E Mail")'
    make(syncs, "text", "text")
    for side, name, spelled in (
        (syncs.pair.source, "shop", "varchar"),
        (syncs.pair.destination, "store", "citext"),
    ):
        side.execute("drop table items", f"create table items ({key.format(name, spelled, name)})")
    syncs.grant()
    syncs.pair.source.execute("insert into items values ('x', 'A'), ('X', 'a'), ('x', 'a')")
    columns = {"shop": "store", "E Mail": "E Mail", "note": "note"}
    model = {"table": "public.items", "key": ["shop", "E Mail"]}
    remedy = refused(syncs, model=model, columns=columns)
    model = {"sql": remedy[remedy.index("SELECT ") :], "key": ["shop", "E Mail"]}
    outcome = syncs.run(model=model, columns=columns)
    assert (outcome.succeeded, outcome.failed) == (Counts(added=1), Counts(added=2))


def test_the_remedy_for_a_query_names_the_column(syncs: Syncs) -> None:
    make(syncs, "text", "citext")
    model = {"sql": "select id, note from items", "key": ["id"]}
    assert refused(syncs, model=model).endswith('"id"::citext AS "id"')


def unlike_locales(syncs: Syncs) -> None:
    """The destination folds letters that the source, of the locale C, does not."""
    for side, options in (
        (syncs.pair.source, "locale_provider libc locale 'C'"),
        (syncs.pair.destination, "locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'"),
    ):
        side.leave()
        with side.cluster.connect("postgres") as connection:
            for query in (
                "drop database {}",
                "create database {} template template0 encoding 'UTF8' " + options,
            ):
                connection.execute(sql.SQL(query).format(sql.Identifier(side.database)))


def test_citext_that_folds_other_letters_at_the_destination_is_refused(syncs: Syncs) -> None:
    unlike_locales(syncs)
    make(syncs, "citext", "citext")
    syncs.pair.source.execute("insert into items values ('Ä'), ('ä')")
    with pytest.raises(
        DestinationError, match="citext calls other letters one .* such as "
    ) as said:
        syncs.run()
    letters = said.value.message.partition("such as ")[2].partition(",")[0].split()
    for letter in letters:
        alone = f"select lower('{letter}') = '{letter}'"
        assert syncs.pair.source.rows(alone) == [(True,)]
    assert syncs.pair.destination.rows("table items") == []


OBSTACLES = [
    ("create unique index twin on items (id text_ops)", "citext", "operator class"),
    ("alter table items add constraint twin unique (id) deferrable", "text", "deferrable"),
]


@pytest.mark.parametrize(("twin", "spelled", "why"), OBSTACLES)
def test_a_second_index_that_finds_other_rows_spoils_the_first(
    syncs: Syncs, twin: str, spelled: str, why: str
) -> None:
    """ON CONFLICT takes all of them: what one calls a conflict is one."""
    make(syncs, spelled, spelled)
    syncs.pair.destination.execute(twin)
    syncs.pair.source.execute("insert into items values ('a')")
    with pytest.raises(DestinationError, match=f"twin cannot be used, .*{why}") as caught:
        syncs.run()
    assert "drop twin" in (caught.value.remedy or "")
    kind = "constraint" if "constraint" in twin else "index"
    drop = f"alter table items drop {kind} twin" if kind == "constraint" else "drop index twin"
    syncs.pair.destination.execute(drop)
    assert syncs.run().succeeded == Counts(added=1)


@pytest.mark.parametrize("spelled", ["citext", "email"])
def test_an_index_that_tells_more_apart_than_its_column_proves_no_key(
    syncs: Syncs, spelled: str
) -> None:
    make(syncs, spelled, spelled)
    syncs.pair.source.execute(
        "alter table items drop constraint items_pkey",
        "create unique index on items (id text_ops)",
        "alter table items alter id set not null",
        "insert into items values ('A'), ('a'), ('b')",
    )
    outcome = syncs.run()
    assert (outcome.succeeded, outcome.failed) == (Counts(added=1), Counts(added=2))


def test_a_key_of_unknown_collation_is_refused(syncs: Syncs) -> None:
    make(syncs, "text", "text")
    syncs.pair.source.execute(
        'create table parts (one text collate "C", other text collate "POSIX")'
    )
    syncs.pair.source.grant_table("parts")
    query = "select one || other as id, 'x' as note from parts"
    with pytest.raises(ModelError, match="different collations") as caught:
        syncs.run(model={"sql": query, "key": ["id"]})
    cast = (caught.value.remedy or "").partition("as in ")[2]
    mended = f"select {cast}, note from ({query}) as p"
    assert syncs.run(model={"sql": mended, "key": ["id"]}).succeeded == Counts()


def test_an_explicit_collation_of_the_key_changes_nothing(syncs: Syncs) -> None:
    make(syncs, "text", 'text collate "C"')
    syncs.pair.source.execute("insert into items values ('A'), ('a')")
    model = {"sql": 'select id collate "POSIX" as id, note from items', "key": ["id"]}
    assert syncs.run(model=model).succeeded == Counts(added=2)
    assert syncs.run(model=model).planned == Counts()


def test_identity_is_claimed_only_where_equal_keys_are_equal_texts(syncs: Syncs) -> None:
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute(*MAKE, f"grant usage on schema public to {side.user}")
    claimed: dict[str, bool] = {}
    with syncs.endpoints[0].session("test") as session:
        for spelled in known_types(syncs.pair, CORE | OWN):
            query = f"select null::{spelled} as k"
            with suppress(ModelError):  # no index takes the type: it cannot be a key
                (claimed[spelled],) = describe(
                    session, ModelConfig(sql=query, key=("k",))
                ).key_is_identity
    broken = {spelled for spelled in claimed if not texts_tell(syncs.pair.source, spelled)}
    assert {spelled for spelled in broken if claimed[spelled]} == set()
    assert broken >= {"numeric", "float8", "interval", "jsonb", "citext", "bpchar", "citext[]"}
    identical = {spelled for spelled in claimed if claimed[spelled]}
    assert identical >= {"int8", "uuid", "text", "date", "mood", "inet", "text[]", "short", "grid"}


def texts_tell(side: Side, spelled: str) -> bool:
    """Whether no two of the awkward values of a type are equal with different texts."""
    values = [*(CORE | OWN)[spelled], *EQUAL_BUT_DIFFERENT.get(spelled, [])]
    pairs = itertools.combinations([value for value in values if len(value) < TOO_LARGE], 2)
    # In a row, as a cast of char(n) to text cuts its blanks.
    compare = sql.SQL(
        "select %s::{0} = %s::{0} and row(%s::{0})::text <> row(%s::{0})::text"
    ).format(sql.SQL(spelled))
    with side.connect() as connection:
        return not any(
            connection.execute(compare, [*pair, *pair]).fetchone() == (True,) for pair in pairs
        )
