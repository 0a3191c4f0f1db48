"""One run of a sync at a time, partitions side by side; who slept too long may not write."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple
from typing import Any

import pytest

from pgsync_assets.errors import AlreadyRunning
from pgsync_assets.outcome import Counts, Outcome

from ..fix_children import Child
from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes
from .child import SUCCEEDED

DAYS: dict[str, Any] = {
    "model": {"table": "public.items", "key": ["id", "day"]},
    "partitions": {"column": "day", "every": "month", "start": "2024-01-01"},
}
NOW = dt.datetime(2024, 12, 31, tzinfo=dt.timezone.utc)
JANUARY, FEBRUARY = "2024-01-01", "2024-02-01"
WAITS = """
    select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'
"""


@pytest.fixture
def syncs(either: Syncs) -> Syncs:
    """Syncs of one engine and of the other."""
    return either


@pytest.fixture
def filled(syncs: Syncs) -> Syncs:
    """Rows in January and in February."""
    syncs.table("id int, day date, name text, primary key (id, day)")
    log_writes(syncs)
    syncs.pair.source.execute(
        "insert into items select n, date '2024-01-20' + n, 'x' from generate_series(1, 20) as n"
    )
    return syncs


@contextmanager
def held_up(syncs: Syncs, runs: int) -> Iterator[None]:
    """The destination table is locked until the block ends; the block begins when runs wait."""
    with syncs.pair.destination.connect(autocommit=False) as blocker:
        blocker.execute("lock table items in share mode")
        yield
        until_waiting(syncs, runs)


def until_waiting(syncs: Syncs, runs: int) -> None:
    """Returns when so many sessions of the destination wait for a lock."""
    deadline = time.monotonic() + 30
    while syncs.pair.destination.rows(WAITS) != [(runs,)]:
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.02)


def test_a_second_and_a_third_run_touch_nothing(filled: Syncs) -> None:
    with ThreadPoolExecutor() as pool:
        with held_up(filled, 1):
            first: Future[Outcome] = pool.submit(filled.run, **DAYS)
            until_waiting(filled, 1)
            for _ in range(2):
                with pytest.raises(
                    AlreadyRunning, match=r"items: another run.*\(by ada, since 20\d\d-.* UTC\)$"
                ):
                    filled.run(**DAYS)
        assert first.result().succeeded == Counts(added=20)
    assert filled.keeper.rows("select count(*) from hightouch_audit.sync_runs") == [(1,)]
    assert violations(filled) == []
    assert set(writes(filled).values()) == {1}


def test_of_three_runs_that_start_at_once_one_works(filled: Syncs) -> None:
    with ThreadPoolExecutor() as pool:
        with held_up(filled, 1):
            runs = [pool.submit(filled.run, **DAYS) for _ in range(3)]
            until_waiting(filled, 1)
            while sum(run.done() for run in runs) < 2:
                time.sleep(0.02)
        errors = [run.exception() for run in runs]
    assert sorted(type(error).__name__ for error in errors) == [
        "AlreadyRunning",
        "AlreadyRunning",
        "NoneType",
    ]
    assert violations(filled) == []
    assert set(writes(filled).values()) == {1}


def test_partitions_run_at_once(filled: Syncs) -> None:
    with ThreadPoolExecutor() as pool:
        with held_up(filled, 2):
            runs = [pool.submit(filled.run, name, **DAYS) for name in (JANUARY, FEBRUARY)]
            until_waiting(filled, 2)
            with pytest.raises(AlreadyRunning, match=r"items\[2024-01-01\].*by ada"):
                filled.run(JANUARY, **DAYS)
            with pytest.raises(AlreadyRunning, match="items: another run.*by ada"):
                filled.run(**DAYS)
        assert [run.result().succeeded for run in runs] == [Counts(added=11), Counts(added=9)]
    assert violations(filled) == []
    assert set(writes(filled).values()) == {1}


@pytest.mark.parametrize(
    "partitions",
    [
        {"hash": 8},
        {"column": "id", "ranges": list(range(100, 800, 100))},
        {"column": "day", "values": [f"2024-01-{day:02}" for day in range(1, 8)]},
    ],
    ids=["hash", "range", "list"],
)
def test_eight_partitions_on_four_threads(syncs: Syncs, partitions: dict[str, Any]) -> None:
    """From the very first run on, which makes our schemas: no deadlock, and each row once."""
    syncs.table("id int, day date, name text unique, primary key (id, day)")
    log_writes(syncs)
    syncs.pair.source.execute(
        "insert into items select n, date '2024-01-01' + n % 8, 'name ' || n"
        " from generate_series(0, 799) as n"
    )
    fields = {**DAYS, "partitions": partitions, "delete": "delete_row", "batch_size": 30}
    names = [one.name for one in syncs.config(**fields).all_partitions(NOW)]
    assert len(names) == 8

    def run_all() -> Counts:
        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda name: syncs.run(name, **fields).succeeded, names))
        return Counts(*(sum(column) for column in zip(*map(astuple, done), strict=True)))

    assert run_all() == Counts(added=800)
    assert violations(syncs) == []
    assert writes(syncs) == {("INSERT", str(n)): 1 for n in range(800)}

    syncs.pair.destination.execute("truncate writes")
    syncs.pair.source.execute(
        "update items set name = 'new ' || id where id % 10 = 1",
        "delete from items where id % 10 = 2",
        "insert into items select id + 800, day, 'more ' || id from items where id % 10 = 3",
    )
    assert run_all() == Counts(added=80, changed=80, removed=80)
    assert violations(syncs) == []
    assert sum(writes(syncs).values()) == 240


def test_partitions_take_turns_where_a_row_could_move(filled: Syncs) -> None:
    fields = {**DAYS, "partitions": {"column": "name", "values": ["x", "y"]}}
    with ThreadPoolExecutor() as pool:
        with held_up(filled, 1):
            first = pool.submit(filled.run, "x", **fields)
            until_waiting(filled, 1)
            with pytest.raises(AlreadyRunning):
                filled.run("x", **fields)
            others = [pool.submit(filled.run, name, **fields) for name in ("y", "other")]
            until_in_line(filled, 2)
            assert not any(other.done() for other in others)
        assert first.result().succeeded == Counts(added=20)
        assert [other.result().planned for other in others] == [Counts(), Counts()]
    assert filled.run("y", **fields).succeeded == Counts()
    assert violations(filled) == []


IN_LINE = """
    select count(*) from pg_stat_activity
    where datname = current_database() and application_name ~ '^pgsync/items/(y|other) lock$'
        and state = 'idle in transaction'
"""


def until_in_line(syncs: Syncs, runs: int) -> None:
    """Returns when so many partitions wait for their turn."""
    deadline = time.monotonic() + 30
    while syncs.keeper.rows(IN_LINE) != [(runs,)]:
        assert time.monotonic() < deadline, "nobody is in line"
        time.sleep(0.02)


@pytest.mark.parametrize(("first", "second"), [(None, JANUARY), (FEBRUARY, None)])
def test_a_run_of_the_whole_sync_excludes_its_partitions_and_they_exclude_it(
    filled: Syncs, first: str | None, second: str | None
) -> None:
    with ThreadPoolExecutor() as pool, held_up(filled, 1):
        pool.submit(filled.run, first, **DAYS)
        until_waiting(filled, 1)
        with pytest.raises(AlreadyRunning):
            filled.run(second, **DAYS)


@pytest.mark.parametrize(
    ("asleep_at", "cut_off"),
    [
        ("claimed", ["source"]),
        ("run begun", ["source"]),
        ("plan stored", ["source"]),
        ("fenced", ["source"]),
        ("batch counted", ["source", "destination"]),  # in the transaction of the batch
        ("batch committed", ["source"]),
        ("settled", ["source"]),
    ],
)
def test_a_run_that_slept_through_a_successor_neither_writes_nor_advances(
    child: Child, filled: Syncs, asleep_at: str, cut_off: list[str]
) -> None:
    child.start(filled, f"{asleep_at}:stop", batch_size=8, **DAYS)
    what, pid = child.answer()
    assert what == "stopped"
    there = {
        "source": [filled.pair.source, filled.keeper],
        "destination": [filled.pair.destination],
    }
    for side in {id(one): one for name in cut_off for one in there[name]}.values():
        side.rows(  # the network between them was gone for too long
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and application_name like 'pgsync/%'"
        )
    filled.run(batch_size=8, **DAYS)
    filled.pair.source.execute("update items set name = 'newer' where id <= 5")
    filled.run(batch_size=8, **DAYS)
    expected = writes(filled)
    os.kill(pid, signal.SIGCONT)
    while (answer := child.answer())[0] == "stopped":  # at the same point of its next try
        os.kill(answer[1], signal.SIGCONT)
    assert answer == ("exit", SUCCEEDED)
    assert violations(filled) == []
    assert writes(filled) == expected
