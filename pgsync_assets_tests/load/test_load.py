"""Fifty syncs at one moment, eight partitions at once, ten million rows and rows of fifty megabytes
in little memory, and a run that takes long while others work at its source.

Figures are printed: `make load`.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ..definitions import component, connections
from ..faults.child import SUCCEEDED
from ..fix_children import Child
from ..fix_databases import Pair, Side
from ..fix_pgbench import pgbench
from ..fix_servers import in_memory
from ..fix_syncs import Syncs
from ..storage import dagster_storage
from ..ui.served import Served
from .watched import Held, watched

MINUTES = float(os.environ.get("PGSYNC_LOAD_MINUTES", "3"))
SYNCS = 50
POOL = 4  # runs that write to a destination at once, by default
PARTS = 8
TIME_TO_START_S = 150  # of Dagster; a tick before it would not be made up
SESSIONS_A_RUN = 5  # the most: model, planner, destination, lock, and one that reads ahead
MANY_ROWS = int(os.environ.get("PGSYNC_LOAD_ROWS", "10000000"))
MOST_BYTES = 2**30  # of address space
EDITS = Path(__file__).with_name("edits.sql")
BY_NIGHT = pytest.mark.nightly("minutes of load; what of it is a rule is tested by day, in small")


def say(what: str, source: Held, destination: Held) -> None:
    """Prints figures, for docs/guarantees.md."""
    print(f"{what}\n  source: {source}\n  destination: {destination}", flush=True)


def bounded(held: Held, sessions: int) -> None:
    """What holds at any load."""
    assert 0 < held.sessions <= sessions
    assert held.locks == set()
    assert held.looks > 10


@BY_NIGHT
def test_fifty_syncs_on_one_tick(database_pair: Pair) -> None:
    pair = database_pair
    for n in range(SYNCS):
        for side in (pair.source, pair.destination):
            side.execute(f"create table t{n} (id integer primary key, note text)")
        pair.source.execute(f"insert into t{n} select i, 'x' from generate_series(1, 1000) as i")
        pair.source.grant_table(f"t{n}")
        pair.destination.grant_table(f"t{n}", "select", "insert", "update", "delete")
    counted = " union all ".join(f"select count(*) from t{n}" for n in range(SYNCS))
    with (
        served(pair) as said,
        watched(pair.source) as source,
        watched(pair.destination) as destination,
    ):
        deadline = time.monotonic() + 1200
        while not pair.source.rows(TICKED)[0][0] or pair.source.rows(ENDED) != [(SYNCS,)]:
            assert time.monotonic() < deadline, said.said
            time.sleep(0.5)
    (took,) = pair.source.rows("select max(finished_at) - min(started_at) from " + RUNS)[0]
    say(f"{SYNCS} syncs on a tick, {took.total_seconds():.0f} s", source, destination)
    bounded(source, POOL * SESSIONS_A_RUN)
    bounded(destination, POOL * SESSIONS_A_RUN)
    assert pair.destination.rows(counted) == [(1000,)] * SYNCS
    each = f"select status, count(*), count(distinct sync) from {RUNS} group by 1"
    assert pair.source.rows(each) == [("succeeded", SYNCS, SYNCS)]


RUNS = "hightouch_audit.sync_runs"
TICKED = f"select to_regclass('{RUNS}') is not null"
ENDED = f"select count(*) from {RUNS} where finished_at is not null"


@contextmanager
def served(pair: Pair) -> Iterator[Served]:
    """A project of many syncs that are due at one moment, once, with Dagster's daemon."""
    with (
        dagster_storage(pair.destination.cluster) as variables,
        tempfile.TemporaryDirectory(prefix="pgsync_load_", dir=in_memory()) as name,
    ):
        folder = Path(name) / "defs"
        environment = {
            "SHOP_PASSWORD": pair.source.password,
            "CRM_PASSWORD": pair.destination.password,
        }
        ends = connections({"shop": pair.source, "crm": pair.destination})
        component(folder, "connections", "PgConnectionsComponent", connections=ends)
        moment = datetime.now(timezone.utc) + timedelta(seconds=TIME_TO_START_S)
        syncs = [due(n, moment) for n in range(SYNCS)]
        component(folder, "syncs", "PgSyncComponent", syncs=syncs)
        found = Served(Path(name), "up", "--defs", str(folder), environment=variables | environment)
        try:
            found.start()
            yield found
        finally:
            found.stop()


def due(n: int, moment: datetime) -> dict[str, Any]:
    """A sync that runs once a day."""
    return {
        "name": f"t{n}",
        "source": "shop",
        "destination": "crm",
        "model": {"table": f"public.t{n}", "key": ["id"]},
        "table": f"public.t{n}",
        "schedule": {"times": [f"{moment:%H:%M}"]},
    }


@BY_NIGHT
def test_eight_partitions_at_once(either: Syncs) -> None:
    either.table("id integer primary key, part integer, note text")
    either.pair.source.execute(
        f"insert into items select n, n % {PARTS}, repeat('x', 100)"
        " from generate_series(1, 200000) as n"
    )
    names = [f"p{n}" for n in range(PARTS)]
    either.fields = either.fields | {
        "delete": "delete_row",
        "partitions": {"column": "part", "values": {name: [n] for n, name in enumerate(names)}},
    }
    children = [Child() for _ in names]
    pair = either.pair
    try:
        with (
            watched(pair.source) as source,
            watched(pair.destination) as destination,
            ThreadPoolExecutor(PARTS) as pool,
        ):
            for edit in (None, "update items set note = 'y' where id % 10 = 0"):
                if edit:
                    pair.source.execute(edit)
                runs = [
                    pool.submit(c.run, either, None, n)
                    for c, n in zip(children, names, strict=True)
                ]
                assert [run.result() for run in runs] == [SUCCEEDED] * PARTS
    finally:
        for child in children:
            child.close()
    say(f"{PARTS} partitions at once, {either.fields['engine']}", source, destination)
    bounded(source, PARTS * SESSIONS_A_RUN)
    bounded(destination, PARTS * SESSIONS_A_RUN)
    assert either.same()


def runs_in_little_memory(what: str, syncs: Syncs, edit: str) -> None:
    """A first run and one after an edit, by a process that may have a gigabyte."""
    pair, child = syncs.pair, Child(most_bytes=MOST_BYTES)
    try:
        with watched(pair.source) as source, watched(pair.destination) as destination:
            assert child.run(syncs) == SUCCEEDED
            pair.source.execute(edit)
            assert child.run(syncs) == SUCCEEDED
    finally:
        child.close()
    say(f"{what} in {MOST_BYTES} bytes, {syncs.fields['engine']}", source, destination)
    bounded(source, SESSIONS_A_RUN)
    bounded(destination, SESSIONS_A_RUN)


@BY_NIGHT
@pytest.mark.parametrize("engine", ["lightning", "standard"])
def test_ten_million_rows_in_a_gigabyte(
    database_pair: Pair, platform_side: Side, engine: str
) -> None:
    syncs = Syncs(database_pair, platform=platform_side, fields={"engine": engine})
    syncs.table("id integer primary key, note text")
    pair = syncs.pair
    pair.source.execute(
        f"insert into items select n, repeat('x', 40) from generate_series(1, {MANY_ROWS}) as n",
        "analyze items",
    )
    runs_in_little_memory(
        f"{MANY_ROWS} rows", syncs, "update items set note = 'y' where id % 100 = 0"
    )
    count = "select count(*), count(*) filter (where note = 'y') from items"
    assert pair.destination.rows(count) == [(MANY_ROWS, MANY_ROWS // 100)]


@BY_NIGHT
def test_rows_of_fifty_megabytes(either: Syncs) -> None:
    either.table("id integer primary key, note text")
    pair = either.pair
    fill = (
        "insert into items select n, repeat(md5(n::text), 1600000) from generate_series(1, 8) as n"
    )
    pair.source.execute(fill)
    runs_in_little_memory(
        "8 rows of 51 MB", either, "update items set note = note || '.' where id = 5"
    )
    sums = "select id, length(note), md5(note) from items order by id"
    assert pair.destination.rows(sums) == pair.source.rows(sums)


@BY_NIGHT
@pytest.mark.parametrize("engine", ["lightning", "standard"])
def test_a_run_of_minutes_while_others_work(
    database_pair: Pair, platform_side: Side, engine: str
) -> None:
    """Batch for batch, at leisure: vacuum at the source waits for a batch, never for the run."""
    syncs = Syncs(database_pair, platform=platform_side, fields={"engine": engine})
    syncs.table("id integer primary key, name text, price integer")
    pair, rows = syncs.pair, 100_000
    fill = f"insert into items select n, 'row', 1 from generate_series(1, {rows}) as n"
    pair.source.execute(fill)
    assert syncs.run().succeeded.total == rows
    pair.source.execute("update items set price = 2")
    batches = 100
    pause_ms = int(MINUTES * 60_000 / batches)
    with (
        worked_on(pair.source, rows),
        watched(pair.source) as source,
        watched(pair.destination) as destination,
    ):
        outcome = syncs.run(batch_size=rows // batches, sleep_ms=pause_ms)
    say(f"a run of {outcome.seconds['total']:.0f} s beside pgbench, {engine}", source, destination)
    assert outcome.succeeded.total == rows
    bounded(source, SESSIONS_A_RUN)
    bounded(destination, SESSIONS_A_RUN)
    assert source.seconds < max(20.0, outcome.seconds["total"] / 5)
    syncs.run()
    assert syncs.same()


@contextmanager
def worked_on(side: Side, rows: int) -> Iterator[None]:
    """pgbench changes rows for the length of the block."""
    options = ("-c", "4", "-R", "400", "-D", f"rows={rows}", "-T", "100000")
    with pgbench(side, EDITS, *options) as worker:
        try:
            yield
            assert worker.poll() is None, "nobody worked"
        finally:
            worker.terminate()
