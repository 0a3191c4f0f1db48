"""What a role or a database sets for itself changes nothing of what arrives."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from pgsync_assets.outcome import Counts

from ..fix_databases import Side
from ..fix_gateway import until
from ..fix_syncs import Syncs

HOSTILE = {
    "search_path": "traps, pg_catalog",
    "datestyle": "SQL, DMY",
    "intervalstyle": "iso_8601",
    "timezone": "Pacific/Apia",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "lc_monetary": "C",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "quote_all_identifiers": "on",
    "standard_conforming_strings": "off",
    "backslash_quote": "off",
    "xmlbinary": "hex",
    "client_encoding": "LATIN1",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "synchronous_commit": "off",
    "row_security": "off",
    "enable_indexscan": "off",
    "work_mem": "64kB",
    "default_toast_compression": "pglz",
    "check_function_bodies": "off",
    "client_min_messages": "debug1",
    "plan_cache_mode": "force_generic_plan",
}
TYPES = {
    "born": ("date", "2020-03-04"),
    "seen": ("timestamptz", "2011-12-30 12:00:00.123456+00"),
    "took": ("interval", "1 year 2 mons -3 days 04:05:06.7"),
    "weight": ("float8", "0.30000000000000004"),
    "small": ("float4", "0.1"),
    "raw": ("bytea", "\\x005c27ff"),
    "price": ("money", "1234.56"),
    "tags": ("text[]", '{NULL,"NULL",a\\\\b}'),
    "path": ("text", "C:\\temp\\'new'\n€ ü 漢"),
    "nothing": ("text", ""),
    "span": ("tstzrange", "[2020-03-04 00:00+00,2020-04-03 00:00+00)"),
    "doc": ("jsonb", '{"a\\\\": "\\\\N"}'),
}


def set_for_role(side: Side, settings: dict[str, str]) -> None:
    """ALTER ROLE .. IN DATABASE .. SET, as an administrator may have done."""
    with side.connect() as connection:
        for name, value in settings.items():
            connection.execute(
                sql.SQL("alter role {} in database {} set {} to {}").format(
                    sql.Identifier(side.user),
                    sql.Identifier(side.database),
                    sql.Identifier(name),
                    # A list of schemas is several values, not one.
                    sql.SQL(value) if name == "search_path" else sql.Literal(value),
                )
            )


def fill(syncs: Syncs) -> None:
    columns = ", ".join(f"{name} {spelled}" for name, (spelled, _) in TYPES.items())
    syncs.table(f"id integer primary key, {columns}, void text")
    with syncs.pair.source.connect() as connection:
        connection.execute(
            sql.SQL("insert into items (id, {}) values (1, {})").format(
                sql.SQL(", ").join(map(sql.Identifier, TYPES)),
                sql.SQL(", ").join(sql.Literal(value) for _, value in TYPES.values()),
            )
        )


@pytest.mark.parametrize("hostile", ["source", "destination", "both"])
def test_settings_of_a_role_change_nothing(syncs: Syncs, hostile: str) -> None:
    fill(syncs)
    for name in ("source", "destination"):
        if hostile in (name, "both"):
            set_for_role(getattr(syncs.pair, name), HOSTILE)
    fields: dict[str, Any] = {
        "audit": "full",
        "delete": "delete_row",
        "guard": {"allow_empty_model": True},
    }
    assert syncs.run(**fields).succeeded == Counts(added=1)
    assert syncs.same()
    assert syncs.run(**fields).planned == Counts()
    syncs.pair.source.execute("update items set took = '30 days', void = ''")
    assert syncs.run(**fields).succeeded == Counts(changed=1)
    assert syncs.same()
    syncs.pair.source.execute("delete from items")
    assert syncs.run(**fields).succeeded == Counts(removed=1)
    assert syncs.same()


def test_settings_that_begin_between_two_runs_are_no_change(syncs: Syncs) -> None:
    fill(syncs)
    syncs.run()
    set_for_role(syncs.pair.source, HOSTILE)
    assert syncs.run().planned == Counts()


def test_timeouts_of_a_role_do_not_end_a_run(syncs: Syncs) -> None:
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items values (1)")
    timeouts = {"statement_timeout": "1s", "idle_in_transaction_session_timeout": "1s"}
    set_for_role(syncs.pair.source, timeouts)
    set_for_role(syncs.pair.destination, timeouts)
    slow = "select id from items where pg_sleep(1.5) is not null"
    assert syncs.run(model={"sql": slow, "key": ["id"]}).succeeded == Counts(added=1)


def end_idle_sessions(syncs: Syncs, after: str) -> None:
    """Lets all three databases end our sessions when they are idle for so long."""
    assert syncs.platform is not None
    for side in (syncs.pair.source, syncs.pair.destination, syncs.platform):
        set_for_role(side, {"idle_session_timeout": after})


def test_a_session_may_be_idle_while_another_one_works(
    either: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The destination's waits while the model is read, and the source's between two batches."""
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    either.table("id integer primary key")
    either.pair.source.execute("insert into items values (1), (2)")
    end_idle_sessions(either, "1s")
    slow = "select id from items where pg_sleep(0.7) is not null"
    fields: dict[str, Any] = {"model": {"sql": slow, "key": ["id"]}, "sleep_ms": 1500}
    assert either.run(batch_size=1, **fields).succeeded == Counts(added=2)


def test_a_session_may_be_idle_before_it_is_asked_for_anything(
    either: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the lock, and the planner's of engine standard, wait while the model is described."""
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    either.table("id integer primary key")
    either.pair.source.execute("insert into items values (1)")
    end_idle_sessions(either, "500ms")
    source = either.pair.source
    waits = "select count(*) > 0 from pg_locks where relation = 'items'::regclass and not granted"
    with ThreadPoolExecutor() as pool:
        with source.connect(autocommit=False) as keeper:
            keeper.execute("lock table items")
            running = pool.submit(either.run)
            until(lambda: source.rows(waits) == [(True,)])
            time.sleep(1.0)
        assert running.result().succeeded == Counts(added=1)


def test_functions_and_operators_of_others_are_not_called(syncs: Syncs) -> None:
    """A schema on the search path cannot slip its own `=` or `count` into our statements."""
    syncs.table("id integer primary key, name text")
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute(
            "create schema traps",
            "create function traps.trap(integer, integer) returns boolean language plpgsql"
            " as $$ begin raise exception 'called'; end $$",
            "create operator traps.="
            " (leftarg = integer, rightarg = integer, function = traps.trap)",
            "create function traps.row_number() returns bigint language plpgsql"
            " as $$ begin raise exception 'called'; end $$",
            "create function traps.now() returns timestamptz language plpgsql"
            " as $$ begin raise exception 'called'; end $$",
            f"grant usage on schema traps to {side.user}",
        )
    syncs.source = syncs.destination = {"search_path": ("traps", "public")}
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'c')")
    fields: dict[str, Any] = {
        "delete": "delete_row",
        "model": {"sql": "select * from items", "key": ["id"]},
    }
    assert syncs.run(**fields).succeeded == Counts(added=3)
    syncs.pair.source.execute("update items set name = 'z' where id = 2")
    syncs.pair.source.execute("delete from items where id = 3")
    assert syncs.run(**fields).succeeded == Counts(changed=1, removed=1)
    assert syncs.same()


def test_unqualified_names_of_the_model_are_looked_up_where_the_configuration_says(
    syncs: Syncs,
) -> None:
    source = syncs.pair.source
    source.execute("create schema mart", "create table mart.things (id integer, name text)")
    source.execute("insert into mart.things values (1, 'a')")
    source.grant_table("things", schema="mart")
    syncs.pair.destination.execute("create table items (id integer primary key, name text)")
    syncs.pair.destination.grant_table("items", "select", "insert", "update")
    set_for_role(source, {"search_path": "nowhere"})
    syncs.source = {"search_path": ("mart",)}
    outcome = syncs.run(model={"sql": "select * from things", "key": ["id"]})
    assert outcome.succeeded == Counts(added=1)


def test_row_level_security_at_the_source_is_an_error_not_a_removal(syncs: Syncs) -> None:
    """A policy that hides rows would look like deletes (F50)."""
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items select generate_series(1, 10)")
    syncs.run(delete="delete_row")
    syncs.pair.source.execute(
        "alter table items enable row level security",
        "create policy few on items using (id <= 3)",
    )
    with pytest.raises(Exception, match="row-level security") as caught:
        syncs.run(delete="delete_row")
    assert type(caught.value).__name__ == "PrivilegeError"
    assert syncs.pair.destination.rows("select count(*) from items") == [(10,)]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_server_soon_asks_a_silent_client_whether_it_is_there(syncs: Syncs) -> None:
    """Else it would keep the lock of a machine that vanished for two hours."""
    fill(syncs)
    with ThreadPoolExecutor() as pool, syncs.pair.destination.connect(autocommit=False) as blocker:
        blocker.execute("lock table items in share mode")
        run = pool.submit(syncs.run)
        try:
            waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
            until(lambda: syncs.pair.destination.rows(waits) == [(1,)])
            # The session that holds the sync's lock does nothing else.
            until(lambda: any(s <= 10 for s in keepalives_due_in(syncs.keeper.port)))
        finally:
            blocker.execute("rollback")
        assert run.result().succeeded == Counts(added=1)


def keepalives_due_in(port: int) -> list[float]:
    """Of connections to a server here: seconds until its kernel asks the client."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    timers = [line[5].split(":") for line in lines if line[1].endswith(f":{port:04X}")]
    return [int(due, 16) / 100 for kind, due in timers if kind == "02"]
