"""The log of a destination: what its owner sees of runs, tables, rows and errors."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import pytest

from pgsync_assets import failpoints, operations
from pgsync_assets import sync as engine
from pgsync_assets.errors import GuardError, ModelError, PrivilegeError, TransientError
from pgsync_assets.log import prune

from ..fix_databases import AUDIT_SCHEMA, PLANNER_SCHEMA, Pair, Side
from ..fix_syncs import Syncs, endpoint_of
from ..fix_writers import Writer, connection_resource

LOG: dict[str, Any] = {"schemas": {"log": "pgsync_log"}}
FILL = "insert into items select n, 'item ' || n from generate_series(1, 5) as n"
RUNS = """
    select run, status, batches_done, rows_written, rows_added, rows_changed, rows_removed,
        rows_rejected, row_count
    from pgsync_log.runs order by run
"""
EVENTS = """
    select event, message_event, message_data - 'schema' - 'table' - 'batch' from pgsync_log.log
    where message_data ->> 'schema' = 'public' and message_data ->> 'table' = 'items' order by id
"""
SYNCS = "select sync, source, model, mode, columns from pgsync_log.syncs order by id"
STATUS = "select run, status, error from pgsync_log.runs order by run"
TABLES = """
    select destination_table, sync, row_count, age < interval '1 hour', last_run, last_status
    from pgsync_log.tables order by sync
"""


MONTH = dt.timedelta(days=30)


def open_log(side: Side) -> None:
    """A schema for it, as an administrator would make it."""
    side.execute(f"create schema pgsync_log authorization {side.user}")


def with_log(syncs: Syncs) -> Syncs:
    """Five rows, none sent yet, and a log."""
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute(FILL)
    syncs.pair.destination.execute("alter table items add constraint not_bad check (name <> 'bad')")
    open_log(syncs.pair.destination)
    syncs.destination = LOG
    return syncs


@pytest.fixture
def items(syncs: Syncs) -> Syncs:
    """Five rows between two databases, and a log."""
    return with_log(syncs)


def everything(side: Side) -> str:
    """All that the log holds, as text."""
    tables = ("syncs", "runs", "log", "tables", "open_runs", "rejected")
    return str([side.rows(f"select t::text from pgsync_log.{t} as t") for t in tables])  # noqa: S608


def test_it_tells_what_runs_did(items: Syncs) -> None:
    source, there = items.pair.source, items.pair.destination
    fields: dict[str, Any] = {"delete": "delete_row", "batch_size": 2}
    items.run(**fields)
    source.execute(
        "delete from items where id = 1",
        "update items set name = 'bad' where id = 2",
        "update items set name = 'new' where id = 3",
        "insert into items values (6, 'six')",
    )
    there.execute("delete from pgsync_log.log")
    assert items.run(**fields).notes == ()
    assert there.rows(EVENTS) == [
        ("INFO", "sync_start", {"rows": 4, "batches": 2}),
        ("INFO", "records_modified", {"count": 1, "operationType": "DELETED"}),
        ("WARNING", "rows_rejected", {"count": 1, "reasons": [
            {"sqlstate": "23514", "constraint_name": "not_bad", "column_name": None, "rows": 1}
        ]}),
        ("INFO", "records_modified", {"count": 2, "operationType": "REPLACED_OR_INSERTED"}),
        ("WARNING", "sync_end", {"status": "succeeded", "rows_written": 2, "rows_removed": 1,
                                 "rows_rejected": 1, "row_count": 5}),
    ]  # fmt: skip
    refused = "select sync, run, destination_table, sqlstate, rows from pgsync_log.rejected"
    assert there.rows(refused) == [("items", 2, "public.items", "23514", 1)]
    source.execute("update items set name = 'good' where id = 2")
    items.run(**fields)
    items.run(**fields)
    assert there.rows(RUNS) == [
        (1, "succeeded", 3, 5, 5, 0, 0, 0, 5),
        (2, "succeeded", 2, 2, 1, 1, 1, 1, 5),
        (3, "succeeded", 1, 1, 0, 1, 0, 0, 5),
        (4, "succeeded", 0, 0, 0, 0, 0, 0, 5),
    ]
    assert there.rows(SYNCS) == [("items", "shop", "items", "upsert", ["id", "name"])]
    assert there.rows(TABLES) == [("public.items", "items", 5, True, 4, "succeeded")]
    told = everything(there)
    for secret in ("bad'", "good", "item 1", items.pair.source.host, items.pair.source.user):
        assert secret not in told


def test_a_run_that_writes_nothing_is_told_with_its_reason(items: Syncs) -> None:
    there = items.pair.destination
    items.run()
    items.pair.source.execute("delete from items")
    with pytest.raises(GuardError) as stopped:
        items.run(delete="delete_row")
    items.pair.source.execute("alter table items rename column id to number")
    with pytest.raises(ModelError):
        items.run()
    items.pair.source.execute("alter table items rename column number to id")
    (first, held, failed) = there.rows(STATUS)
    assert first == (1, "succeeded", None)
    assert held == (2, "held", stopped.value.message)
    assert failed[:2] == (3, "failed")
    assert "id" in failed[2]
    items.apply(2, delete="delete_row")
    assert there.rows(RUNS)[1] == (2, "succeeded", 1, 0, 0, 0, 5, 0, 0)
    levels = "select event from pgsync_log.log where message_event = 'sync_end' order by id"
    assert there.rows(levels) == [("INFO",), ("WARNING",), ("SEVERE",), ("INFO",)]


def test_a_batch_that_fails_tells_its_sqlstate(items: Syncs) -> None:
    there = items.pair.destination
    there.execute("alter table items add column more int generated always as (1 / (id - 3)) stored")
    items.run(batch_size=2, max_rejected_rows=5)
    assert there.rows("select sqlstate, rows from pgsync_log.rejected") == [("22012", 1)]
    items.pair.source.execute("update items set name = 'x'")
    there.execute(
        "create function stop() returns trigger language plpgsql as"
        " $$ begin raise 'secret' using errcode = 'XX001'; end $$",
        "create trigger stop before update on items for each row execute function stop()",
    )
    with pytest.raises(Exception, match="XX001"):
        items.run()
    failed = "select status, sqlstate, rows_written, error from pgsync_log.runs where run = 2"
    ((*told, error),) = there.rows(failed)
    assert told == ["failed", "XX001", 0]
    assert "secret" not in error


def test_a_table_that_is_made_or_completed_is_told(items: Syncs) -> None:
    there = items.pair.destination
    there.execute("drop table items", f"grant create on schema public to {there.user}")
    fields: dict[str, Any] = {"create_table": True, "drift": "add_columns"}
    items.run(**fields)
    items.pair.source.execute("alter table items add column price numeric")
    items.run(**fields)
    changes = [event for event in there.rows(EVENTS) if event[1].endswith("_table")]
    assert changes == [
        ("INFO", "create_table", {}),
        ("INFO", "alter_table", {"column": "price", "type": "numeric"}),
    ]


def test_partitions_count_apart_or_together(items: Syncs) -> None:
    there = items.pair.destination
    hashed: dict[str, Any] = {"partitions": {"hash": 2}}
    for name in ("0", "1"):
        items.run(partition=name, **hashed)
    rows = there.rows("select partition, row_count_of, row_count from pgsync_log.runs order by run")
    assert [row[0] for row in rows] == [row[1] for row in rows]
    assert sum(row[2] for row in rows) == 5
    assert there.rows("select row_count from pgsync_log.tables") == [(5,)]


def test_engine_standard_tells_it_too(standard: Syncs) -> None:
    items = with_log(standard)
    items.run()
    items.pair.source.execute("update items set name = 'new' where id = 3")
    items.run()
    there = items.pair.destination
    assert [row[:4] for row in there.rows(RUNS)] == [
        (1, "succeeded", 1, 5),
        (2, "succeeded", 1, 1),
    ]


def test_a_switched_engine_goes_on_in_one_log(database_pair: Pair, platform_side: Side) -> None:
    items = with_log(Syncs(database_pair, platform=platform_side))
    items.run(engine="lightning")
    items.pair.source.execute("update items set name = 'new' where id = 3")
    items.run(engine="standard")
    there = items.pair.destination
    assert there.rows("select sync, engine from pgsync_log.syncs") == [("items", "standard")]
    assert [(row[0], row[1], row[5]) for row in there.rows(RUNS)][-1][1:] == ("succeeded", 1)
    assert there.rows("select row_count from pgsync_log.tables") == [(5,)]


def test_without_a_ledger_there_is_a_log_all_the_same(items: Syncs) -> None:
    there = items.pair.destination
    there.execute("drop schema pgsync_ledger")
    items.destination = {"schemas": {"log": "pgsync_log", "ledger": None}}
    items.run(batch_size=2)
    assert there.rows(RUNS) == [(1, "succeeded", 3, 5, 5, 0, 0, 0, 5)]


def test_what_could_not_be_told_is_told_by_the_next_run(
    items: Syncs, caplog: pytest.LogCaptureFixture
) -> None:
    there = items.pair.destination
    items.run()
    items.destination = LOG | {"lock_timeout_s": 0.1}
    with there.connect(autocommit=False) as other, caplog.at_level(logging.WARNING):
        other.execute("lock table pgsync_log.runs")
        done = items.run()
        other.rollback()
    assert (done.status, len(done.notes)) == ("succeeded", 1)
    assert "the log of the destination was not told" in done.notes[0]
    assert "was not told" in caplog.text
    assert [row[0] for row in there.rows(RUNS)] == [1]
    assert items.run().notes == ()
    assert [row[0] for row in there.rows(RUNS)] == [1, 2, 3]


def test_a_right_that_is_missing_stops_the_run_before_it_writes(items: Syncs) -> None:
    there = items.pair.destination
    items.run()
    there.execute(*(f"alter table pgsync_log.{name} owner to current_user" for name in ("log",)))
    items.pair.source.execute("update items set name = 'new'")
    with pytest.raises(PrivilegeError, match="schema pgsync_log") as refused:
        items.run()
    grant = str(refused.value.remedy).partition(": ")[2]
    assert grant.startswith('GRANT INSERT ON "pgsync_log"."log" TO ')
    (line,) = [
        one for one in engine.check(items.config(), *items.endpoints) if one.name == "log schema"
    ]
    assert (line.passed, line.remedy) == (False, grant)
    there.execute(grant)
    assert items.run().succeeded.changed == 5


def test_two_projects_write_to_one_log(items: Syncs) -> None:
    there = items.pair.destination
    items.run()
    for schema in (PLANNER_SCHEMA, AUDIT_SCHEMA):  # another project, whose planner is another one
        items.pair.source.execute(
            f"drop schema {schema} cascade",
            f"create schema {schema} authorization {items.pair.source.user}",
        )
    items.run()
    assert there.rows("select count(*), count(distinct installation) from pgsync_log.syncs") == [
        (2, 2)
    ]
    assert [row[:2] for row in there.rows(TABLES)] == [("public.items", "items")] * 2


def test_a_renamed_sync_keeps_its_rows(items: Syncs) -> None:
    there = items.pair.destination
    items.run()
    operations.move("items", items.config(name="articles"), *items.endpoints)
    items.run(name="articles")
    assert there.rows("select sync from pgsync_log.syncs") == [("articles",)]
    assert [row[0] for row in there.rows(RUNS)] == [1, 2]


def test_what_is_forgotten_counts_no_more(items: Syncs) -> None:
    there = items.pair.destination
    items.run()
    operations.reset(items.config(), *items.endpoints)
    assert there.rows("select row_count from pgsync_log.tables") == [(None,)]
    operations.adopt(items.config(), *items.endpoints)
    assert there.rows("select row_count from pgsync_log.tables") == [(5,)]
    operations.drop(items.config(), *items.endpoints)
    assert there.rows("select row_count, last_run from pgsync_log.tables") == [(None, 2)]
    forgotten = "select event from pgsync_log.log where message_event = 'sync_forgotten'"
    assert there.rows(forgotten) == [("WARNING",)] * 2


def test_a_run_that_is_interrupted_is_told_and_finished(
    items: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.01,))
    there = items.pair.destination
    fields: dict[str, Any] = {"lock_timeout_s": 0.1, "batch_size": 2}
    items.run(**fields)
    items.pair.source.execute("update items set name = 'new'")
    with there.connect(autocommit=False) as other:
        other.execute("select from items where id = 3 for update")
        with pytest.raises(TransientError):
            items.run(**fields)
        other.rollback()
    open_now = "select run, status, batches_done, error ~ '55P03' from pgsync_log.open_runs"
    assert there.rows(open_now) == [(2, "interrupted", 1, True)]
    assert there.rows("select sqlstate from pgsync_log.runs where run = 2") == [("55P03",)]
    items.run(**fields)
    assert [row[:4] for row in there.rows(RUNS)][1] == (2, "succeeded", 3, 5)


def test_deliveries_are_runs_too(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    side = writer.side
    writer.table("id int primary key, note text check (note <> 'bad')")
    open_log(side)
    resource = writer.resource.model_copy(
        update={"connection": connection_resource(side, schemas=LOG["schemas"])}
    )
    logged = Writer(side, resource)
    rows = [{"id": n, "note": "bad" if n == 2 else "x"} for n in (1, 2, 3)]
    logged.write(rows)
    logged.write(rows)  # the same one: nothing is told twice
    logged.side.execute("delete from pgsync_log.log")
    monkeypatch.setattr(failpoints, "_reached", 0)
    monkeypatch.setenv(failpoints.VARIABLE, "delivery finished:raise")
    with pytest.raises(failpoints.FailpointReached):
        logged.write([{"id": 7, "note": "z"}], delivery="sunday")
    monkeypatch.delenv(failpoints.VARIABLE)
    assert side.rows("select batches_done from pgsync_log.open_runs") == [(1,)]
    assert logged.write([{"id": 7, "note": "z"}], delivery="sunday").already_delivered
    with pytest.raises(Exception, match="refused more rows"):
        logged.write([{"id": 9, "note": "bad"}], delivery="tuesday", max_rejected_rows=0)
    logged.write([{"id": 1, "note": "y"}], delivery="wednesday")
    assert [(row[1], row[3], row[7]) for row in side.rows(RUNS)] == [
        ("succeeded", 2, 1),
        ("succeeded", 1, 0),
        ("failed", 0, 0),
        ("succeeded", 1, 0),
    ]
    assert side.rows("select kind, source, columns from pgsync_log.syncs") == [
        ("writer", None, ["id", "note"])
    ]
    ends = "select count(*) from pgsync_log.log where message_event = 'sync_end'"
    assert side.rows(ends) == [(3,)]


def test_what_is_old_goes_but_not_the_last_word(items: Syncs) -> None:
    there = items.pair.destination
    for _ in range(3):
        items.run()
    items.pair.source.execute("delete from items")
    with pytest.raises(GuardError):
        items.run(delete="delete_row")
    there.execute(
        "update pgsync_log.runs set started_at = started_at - interval '40 days'",
        "update pgsync_log.log set time_stamp = time_stamp - interval '40 days' where run < 4",
    )
    with endpoint_of("crm", there, **LOG).session("pgsync/prune") as session:
        assert prune(session, "nowhere", MONTH) == 0
        first = prune(session, "pgsync_log", MONTH, at_once=2, until=0)
        gone = prune(session, "pgsync_log", MONTH, at_once=2)
        assert prune(session, "pgsync_log", MONTH) == 0
    assert [row[:2] for row in there.rows(RUNS)] == [(3, "succeeded"), (4, "held")]
    assert there.rows("select distinct run from pgsync_log.log") == [(4,)]
    assert (first, gone) == (2, 5)


def test_any_name_is_told_as_it_is(syncs: Syncs) -> None:
    """Also where a database reads backslashes in another way: values of the log are quoted."""
    there, name = syncs.pair.destination, 'it\'s \\ 100% "ä" €'
    quoted = '"{}"'.format(name.replace('"', '""'))
    for side in (syncs.pair.source, there):
        side.execute(f"create table public.{quoted} (id int primary key)")
        side.grant_table(name, "select", "insert", "update")
    syncs.pair.source.execute(f"insert into public.{quoted} values (1)")
    there.execute(
        f'alter database "{there.database}" set standard_conforming_strings = off',
        f'alter database "{there.database}" set client_encoding = latin1',
    )
    open_log(there)
    syncs.destination = LOG
    table = f"public.{quoted}"
    syncs.run(model={"table": table, "key": ["id"]}, table=table)
    there.execute(f'alter database "{there.database}" reset client_encoding')
    told = there.rows("select distinct message_data ->> 'table' from pgsync_log.log")
    assert told == [(name,)]
    assert there.rows("select destination_table, row_count from pgsync_log.tables") == [(table, 1)]
