"""The values of a big run stand in columns, and are shown as if they stood as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgsync_assets import record
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE
from pgsync_assets.record import own_table
from pgsync_assets.record.field_columns import places

from ..corpus_tables import Corpus, make_corpus
from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, database
from ..fix_syncs import Syncs
from .test_forget import forget

NEVER = 10**9
# A column of each kind, with and without a modifier; and some that have no column of the log.
TYPES = {
    "small": "smallint",
    "whole": "integer",
    "price": "numeric(10, 2)",
    "exact": "numeric",
    "single": "real",
    "twice": "double precision",
    "yes": "boolean",
    "born": "date",
    "at": "timestamp",
    "at_second": "timestamp(0)",
    "seen": "timestamptz",
    "seen_second": "timestamptz(0)",
    "token": "uuid",
    "doc": "jsonb",
    "raw": "json",
    "name": "text",
    "short": "varchar(5)",
    "padded": "char(4)",
    "tags": "text[]",
    "how": "mood",
    '"Quoted ""é"""': "text",
    "span": "interval",
}
ROWS = (
    "null, " * (len(TYPES) - 1) + "null",
    """1, -2, 1.50, 1e-20, 0.1, 0.1, true, '2024-02-29', '2024-02-29 12:00:00.123', '2024-01-01',
    '2024-02-29 12:00:00.5+02', '2024-01-01 00:00+00', '0a0b0c0d-0000-0000-0000-000000000001',
    '{"a": 1.0, "b": null}', '{"a": "\\u0000"}', 'é "quoted" \\ ', 'x', 'y', '{a,null,"b c"}',
    'so', '', '1 mon'""",
    """32767, 2147483647, -0.01, 'NaN', 'Infinity', '-Infinity', false, '0044-03-15 BC',
    '0044-03-15 01:02:03 BC', 'infinity', '0044-03-15 01:02:03 BC', '-infinity', null, 'null',
    'null', 'NULL', '', '', '{}', null, 'z', '-1 day'""",
    """-1, 0, 99999999.99, -0.00, 'NaN', 'NaN', null, 'infinity', '-infinity',
    '294276-12-31 23:59:59', '294276-12-31 23:59:59+00', '1800-01-01 00:00:00+00', null,
    '[1, "x", {"y": []}]', '[1,  2]', '{}', 'abcde', 'abcd', null, 'so', null, null""",
)
SHOWN = """
    select row_id, op_type, status, fields::text, partition, plan_row, batch
    from hightouch_audit.sync_changelog where sync_id = '{}' order by plan_row
"""
IN_COLUMNS = """
    select inhrelid::regclass::text from pg_inherits
    where inhparent = 'hightouch_audit.changelog_columns'::regclass order by inhrelid
"""
HERE = Path(record.__file__).parent


def fill(syncs: Syncs) -> None:
    """A table of all the types."""
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute("create type mood as enum ('so')")
    columns = ", ".join(f"{name} {spelled}" for name, spelled in TYPES.items())
    syncs.table(f"id int primary key, {columns}")
    for number, row in enumerate(ROWS):
        syncs.pair.source.execute(f"insert into items values ({number}, {row})")


def both(syncs: Syncs, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> list[tuple[Any, ...]]:
    """The log of the same rows by both roads, which says the same."""
    shown = []
    for name, rows in (("wide", NEVER), ("own", 1)):
        monkeypatch.setattr(own_table, "OWN_TABLE", rows)
        given: dict[str, Any] = {"audit": "full", "batch_size": 3, "name": name} | fields
        syncs.run(**given)
        shown.append(syncs.keeper.rows(SHOWN.format(name)))
    assert shown[1] == shown[0]
    assert len(syncs.keeper.rows(IN_COLUMNS)) == 1
    return shown[1]


def test_values_in_columns_are_shown_as_json_shows_them(
    every: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(every)
    every.fields = {"mode": "upsert"}
    assert len(both(every, monkeypatch)) == len(ROWS)
    ((table,),) = every.keeper.rows(IN_COLUMNS)
    used = f"select count(text_1), count(columns), count(fields) from {table}"
    texts, named, rest = every.keeper.rows(used)[0]
    assert texts > 1
    assert named == len(ROWS)
    assert rest in {0, len(ROWS)}  # `real` has no column, where it is stored as that


def test_who_reads_decides_nothing_of_what_is_shown(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(syncs)
    shown = both(syncs, monkeypatch)
    with syncs.pair.source.connect() as connection:
        connection.execute("set timezone = 'Asia/Kolkata'; set datestyle = 'German'")
        connection.execute("set intervalstyle = 'iso_8601'; set search_path = ''")
        assert connection.execute(SHOWN.format("own").encode()).fetchall() == shown


def test_instants_of_another_time_zone_are_shown_in_that(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(syncs)
    syncs.source = {"time_zone": "Asia/Kolkata"}
    shown = both(syncs, monkeypatch)
    assert '"seen": "2024-02-29T15:30:00.5+05:30"' in shown[1][3]


def test_values_that_are_hidden_stand_in_no_column(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_KEY", "a key that nobody guesses")
    values = {"name": "hash", "price": "omit", "seen": "hash", "single": "omit"}
    fill(syncs)
    policy = {"level": "full", "values": values, "hash_key": "$AUDIT_KEY"}
    shown = both(syncs, monkeypatch, audit=policy)
    assert "price" not in shown[1][3]
    ((table,),) = syncs.pair.source.rows(IN_COLUMNS)
    rows = str(syncs.pair.source.rows(f"select t::text from {table} as t"))  # noqa: S608
    assert "quoted" not in rows
    assert "1.50" not in rows


def test_more_columns_than_there_are_are_shown_as_well(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = ("int", "text", "numeric", "boolean", "timestamptz", "uuid", "jsonb", "date")
    columns = [f"{kind}_{n} {kind}" for n in range(30) for kind in kinds]
    syncs.table("id int primary key, " + ", ".join(columns))
    texts = ", ".join(f"text_{n}" for n in range(30))
    values = ", ".join(f"'{n}'" for n in range(30))
    syncs.pair.source.execute(f"insert into items (id, {texts}) values (1, {values})")
    ((_, _, _, fields, *_),) = both(syncs, monkeypatch)
    assert fields.count('"text_') == 30
    ((table,),) = syncs.pair.source.rows(IN_COLUMNS)
    assert syncs.pair.source.rows(f"select text_24, fields is null from {table}") == [("23", False)]


def shown_of(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every type and value there is, as many columns of it at once as the log has."""
    corpus.make_destination("logged")
    names = list(corpus.columns)
    syncs = Syncs(corpus.pair)
    for number, first in enumerate(range(0, len(names), 60)):
        syncs.fields = {"table": "public.logged", "mode": "upsert"}
        some = ", ".join(("id", *names[first : first + 60]))
        model = {"sql": f"select {some} from before", "key": ["id"]}  # noqa: S608
        logs = []
        for name, rows in (("wide", NEVER), ("own", 1)):
            monkeypatch.setattr(own_table, "OWN_TABLE", rows)
            sync = f"{name}_{number}"
            syncs.run(name=sync, model=model, audit="full")
            logs.append(corpus.pair.source.rows(SHOWN.format(sync)))
        assert logs[0] == logs[1]
        assert len(corpus.pair.source.rows(IN_COLUMNS)) == number + 1


def test_every_type_is_shown_alike(
    source_server: Cluster, destination_server: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        database(source_server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(destination_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        shown_of(make_corpus(Pair(source, destination)), monkeypatch)


@pytest.fixture
def big(syncs: Syncs, monkeypatch: pytest.MonkeyPatch) -> Syncs:
    """A run with a table of its own."""
    monkeypatch.setattr(own_table, "OWN_TABLE", 1)
    fill(syncs)
    syncs.run(audit="full")
    return syncs


def test_what_was_forgotten_stands_in_no_column(big: Syncs) -> None:
    assert forget(big, "1", audit="full").removed == {"sync_changelog": 1, "sync_snapshot": 1}
    rows = big.pair.source.rows("select t::text from hightouch_audit.changelog_1 as t")
    assert "quoted" not in str(rows)
    line = "select fields from hightouch_audit.sync_changelog where row_id = '(forgotten)'"
    assert big.pair.source.rows(line) == [(None,)]


def test_forgetting_leaves_out_no_column() -> None:
    text = (HERE / "forget_columns.sql").read_text(encoding="utf-8")
    assert all(f"{name} = NULL" in text for name, _ in places())


def test_the_columns_are_in_the_order_in_which_they_are_told_of(big: Syncs) -> None:
    named = big.pair.source.rows("""
        select attname::text, atttypid::regtype::text from pg_attribute
        where attrelid = 'hightouch_audit.changelog_columns'::regclass
            and attnum > (select attnum from pg_attribute where attname = 'columns'
                and attrelid = 'hightouch_audit.changelog_columns'::regclass)
        order by attnum
    """)
    assert [name for name, _ in named] == [name for name, _ in places()]
    instants = [n for n, (_, kind) in enumerate(named, 1) if kind == "timestamp with time zone"]
    view = (HERE / "migrations" / "010_columns.sql").read_text(encoding="utf-8")
    assert f"BETWEEN {instants[0]} AND {instants[-1]}" in view


def test_the_log_holds_no_type_of_a_user(big: Syncs) -> None:
    held = big.pair.source.rows("""
        select attname from pg_attribute join pg_type as t on t.oid = atttypid
        where attrelid = 'hightouch_audit.changelog_1'::regclass
            and t.typnamespace <> 'pg_catalog'::regnamespace
    """)
    assert held == []


READER = """
    create role reader_of_the_log;
    grant usage on schema hightouch_audit to reader_of_the_log;
    grant select on hightouch_audit.sync_changelog to reader_of_the_log;
    set local role reader_of_the_log
"""


@pytest.mark.parametrize("table", ["changelog_rows", "changelog_columns", "changelog_1"])
def test_who_may_read_the_log_reads_values_in_columns(big: Syncs, table: str) -> None:
    with big.pair.source.connect(autocommit=False) as connection:
        connection.execute(READER)
        query = "select fields->>'short' from hightouch_audit.sync_changelog where row_id = '1'"
        assert connection.execute(query).fetchall() == [("x",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"select from hightouch_audit.{table}".encode())
        connection.rollback()


@pytest.mark.parametrize(
    "asked", ["sync_id = 'items' and row_id = '1'", "sync_run_id = 1 and plan_row = 2"]
)
def test_a_row_of_a_big_run_is_found_by_an_index(big: Syncs, asked: str) -> None:
    with big.pair.source.connect() as connection:
        connection.execute("set enable_seqscan = off")
        query = f"explain select fields from hightouch_audit.sync_changelog where {asked}"  # noqa: S608
        plan = "\n".join(line for (line,) in connection.execute(query.encode()))
    assert plan.count("Index Cond") >= 2, plan
    assert "Seq Scan on changelog_1" not in plan, plan
    assert "Seq Scan on changelog_rows" not in plan, plan
