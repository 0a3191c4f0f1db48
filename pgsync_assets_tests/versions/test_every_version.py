"""The main job and the hard values, from and to PostgreSQL 12 to 18."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from pgsync_assets import PostgresWriter
from pgsync_assets import sync as engine
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE
from pgsync_assets.errors import DestinationError
from pgsync_assets.outcome import Counts
from pgsync_assets.record import trends

from ..corpus_tables import make_corpus
from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, Side, database
from ..fix_syncs import Syncs
from ..fix_versions import VERSIONS
from ..fix_writers import Writer, connection_resource
from ..integration import test_destination_kinds as kinds
from ..integration import test_models_on_models as bases
from ..integration import test_origins as lineage
from ..integration import test_parameters as parameters
from ..integration import test_partition_membership as membership
from ..integration import test_table_models as of_tables
from ..integration.cli.test_docs_of_trends import QUERIES
from ..integration.test_binary import walk_binary
from ..integration.test_key_equality import (
    test_keys_that_citext_calls_one_are_refused_until_the_model_casts_them,
    walk_with_blanks,
)
from ..integration.test_log import LOG, TABLES, open_log
from ..integration.test_log_columns import shown_of
from ..integration.test_preview import previewed
from ..integration.test_types import walk
from ..integration.test_verify_values import (
    syncs_of_types,
    test_a_value_that_only_equals_the_one_that_was_sent_differs,
    test_every_value_is_in_step_after_a_run,
)
from ..invariants import violations

__all__ = [
    "syncs_of_types",
    "test_a_value_that_only_equals_the_one_that_was_sent_differs",
    "test_every_value_is_in_step_after_a_run",
    "test_keys_that_citext_calls_one_are_refused_until_the_model_casts_them",
]

pytestmark = pytest.mark.needs("npm")

DEFINITION = """
    id bigint primary key, name text, price numeric(10, 2), tags text[], seen timestamptz, doc jsonb
"""
FILL = """
    insert into items
    select n, 'item ' || n, n * 1.5, array['a', null, n::text],
        timestamptz '2024-01-01 00:00+00' + n * interval '1 day', jsonb_build_object('n', n)
    from generate_series(1, 100) as n
"""
OF_THE_OLDEST = "every value by two engines takes long: those of the oldest version go always"
OLDEST = ("pg12-source", "pg12-destination")
REPEATED = """
    select id, name, price::numeric(10, 2), tags, seen, doc from public.items
    union all select * from public.items where id = 50
"""


@pytest.mark.parametrize("server", VERSIONS, indirect=True)
def test_the_road_of_a_row(syncs: Syncs, monkeypatch: pytest.MonkeyPatch) -> None:
    deletes: dict[str, Any] = {"delete": "delete_row"}
    syncs.table(DEFINITION)
    syncs.pair.source.execute(FILL)
    syncs.pair.destination.execute("alter table items add constraint cheap check (price < 150)")
    open_log(syncs.pair.destination)
    syncs.destination = LOG
    assert previewed(syncs.pair.source).told == "Figures of all 100 rows."
    checks = engine.check(syncs.config(**deletes), *syncs.endpoints)
    assert [check for check in checks if not check.passed] == []

    first = syncs.run(**deletes, batch_size=30)
    assert first.succeeded == Counts(added=99)
    assert [(r.row_id, r.sqlstate, r.constraint) for r in first.rejections] == [
        ("100", "23514", "cheap")
    ]
    assert violations(syncs, {"100"}) == []

    syncs.pair.source.execute(
        "update items set doc = '{\"n\": 1.0}' where id in (1, 2)",
        "delete from items where id in (7, 8, 9)",
        "update items set price = 1 where id = 100",
    )
    preview = syncs.plan(**deletes)
    assert syncs.plan(**deletes).run_id == preview.run_id  # by the fingerprint of its rows
    assert syncs.changes(preview.run_id) == list(preview.changes)
    monkeypatch.setenv("AUDIT_KEY", "a key that nobody guesses")
    hashed = {"level": "full", "values": {"name": "hash"}, "hash_key": "$AUDIT_KEY"}
    second = syncs.apply(preview.run_id, **deletes, audit=hashed)
    assert preview.counts == second.succeeded == Counts(added=1, changed=2, removed=3)
    assert violations(syncs) == []
    assert syncs.same()
    assert syncs.pair.destination.rows(TABLES) == [
        ("public.items", "items", 97, True, 2, "succeeded")
    ]


def test_a_query_with_a_repeated_key(syncs: Syncs) -> None:
    query: dict[str, Any] = {"model": {"sql": REPEATED, "key": ["id"]}, "max_rejected_rows": 10}
    syncs.table(DEFINITION)
    syncs.pair.source.execute(FILL)
    outcome = syncs.run(**query)
    assert (outcome.succeeded, outcome.invalid) == (Counts(added=99), 2)
    syncs.pair.source.execute("update items set name = 'new' where id < 4")
    outcome = syncs.run(**query)
    assert (outcome.succeeded, outcome.invalid) == (Counts(changed=3), 2)
    assert violations(syncs, {"50"}) == []


def test_models_on_models(syncs: Syncs) -> None:
    """Filters, parameters, bases, plans through them, and the words for what is no table."""
    of_tables.test_what_has_no_rows_to_send_is_named_as_what_it_is(of_tables.filled(syncs))
    syncs.pair.destination.execute("drop table items")
    bases.test_indexes_are_used_through_bases(bases.filled(syncs))
    bases.test_a_diamond_has_its_end_once(syncs)
    parameters.test_what_is_no_value_of_its_type_is_refused_without_being_shown(syncs)


def test_keys_that_differ_in_blanks(syncs: Syncs) -> None:
    walk_with_blanks(syncs)


MATCHED = """
    id int generated always as identity, a int, b text, live bool default true, note text
"""


def test_rows_are_matched_by_any_unique_index(syncs: Syncs) -> None:
    syncs.pair.source.execute("create table items (a int, b text, note text)")
    syncs.pair.destination.execute(f"create table items ({MATCHED})")
    syncs.grant()
    walk_by_index(syncs, "(b, a)", "y")
    walk_by_index(syncs, "(b, a) where live and b not like 'z%'", "y")
    if syncs.pair.destination.rows("show server_version_num")[0][0] >= "150000":
        walk_by_index(syncs, "(a, b) nulls not distinct", None)


def walk_by_index(syncs: Syncs, index: str, value: str | None) -> None:
    """Adds, changes and removes rows that an index finds, one of them with a value in its key."""
    name = f"sync_{len(index)}"
    fields: dict[str, Any] = {"name": name, "model": {"table": "public.items", "key": ["a", "b"]}}
    fields |= {"delete": "delete_row", "guard": {"max_removed": "100%"}}
    with syncs.pair.source.connect() as connection:
        connection.execute("insert into items values (1, 'x', 'o'), (1, %s, 'o')", [value])
    syncs.pair.destination.execute(f"create unique index arbiter on items {index}")
    assert syncs.run(**fields).succeeded == Counts(added=2)
    syncs.pair.source.execute("update items set note = 'n'")
    assert syncs.run(**fields).succeeded == Counts(changed=2)
    syncs.pair.source.execute("delete from items where b = 'x'")
    assert syncs.run(**fields).succeeded == Counts(removed=1)
    found = "select a, b, live, note from items"
    assert syncs.pair.destination.rows(found) == [(1, value, True, "n")]
    assert syncs.verify(**fields).in_step
    syncs.pair.source.execute("delete from items")
    syncs.pair.destination.execute("delete from items", "drop index arbiter")


def test_a_key_without_overlaps_is_refused(syncs: Syncs) -> None:
    destination = syncs.pair.destination
    made = "create table items (a int4range, b int4range, primary key (a, b without overlaps))"
    if destination.rows("show server_version_num")[0][0] < "180000":
        with pytest.raises(psycopg.errors.SyntaxError):  # it is new in 18
            destination.execute(made)
        return
    syncs.pair.source.execute("create table items (a int4range, b int4range, primary key (a, b))")
    destination.execute(made)
    syncs.grant()
    with pytest.raises(DestinationError, match="items_pkey cannot be used, it is WITHOUT OVERLAPS"):
        syncs.run(model={"table": "public.items", "key": ["a", "b"]})


@pytest.mark.nightly(OF_THE_OLDEST, but=OLDEST)
def test_every_type_and_value_arrives(database_pair: Pair, platform_side: Side) -> None:
    corpus = make_corpus(database_pair)
    if corpus.is_all_of_the_source:
        assert corpus.lacks == set()
    syncs = Syncs(database_pair, platform=platform_side)
    for name in ("lightning", "standard"):
        walk(corpus, syncs, "upsert", name, "delete_row")


@pytest.mark.nightly(OF_THE_OLDEST, but=OLDEST)
def test_every_value_of_plain_types_arrives_in_binary(
    database_pair: Pair, platform_side: Side
) -> None:
    assert len(walk_binary(database_pair, platform_side).types) > 30


@pytest.mark.nightly(OF_THE_OLDEST, but=OLDEST[1:])
def test_the_log_shows_values_alike_wherever_they_are(
    database_pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown_of(make_corpus(database_pair), monkeypatch)


def test_xml_arrives(server: Cluster, platform_side: Side) -> None:
    """The embedded server is built without libxml; here both sides are of one version."""
    with (
        database(server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        pair = Pair(source, destination)
        corpus = make_corpus(pair, only=("xml",))
        assert corpus.cells > 30
        for name in ("lightning", "standard"):
            walk(corpus, Syncs(pair, platform=platform_side), "upsert", name, "delete_row")


def test_partitions_hold_the_same_rows_everywhere(syncs: Syncs) -> None:
    membership.test_the_hash_of_a_key_is_the_same_on_every_version(syncs)
    membership.test_the_hour_that_is_there_twice(syncs)
    membership.test_ranges_hold_each_row_once_but_null(syncs)
    membership.test_lists_hold_each_row_once_and_other_the_rest(syncs)


def test_a_destination_without_a_ledger_and_temporary_tables(syncs: Syncs) -> None:
    side = syncs.pair.destination
    syncs.table("id int primary key, name text")
    side.execute(f'revoke temporary on database "{side.database}" from {side.user}')
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b')")
    syncs.destination = {"schemas": {"ledger": None, "staging": "pgsync_ledger"}}
    assert syncs.run(delete="delete_row").succeeded == Counts(added=2)
    syncs.pair.source.execute("delete from items where id = 1", "update items set name = 'c'")
    assert syncs.run(delete="delete_row").succeeded == Counts(changed=1, removed=1)
    assert syncs.same()
    ours = "select relname from pg_class where relname like 'pgsync%'"
    assert side.rows(ours) == []


def test_a_view_on_a_view_and_what_is_behind_it(syncs: Syncs) -> None:
    """How a version writes down what a view shows is its own business."""
    kinds.make(syncs, *kinds.KINDS["view on view"])
    assert syncs.run(**kinds.MIRROR).succeeded == Counts(added=5)
    kinds.edit(syncs)
    assert syncs.run(**kinds.MIRROR).succeeded == Counts(added=1, changed=1, removed=1)
    assert kinds.there(syncs) == kinds.EDITED


def test_rows_of_ones_own_are_written_once(syncs: Syncs) -> None:
    syncs.table("id bigint primary key, price numeric(10, 2) check (price < 150)")
    side = syncs.pair.destination
    writer = Writer(side, PostgresWriter(connection=connection_resource(side)))
    given = [{"id": n % 9, "price": Decimal(n) * 20} for n in range(1, 11)]
    for is_known in (False, True):
        result = writer.write(given, batch_size=3)
        assert (result.written, [r.row for r in result.rejects]) == (6, [1, 8, 9, 10])
        assert result.already_delivered is is_known
    assert writer.rows("id") == [(n,) for n in range(2, 8)]


def test_views_are_followed_to_their_tables(syncs: Syncs) -> None:
    syncs.pair.source.execute(
        "create table public.plain (id int, price numeric)",
        "create table public.slices (id int, name text) partition by list (id)",
        "create view public.inner_one as select id, price * 2 as twice from public.plain",
        "create materialized view public.outer_one as select i.id, i.twice, s.name "
        "from public.inner_one as i join public.slices as s using (id)",
        f"grant usage on schema public to {syncs.pair.source.user}",
    )
    found = lineage.drawn(syncs.pair.source, lineage.of_sql("select * from outer_one"))
    assert lineage.lines(found) == {
        "public.plain.id => public.inner_one.id",
        "public.plain.price -> public.inner_one.twice",
        "public.inner_one.id => public.outer_one.id",
        "public.inner_one.twice => public.outer_one.twice",
        "public.slices.name => public.outer_one.name",
        *(f"public.outer_one.{name} => m.{name}" for name in ("id", "twice", "name")),
    }
    assert [box.kind for box in found.boxes] == [
        "table", "view", "partitioned table", "materialized view", "model",
    ]  # fmt: skip


def test_what_runs_came_to(syncs: Syncs) -> None:
    syncs.table("id int primary key")
    syncs.pair.source.execute("insert into items values (1)")
    syncs.run()
    syncs.run()
    source, _ = syncs.endpoints
    with source.session("pgsync/stats") as session:
        total, *_ = trends(session, AUDIT_SCHEMA, ["items"], 2)
    assert (total.runs, total.failed, total.added) == (2, 0, 1)
    assert total.lag_seconds is not None
    for _, query in QUERIES:
        syncs.keeper.rows(query)
