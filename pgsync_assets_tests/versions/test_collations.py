"""Nondeterministic collations: keys are one at the destination exactly where the model says so.

The embedded server has no ICU; these have, and each is asked. Both databases are on one server, or
the destination is on an installed one with another ICU.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE
from pgsync_assets.errors import ConfigurationError, DestinationError
from pgsync_assets.outcome import Counts

from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, Side, database
from ..fix_syncs import Syncs
from ..integration.test_key_equality import DELETES, REPEATED, refused, statement
from ..invariants import violations

pytestmark = pytest.mark.needs("npm")

LOOSE = "create collation \"Any Case\" (provider = icu, locale = '{}', deterministic = false)"
LEVEL_2, LEVEL_1 = "und-u-ks-level2", "und-u-ks-level1"
ROWS = "insert into items values ('A', 'big'), ('a', 'small'), ('Bob', 'old'), ('c', 'old')"


@pytest.fixture
def collated(server: Cluster) -> Iterator[Syncs]:
    """Syncs between two databases of one server, which has ICU."""
    with (
        database(server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        assert source.rows("select count(*) > 0 from pg_collation where collprovider = 'i'")[0][0]
        yield Syncs(Pair(source, destination))


def make(side: Side, spelled: str, locale: str = LEVEL_2) -> None:
    """`items` with a key of some type; `loose` stands for a text of the collation."""
    side.execute(
        "create extension citext",
        LOOSE.format(locale),
        f"create table items (id {spelled.replace('loose', LOOSE_TEXT)} primary key, note text)",
        f"grant usage on schema public to {side.user}",
    )


LOOSE_TEXT = 'text collate "Any Case"'


def both(syncs: Syncs, here: str, there: str, locale: str = LEVEL_2) -> None:
    """`items` on both sides; the locale is the destination's."""
    make(syncs.pair.source, here)
    make(syncs.pair.destination, there, locale)
    syncs.grant()


def walk(syncs: Syncs, **fields: Any) -> None:
    """Keys that are one are refused; one that changes to an equal one is one changed row."""
    outcome = syncs.run(**fields)
    assert (outcome.succeeded, outcome.failed) == (Counts(added=2), Counts(added=2))
    assert {(r.row_id, r.reason) for r in outcome.rejections} == {("A", REPEATED), ("a", REPEATED)}
    assert violations(syncs, {"A", "a"}) == []
    syncs.pair.source.execute("update items set id = 'BOB' where id = 'Bob'")
    assert syncs.run(**fields).succeeded == Counts(changed=1)
    assert syncs.pair.destination.rows("select id from items order by note, id") == [
        ("BOB",),
        ("c",),
    ]
    syncs.pair.source.execute("delete from items where note in ('old', 'small') and id <> 'c'")
    assert syncs.run(**fields).succeeded == Counts(added=1, removed=1)
    assert violations(syncs) == []
    assert syncs.run(**fields).planned == Counts()


def test_a_looser_collation_there_is_refused_until_the_model_has_it_too(collated: Syncs) -> None:
    both(collated, "text", "loose")
    collated.pair.source.execute('drop collation "Any Case"', ROWS)
    remedy = refused(collated)
    create = remedy[remedy.index("CREATE") : remedy.index(";")]
    collated.pair.source.execute(create)
    walk(collated, **statement(remedy))


def test_one_collation_on_both_sides_is_one_rule(collated: Syncs) -> None:
    """The model is a table here, whose own key is unique under another collation."""
    both(collated, "loose", "loose")
    collated.pair.source.execute(
        "alter table items drop constraint items_pkey",
        "alter table items alter id set not null",
        'create unique index on items (id collate "C")',
        ROWS,
    )
    walk(collated, **DELETES)


def test_a_looser_collation_here_is_refused_until_the_model_casts_it_away(
    collated: Syncs,
) -> None:
    both(collated, "loose", "text")
    collated.pair.source.execute("insert into items values ('Bob')")
    cast = statement(refused(collated))
    assert collated.run(**cast).succeeded == Counts(added=1)
    collated.pair.source.execute("update items set id = 'bob'")
    assert collated.run(**cast).succeeded == Counts(added=1, removed=1)
    assert collated.same()


def test_collations_that_were_made_otherwise_are_not_one_rule(collated: Syncs) -> None:
    both(collated, "loose", "loose", LEVEL_1)
    collated.pair.source.execute("insert into items values ('a'), ('á')")
    remedy = refused(collated)
    assert LEVEL_1 in remedy
    collated.pair.source.execute(
        'alter collation "Any Case" rename to other', remedy[remedy.index("CREATE") :].split(";")[0]
    )
    assert collated.run(**statement(remedy)).failed == Counts(added=2)


def test_a_key_that_obeys_another_collation_from_now_on_is_another_key(collated: Syncs) -> None:
    """Two rows that were sent may be one under it."""
    both(collated, "text", "text")
    collated.pair.source.execute("insert into items values ('a'), ('b')")
    assert collated.run().succeeded == Counts(added=2)
    collated.pair.destination.execute(f"alter table items alter id type {LOOSE_TEXT}")
    collated.pair.source.execute(f"alter table items alter id type {LOOSE_TEXT}")
    with pytest.raises(ConfigurationError, match=f"found by id text there.*id text {LEVEL_2}"):
        collated.run()
    assert collated.run(full_resync=True).succeeded == Counts(added=2)
    assert violations(collated) == []


def test_engine_standard_refuses_a_key_that_only_the_source_can_compare(
    collated: Syncs, platform_side: Side
) -> None:
    both(collated, "loose", "loose")
    collated.platform = platform_side
    with pytest.raises(ConfigurationError, match="only the source can tell"):
        collated.run(engine="standard")


OBSTACLES = [
    ('create unique index twin on items (id collate "Any Case")', "text", "another collation"),
    ('create unique index twin on items (id collate "C")', "loose", "another collation"),
]


@pytest.mark.parametrize(("twin", "spelled", "why"), OBSTACLES)
def test_an_index_that_compares_otherwise_than_its_column_is_refused(
    collated: Syncs, twin: str, spelled: str, why: str
) -> None:
    """ON CONFLICT takes all of them; and removals are found by the column's own rule."""
    both(collated, spelled, spelled)
    collated.pair.destination.execute(twin)
    collated.pair.source.execute("insert into items values ('a')")
    with pytest.raises(DestinationError, match=f"twin cannot be used, .*{why}"):
        collated.run()
    collated.pair.destination.execute("drop index twin")
    assert collated.run().succeeded == Counts(added=1)


def test_citext_with_such_a_collation_is_refused(collated: Syncs) -> None:
    """Its operator ignores the collation and its index does not."""
    both(collated, 'citext collate "Any Case"', 'citext collate "Any Case"')
    assert "on both sides" in refused(collated)


@pytest.mark.needs("tls-server")
def test_another_icu_is_no_obstacle_where_it_compares_alike(
    server: Cluster, tls_server: Cluster
) -> None:
    with (
        database(server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(tls_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        syncs = Syncs(Pair(source, destination))
        both(syncs, "loose", "loose")
        version = "select collversion from pg_collation where collname = 'Any Case'"
        assert source.rows(version) != destination.rows(version)
        source.execute("alter table items drop constraint items_pkey", ROWS)
        walk(syncs, **DELETES)


@pytest.mark.parametrize("state", ["rows", "digest"])
def test_texts_that_a_collation_calls_one_are_changes(collated: Syncs, state: str) -> None:
    columns = f"id int primary key, note {LOOSE_TEXT}, notes {LOOSE_TEXT.replace('text', 'text[]')}"
    for side in (collated.pair.source, collated.pair.destination):
        side.execute(LOOSE.format(LEVEL_2))
    collated.table(columns)
    collated.pair.source.execute(
        "insert into items select n, 'a', '{a}' from generate_series(1, 3) n"
    )
    assert collated.run(state=state).succeeded == Counts(added=3)
    collated.pair.source.execute(
        "update items set note = 'A' where id = 1", "update items set notes = '{A}' where id = 2"
    )
    assert collated.run(state=state).succeeded == Counts(changed=2)
    assert collated.same()
    assert violations(collated) == []
