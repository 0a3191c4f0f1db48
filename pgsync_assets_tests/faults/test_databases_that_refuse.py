"""A database that refuses for its own reasons: the run stops or waits, and nothing is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from psycopg import sql

from pgsync_assets.connect import retry
from pgsync_assets.errors import (
    AuthenticationError,
    Contention,
    PgsyncError,
    PrivilegeError,
    TerminalError,
    UnexpectedError,
)
from pgsync_assets.outcome import Counts
from pgsync_assets.write import batch as batches

from ..fix_gateway import until
from ..fix_syncs import Syncs
from ..integration.test_pinned_settings import set_for_role
from ..invariants import log_writes, violations, writes

ROWS = 30
WAITING = """
    select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'
"""
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"


@pytest.fixture
def filled(either: Syncs) -> Syncs:
    """Rows to send, and a count of what is written."""
    either.table("id bigint primary key, name text")
    log_writes(either)
    either.pair.source.execute(
        f"insert into items select n, 'item ' || n from generate_series(1, {ROWS}) as n"
    )
    return either


def test_a_destination_that_is_read_only_stops_the_run_in_words(filled: Syncs) -> None:
    """F35: a standby that was not promoted, or a database that was closed for a while."""
    there = filled.pair.destination
    there.execute(f"alter database {there.database} set default_transaction_read_only = on")
    with pytest.raises(PgsyncError, match="read-only") as caught:
        filled.run()
    assert caught.value.remedy
    there.execute(
        "set default_transaction_read_only = off",
        f"alter database {there.database} reset default_transaction_read_only",
    )
    assert filled.run().succeeded == Counts(added=ROWS)
    assert set(writes(filled).values()) == {1}
    assert violations(filled) == []


def test_a_run_that_is_the_victim_of_a_deadlock_tries_again(filled: Syncs) -> None:
    """F07, F28: somebody else writes the same rows, in another order."""
    there = filled.pair.destination
    filled.run()
    there.execute(
        "create function slowly() returns trigger language plpgsql as"
        " $$ begin perform pg_sleep(0.02); return new; end $$",
        "create trigger slowly before update on items for each row execute function slowly()",
    )
    filled.pair.source.execute("update items set name = 'new'")
    with there.connect(autocommit=False) as other, ThreadPoolExecutor() as pool:
        other.execute("set deadlock_timeout = '1 min'")  # so that the run is who finds it
        other.execute("update items set name = name where id = %s", [ROWS])
        running = pool.submit(filled.run, batch_size=ROWS)
        until(lambda: bool(there.rows(WAITING)))
        other.execute("update items set name = name where id = 1")
        other.commit()
        outcome = running.result()
    assert outcome.recovered is not None
    assert outcome.recovered.succeeded == Counts(changed=ROWS)
    until(lambda: there.rows(DEADLOCKS) == [(1,)])
    assert violations(filled) == []


SERIALIZATION = """
    create sequence tries;
    create function conflict() returns trigger language plpgsql security definer
        set search_path = public as $$
    begin
        if nextval('tries') <= {times} then
            raise 'could not serialize access' using errcode = 'serialization_failure';
        end if;
        return new;
    end $$;
    create trigger conflict before insert on items for each row execute function conflict();
"""


@pytest.mark.parametrize("times", [1, 4], ids=["once", "as often as it is tried"])
def test_a_serialization_failure_is_tried_again(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """F29: of a trigger that works at another isolation level elsewhere, say."""
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.01, 0.01, 0.01))
    filled.pair.destination.execute(SERIALIZATION.format(times=times))
    if times == 4:
        with pytest.raises(Contention, match="40001"):
            filled.run()
    filled.run()
    assert set(writes(filled).values()) == {1}
    assert len(writes(filled)) == ROWS
    assert violations(filled) == []


def test_a_batch_that_somebody_cancels_stops_the_run(filled: Syncs) -> None:
    """F30: what is in stays in, and the next run goes on behind it."""
    there = filled.pair.destination
    with there.connect(autocommit=False) as other, ThreadPoolExecutor() as pool:
        other.execute("insert into items values (25, 'somebody else')")
        running = pool.submit(filled.run, batch_size=10)
        until(lambda: bool(there.rows(WAITING)))
        there.execute(WAITING.replace("select from", "select pg_cancel_backend(pid) from"))
        with pytest.raises(TerminalError, match="canceling statement due to user request"):
            running.result()
        other.rollback()
    assert there.rows("select count(*) from items") == [(20,)]
    assert filled.run().succeeded == Counts(added=10)
    assert set(writes(filled).values()) == {1}
    assert violations(filled) == []


def test_no_room_for_temporary_files_at_the_source(filled: Syncs) -> None:
    """F25: PostgreSQL's own limit stands for a full disk."""
    source = filled.pair.source
    model = {
        "sql": "select id, name from items"
        " where id in (select n % 30 + 1 from generate_series(1, 6000000) as n)",
        "key": ["id"],
    }
    set_for_role(source, {"temp_file_limit": "1MB"})
    with pytest.raises(TerminalError, match="temporary file size exceeds"):
        filled.run(model=model)
    set_for_role(source, {"temp_file_limit": "-1"})
    assert filled.run(model=model).succeeded == Counts(added=ROWS)
    assert violations(filled) == []


ENDED = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name like 'pgsync/%'
"""


@pytest.mark.parametrize("waits", [1, 2], ids=["at the start", "between two batches"])
@pytest.mark.parametrize("end", ["source", "destination"])
def test_a_database_that_is_full_is_waited_for(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch, end: str, waits: int
) -> None:
    """F32: others have all connections, and give one back while the run waits.

    Between two batches it loses its own first, and is refused another one then.
    """
    side = getattr(filled.pair, end)
    limit = f"alter database {side.database} connection limit "
    waited: list[float] = []

    def free(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == waits:
            side.execute(limit + "-1")

    def take(point: str) -> None:
        if point == "batch committed" and not waited:
            side.execute(limit + "0", ENDED)

    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=free))
    if waits == 1:
        side.execute(limit + "0")
    else:
        monkeypatch.setattr(batches, "failpoint", take)
    filled.run(batch_size=10)
    assert len(waited) == waits
    assert set(writes(filled).values()) == {1}
    assert len(writes(filled)) == ROWS
    assert violations(filled) == []


LOGINS = {
    "another password": (
        "alter role {role} password 'other'",
        "alter role {role} password {known}",
    ),
    "no login": ("alter role {role} nologin", "alter role {role} login"),
    "closed": (
        "revoke connect on database {database} from public, {role}",
        "grant connect on database {database} to public",
    ),
}


@pytest.mark.parametrize("what", LOGINS)
@pytest.mark.parametrize("end", ["source", "destination"])
def test_a_login_that_is_taken_away_between_two_batches(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch, end: str, what: str
) -> None:
    """F37: asked once and not again, as servers lock out who asks too often."""
    side = getattr(filled.pair, end)
    known = sql.Literal(side.password).as_string(None)
    taken, given = (
        words.format(role=side.user, database=side.database, known=known) for words in LOGINS[what]
    )
    waited: list[float] = []

    def take(point: str) -> None:
        if point == "batch committed":
            side.execute(taken, ENDED)

    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=waited.append))
    with monkeypatch.context() as while_it_runs:
        while_it_runs.setattr(batches, "failpoint", take)
        try:
            with pytest.raises((AuthenticationError, PrivilegeError)) as refused:
                filled.run(batch_size=10)
            assert refused.value.remedy
        finally:
            side.execute(given)
    assert len(waited) == 1  # for the session that was lost
    filled.run(batch_size=10)
    assert set(writes(filled).values()) == {1}
    assert len(writes(filled)) == ROWS
    assert violations(filled) == []


def test_a_row_that_fits_into_no_page_is_told_in_the_server_s_words(either: Syncs) -> None:
    """F53: values that cannot be stored apart; a view may have such a row, no table can."""
    names = [f"c{number}" for number in range(600)]
    values = ", ".join(f"md5('{name}')::uuid as {name}" for name in names)
    either.pair.destination.execute(
        f"create table items (id integer primary key, {', '.join(f'{one} uuid' for one in names)})"
    )
    either.pair.source.execute("create table items (id integer primary key)")
    either.grant()
    model = {"sql": f"select 1 as id, {values}", "key": ["id"]}
    with pytest.raises(TerminalError, match=r"row is too big: size \d+, maximum size 8160") as told:
        either.run(model=model)
    assert not isinstance(told.value, UnexpectedError)
    assert either.pair.destination.rows("select count(*) from items") == [(0,)]


def test_a_row_that_was_deleted_and_is_there_again_is_one_change(filled: Syncs) -> None:
    """F44."""
    filled.run()
    filled.pair.source.execute(
        "delete from items where id = 7", "insert into items values (7, 'x')"
    )
    assert filled.run(delete="delete_row").succeeded == Counts(changed=1)
    assert violations(filled) == []
