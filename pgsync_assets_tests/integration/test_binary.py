"""Rows travel in binary where that is safe: every value arrives, every bad row stands alone."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.connect import BINARY
from pgsync_assets.errors import Contention
from pgsync_assets.outcome import Counts, Outcome
from pgsync_assets.write import batch as batches
from pgsync_assets.write.travel import FORMS, format_of

from ..corpus_tables import Corpus, make_corpus
from ..corpus_types import OWN
from ..corpus_values import CORE
from ..fix_databases import Pair, Side
from ..fix_syncs import ENGINES, Syncs
from ..invariants import violations

COPIES = """
    select distinct t.text like '%(FORMAT binary)'
    from hightouch_audit.sync_statements as s
    join hightouch_audit.sync_statement_texts as t using (sync_run_id, statement)
    where s.sync_run_id = {} and s.action in ('copy', 'stage')
"""


def was_binary(syncs: Syncs, run: int) -> bool:
    """Whether all rows of a run travelled in binary; none may have done otherwise."""
    ((answer,),) = syncs.keeper.rows(COPIES.format(run))
    return bool(answer)


def plain_types(pair: Pair) -> tuple[str, ...]:
    """Types of the corpus whose binary form is the same at both ends."""
    versions = []
    for side in (pair.source, pair.destination):
        with side.connect() as connection:
            versions.append(connection.info.server_version)
    query = (
        "select name, t.oid, t.typarray from unnest(%s::text[]) as name"
        r" join pg_type as t on t.oid = to_regtype(regexp_replace(name, '\(.*\)', ''))"
    )
    with pair.source.connect() as connection:
        found = connection.execute(query, [[*CORE, *(n for n in OWN if n.endswith("[]"))]])
        return tuple(
            name
            for name, *oids in found
            if all(format_of([oid], [oid], *versions) == BINARY for oid in filter(None, oids))
        )


def walk_binary(pair: Pair, platform: Side) -> Corpus:
    """All values of plain types arrive by a first sync, and as changes of other values."""
    corpus = make_corpus(pair, only=plain_types(pair))
    sent = [name for name in corpus.columns if name.startswith(("value_", "list_"))]
    wanted = ", ".join(
        name if name in sent else f"null::{spelled} as {name}"
        for name, (spelled, _) in corpus.columns.items()
    )
    for engine in ("lightning", "digest"):
        syncs = Syncs(pair, platform=platform, fields=ENGINES[engine])
        corpus.make_destination(engine)
        fields: dict[str, Any] = {"name": engine, "table": f"public.{engine}"}
        for table in ("before", "after"):
            model = {"sql": f"select id, {', '.join(sent)} from {table}", "key": ["id"]}  # noqa: S608
            outcome = syncs.run(model=model, **fields)
            assert outcome.rejections == ()
            assert outcome.succeeded.total > 50
            assert was_binary(syncs, outcome.run_id)
            assert corpus.arrived(engine, f"select id, {wanted} from {table}") == set()
        assert syncs.verify(model=model, **fields).in_step
    return corpus


def test_every_value_of_plain_types_arrives_in_binary(
    database_pair: Pair, platform_side: Side
) -> None:
    corpus = walk_binary(database_pair, platform_side)
    spelled = {typed.spelled for typed in corpus.types}
    assert {"int8", "numeric", "text", "jsonb", "bytea", "interval", "text[]"} <= spelled
    assert len(spelled) > 40


def test_the_forms_are_types_of_this_server(syncs: Syncs) -> None:
    query = "select count(*) from pg_type where oid = any(%s) and typnamespace = 11"
    with syncs.pair.source.connect() as connection:
        assert connection.execute(query, [list(FORMS)]).fetchone() == (len(FORMS),)


OTHERS = {
    "an enum": ("mood", "mood"),
    "a domain": ("text", "short_text"),
    "a wider number": ("integer", "bigint"),
    "geometry": ("point", "point"),
}


@pytest.mark.parametrize("why", OTHERS)
def test_other_columns_travel_as_text(syncs: Syncs, why: str) -> None:
    sent, taken = OTHERS[why]
    for side, spelled in ((syncs.pair.source, sent), (syncs.pair.destination, taken)):
        side.execute(
            "create schema if not exists public",
            "create type mood as enum ('ok')",
            "create domain short_text as text check (length(value) < 9)",
            f"create table items (id int primary key, v {spelled})",
        )
    syncs.grant()
    syncs.pair.source.execute("insert into items values (1, null)")
    outcome = syncs.run()
    assert outcome.succeeded == Counts(added=1)
    assert not was_binary(syncs, outcome.run_id)


BAD = """
    id int primary key, name varchar(5) not null check (name <> 'bad'), amount numeric(4, 2),
    code text unique, parent int references items deferrable initially deferred, day date{extra}
"""
LOOSE = """
    id int primary key, name text, amount numeric(6, 2), code text, parent int, day date{extra}
"""
FILL = """
    insert into items (id, name, amount, code, parent, day)
    select n, 'n' || n, n / 100.0, 'c' || n, null, date '2024-01-01' + n
    from generate_series(1, 60) as n
"""
SPOILT = (
    "update items set name = 'bad' where id = 3",
    "update items set name = null where id = 7",
    "update items set name = 'too long' where id = 11",
    "update items set amount = 1234 where id = 17",
    "update items set code = 'c20' where id = 21",
    "update items set parent = 999 where id = 30",
    "update items set day = 'infinity', amount = 'NaN' where id = 31",
)


REFUSED = [
    ("3", "23514", "items_name_check", None),
    ("7", "23502", None, "name"),
    ("11", "22001", None, "name"),
    ("17", "22003", None, "amount"),
    ("21", "23505", "items_code_key", None),
    ("30", "23503", "items_parent_fkey", None),
]


@pytest.mark.parametrize("batch_size", [60, 13])
@pytest.mark.parametrize("extra", ["", ", place point"], ids=["binary", "text"])
def test_bad_rows_stand_alone_in_both_formats(syncs: Syncs, extra: str, batch_size: int) -> None:
    """By COPY into the table, and by the stage: the same rows for the same reasons."""
    _refill(syncs, extra)
    first = syncs.run(max_rejected_rows=50, batch_size=batch_size)
    assert first.succeeded == Counts(added=54)
    syncs.pair.source.execute("update items set code = code || '!'")
    later = syncs.run(max_rejected_rows=50, batch_size=batch_size)
    assert later.succeeded.changed == 54
    for outcome in (first, later):
        assert was_binary(syncs, outcome.run_id) is (not extra)
    assert _refused(first) == _refused(later) == REFUSED
    assert violations(syncs, {row for row, *_ in REFUSED}) == []


def _refused(outcome: Outcome) -> list[tuple[Any, ...]]:
    rows = [(r.row_id, r.sqlstate, r.constraint, r.column) for r in outcome.rejections]
    return sorted(rows, key=lambda row: int(row[0]))


def _refill(syncs: Syncs, extra: str) -> None:
    for side, definition in ((syncs.pair.source, LOOSE), (syncs.pair.destination, BAD)):
        side.execute("drop table if exists items")
        side.execute(f"create table items ({definition.format(extra=extra)})")
    syncs.grant()
    syncs.pair.source.execute(FILL, *SPOILT)


@pytest.mark.parametrize(
    ("spelled", "using"),
    [
        ("double precision", "n"),
        ("timestamp", "timestamp '2000-01-01' + n * interval '1 microsecond'"),
        ("int", "n"),
        ("numeric", "n"),
    ],
)
def test_a_column_that_gets_another_type_meanwhile(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch, spelled: str, using: str
) -> None:
    """Eight bytes are eight bytes: what another type would read in them is never committed."""
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    syncs.table("id int primary key, n bigint")
    syncs.pair.source.execute("insert into items select n, n from generate_series(1, 30) as n")
    side = syncs.pair.destination
    done: list[str] = []

    def alter(point: str) -> None:
        if point == "batch committed" and not done:
            done.append(point)
            side.execute(f"alter table items alter n type {spelled} using {using}")

    monkeypatch.setattr(batches, "failpoint", alter)
    with pytest.raises(Contention, match="another type"):
        syncs.run(batch_size=10)
    assert side.rows("select count(*) from items") == [(10,)]


def test_stamps_have_the_type_of_their_column(syncs: Syncs) -> None:
    syncs.table("id int primary key")
    syncs.pair.destination.execute(
        "alter table items add at timestamp(0), add run varchar(9)",
    )
    syncs.pair.source.execute("insert into items values (1)")
    outcome = syncs.run(stamps={"synced_at": "at", "run_id": "run"})
    assert was_binary(syncs, outcome.run_id)
    found = syncs.pair.destination.rows("select at > now() - interval '2 days', run from items")
    assert found == [(True, str(outcome.run_id))]
