"""A server, or the network to it, that freezes while a session waits: noticed, said, survived."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg import sql

from pgsync_assets import sync as engine
from pgsync_assets.connect import Session, pump
from pgsync_assets.connect.watch import answers
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.data import read_lock_file
from pgsync_assets.errors import ConnectionLost
from pgsync_assets.outcome import Counts, Progress

from ..fix_databases import Pair, Side, database
from ..fix_proxy import Proxy, proxy_to
from ..fix_servers import SETTINGS
from ..fix_syncs import Syncs, endpoint_of
from ..invariants import log_writes, violations, writes

NOTICED_S = 1.0  # the timeout of these tests
SAID = r"did not answer for \d+ s; the connection was cut"
A_LOT = sql.SQL("SELECT repeat('x', 1000) FROM generate_series(1, 100000)")


@contextmanager
def session_to(side: Side, timeout: float = NOTICED_S) -> Iterator[Session]:
    """A session of the sync's role."""
    with endpoint_of("crm", side, network_timeout_s=timeout).session("pgsync/test") as session:
        yield session


@contextmanager
def soon() -> Iterator[None]:
    """What is in the block ends with the error, in time."""
    began = time.monotonic()
    with pytest.raises(ConnectionLost, match=SAID):
        yield
    assert time.monotonic() - began < NOTICED_S + 1.5


def through(side: Side, proxy: Proxy) -> Side:
    """The same side behind a proxy."""
    return replace(side, port=proxy.port)


def test_a_frozen_network_in_mid_statement(database_pair: Pair) -> None:
    side = database_pair.destination
    with proxy_to(side.port) as proxy, session_to(through(side, proxy)) as session:
        threading.Timer(0.2, lambda: setattr(proxy, "silent", True)).start()
        with soon(), session.transaction("sleeping") as connection:
            connection.execute("select pg_sleep(30)")


@pytest.mark.parametrize("frozen", ["source", "destination"])
def test_a_frozen_network_in_mid_copy(database_pair: Pair, frozen: str) -> None:
    sides = {"source": database_pair.source, "destination": database_pair.destination}
    sides["destination"].execute("create table items (name text)")
    sides["destination"].grant_table("items", "insert")
    with proxy_to(sides[frozen].port) as proxy:
        sides[frozen] = through(sides[frozen], proxy)

        def freeze(rows: int) -> None:
            proxy.silent = proxy.silent or rows > 20_000

        with (
            session_to(sides["source"]) as source,
            session_to(sides["destination"]) as destination,
            soon(),
            source.transaction("reading") as reader,
            destination.transaction("writing") as writer,
        ):
            pump(reader, A_LOT, writer, sql.SQL("public.items (name)"), told=freeze)


def test_a_run_survives_a_network_that_froze_for_a_while(
    monkeypatch: pytest.MonkeyPatch, syncs: Syncs
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.3, 0.3, 0.3))
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 10) as n")
    with proxy_to(syncs.pair.destination.port) as proxy:
        froze: list[int] = []

        def freeze_once(at: Progress) -> None:
            if at.step == "write" and at.rows_done == 4 and not froze:
                froze.append(at.rows_done)
                proxy.silent = True
                threading.Timer(1.2, lambda: setattr(proxy, "silent", False)).start()

        behind = replace(syncs.pair, destination=through(syncs.pair.destination, proxy))
        timeouts = {"network_timeout_s": NOTICED_S, "connect_timeout_s": 2}
        there = replace(syncs, pair=behind, destination=timeouts)
        outcome = engine.run(there.config(batch_size=4), *there.endpoints, on_progress=freeze_once)
    assert froze == [4]
    assert outcome.recovered is not None
    assert outcome.recovered.succeeded == Counts(added=10)
    assert set(writes(syncs).values()) == {1}
    assert violations(syncs) == []


@pytest.fixture(scope="module")
def server(state_folder: Path) -> Iterator[Cluster]:
    """A server of its own, to be stopped as nobody else is."""
    cluster = Cluster(state_folder / "frozen")
    cluster.start(SETTINGS)
    yield cluster
    cluster.stop("immediate")


@contextmanager
def frozen(cluster: Cluster) -> Iterator[None]:
    """None of its processes moves in the block; their kernel goes on answering for them."""
    lock = read_lock_file(cluster.data)
    assert lock is not None
    children = subprocess.run(
        ["pgrep", "-P", str(lock.pid)], capture_output=True, text=True, check=True
    )
    pids = [str(lock.pid), *children.stdout.split()]
    subprocess.run(["kill", f"-{signal.SIGSTOP}", *pids], check=True)
    try:
        yield
    finally:
        subprocess.run(["kill", f"-{signal.SIGCONT}", *pids], check=True)


def test_a_server_that_stands_still(server: Cluster) -> None:
    with database(server, "somebody") as side, session_to(side) as session:
        with frozen(server), soon(), session.transaction("asking") as connection:
            connection.execute("select 1")
        with session_to(side) as another, another.transaction("asking again") as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_a_long_statement_is_not_cut(database_pair: Pair) -> None:
    side = database_pair.source
    with proxy_to(side.port) as proxy, session_to(through(side, proxy), 1.5) as session:
        with session.transaction("sleeping") as connection:
            connection.execute("select pg_sleep(2.2)")
        time.sleep(0.5)  # and one that waits for us is nobody's business
        with session.transaction("asking") as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_a_server_that_takes_long_to_read_a_copy_is_not_cut(database_pair: Pair) -> None:
    """As with a slow trigger, or a lock. Linux cuts it where `tcp_user_timeout` is set."""
    side = database_pair.destination
    side.execute(
        "create table items (name text)",
        "create function wait() returns trigger language plpgsql as"
        " $$ begin perform pg_sleep(2.2); return new; end $$",
        "create trigger wait before insert on items for each row when (new.name = 'slow')"
        " execute function wait()",
    )
    side.grant_table("items", "insert")
    with (
        session_to(side, 1.5) as session,
        session.transaction("writing") as connection,
        connection.cursor() as cursor,
        cursor.copy("COPY items FROM STDIN") as copy,
    ):
        copy.write("slow\n")
        for _ in range(100):
            copy.write(1000 * ("y" * 99 + "\n"))
    assert side.rows("select count(*) from items") == [(100_001,)]


@contextmanager
def listening(backlog: int = 5) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Somebody who accepts connections and says nothing, and a session with them."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
    with listener, socket.create_connection(listener.getsockname()) as end:
        yield listener, end


def test_what_counts_as_an_answer() -> None:
    with listening() as (listener, end):
        began = time.monotonic()
        assert not answers(end, 0.2)  # the kernel's handshake is none
        assert 0.1 < time.monotonic() - began < 1
        listener.close()
        assert answers(end, 0.2)  # refused: somebody lives who would have told this session, too
    with listening() as (listener, end):
        listener.accept()[0].close()
        threading.Timer(0.05, lambda: listener.accept()[0].close()).start()
        assert not answers(end, 1)  # a relay without its server


@pytest.mark.needs("tls-server")
def test_a_question_leaves_no_complaint_in_the_log(server: Cluster, tls_server: Cluster) -> None:
    for asked in (server, tls_server):
        with asked.connect("postgres") as connection:
            with socket.socket(fileno=os.dup(connection.pgconn.socket)) as end:
                before = asked.log.read_text()
                assert answers(end, 5)
            connection.execute("select pg_sleep(0.2)")
        assert asked.log.read_text() == before
