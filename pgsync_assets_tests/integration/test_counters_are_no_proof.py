"""What PostgreSQL counts of writes does not say that a model is what it was: a run compares it.

The sensor `source changed` may go by those counters, as it only decides when a run starts. A run
that skipped its comparison because of them would miss each change that is made here. Each test
makes one that the counters do not show, shows that, and that the next run sends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pgsync_assets.assets.source_writes import writes
from pgsync_assets.outcome import Counts

from ..fix_databases import Side
from ..fix_syncs import ENGINES, Syncs
from ..invariants import violations

TABLE = ("public", "items")


def counted(syncs: Syncs) -> str:
    """What the counters say of the model: another text where they show a change."""
    found = writes(syncs.endpoints[0], [TABLE])
    assert not found.uncounted
    return found.fingerprints[TABLE]


@contextmanager
def unseen(syncs: Syncs) -> Iterator[None]:
    """Changes one row of the model in the block; no counter may show it."""
    before = counted(syncs)
    assert syncs.run().succeeded == Counts()
    yield
    assert counted(syncs) == before
    assert not syncs.same()
    assert syncs.run().succeeded == Counts(changed=1)
    assert violations(syncs) == []


def write(side: Side, *statements: str) -> None:
    """Runs statements; they are counted before this returns, and not some time later."""
    with side.connect() as connection:
        for statement in (*statements, "select pg_stat_force_next_flush()"):
            connection.execute(statement.encode())


@pytest.fixture
def filled(syncs: Syncs) -> Syncs:
    """Two rows, which are in, and which the counters know of."""
    syncs.table("id int primary key, name text")
    write(syncs.pair.source, "insert into items values (1, 'one'), (2, 'two')")
    assert syncs.run().succeeded == Counts(added=2)
    return syncs


def test_they_show_a_write(filled: Syncs) -> None:
    before = counted(filled)
    write(filled.pair.source, "update items set name = 'other' where id = 1")
    assert counted(filled) != before


def test_a_session_counts_when_it_is_idle(filled: Syncs) -> None:
    # Committed, and there for everybody; its session is in the next transaction at once.
    with filled.pair.source.connect() as busy, unseen(filled):
        busy.execute(
            b"begin; update items set name = 'other' where id = 1; commit; begin; select 1"
        )


def test_a_session_may_count_nothing(filled: Syncs) -> None:
    with unseen(filled):
        write(
            filled.pair.source,
            "set track_counts = off",
            "update items set name = 'other' where id = 1",
        )


def behind_a_function(side: Side) -> None:
    """The model calls a function that reads another table."""
    side.execute(
        "create table names (name text)",
        "insert into names values ('two')",
        "create function name_of_two() returns text stable security definer language sql"
        " begin atomic; select name from public.names; end",
        "create view items as select id, case id when 2 then name_of_two() else name end as name"
        " from kept_items",
    )


def write_behind_a_function(side: Side) -> None:
    """Writes that table."""
    write(side, "update names set name = 'other'")


def by_the_clock(side: Side) -> None:
    """The model is another one when time has passed, and nobody has written."""
    side.execute(
        "create view items as select id,"
        " case id when 2 then clock_timestamp()::text else name end as name from kept_items"
    )


def wait(side: Side) -> None:
    """A moment later."""


VIEWS: list[tuple[Callable[[Side], None], Callable[[Side], None]]] = [
    (behind_a_function, write_behind_a_function),
    (by_the_clock, wait),
]


@pytest.mark.parametrize(("make", "change"), VIEWS, ids=["function", "clock"])
def test_a_view_may_read_more(
    filled: Syncs, make: Callable[[Side], None], change: Callable[[Side], None]
) -> None:
    source = filled.pair.source
    source.execute("alter table items rename to kept_items")
    make(source)
    source.grant_table("items")
    filled.run()
    before = counted(filled)
    change(source)
    assert counted(filled) == before
    assert filled.run().succeeded == Counts(changed=1)


def test_a_label_is_renamed(syncs: Syncs) -> None:
    # Digests are made of texts. The table is not written at all.
    syncs.fields |= ENGINES["digest"]
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute("create type mood as enum ('calm', 'glad')")
    syncs.table("id int primary key, mood mood")
    write(syncs.pair.source, "insert into items values (1, 'calm'), (2, 'glad')")
    assert syncs.run().succeeded == Counts(added=2)
    syncs.pair.destination.execute("alter type mood add value 'merry'")
    with unseen(syncs):
        syncs.pair.source.execute("alter type mood rename value 'glad' to 'merry'")


# The other thing that can be asked before anything is read: which transactions a snapshot sees. Two
# equal answers of a server that has not been restarted are a proof for tables, and only for them.


def seen(side: Side) -> str:
    """The transactions that are over and under way, for all databases of the server."""
    (found,) = side.rows("select pg_current_snapshot()::text")
    return str(found[0])


@pytest.mark.parametrize(
    "statement",
    [
        "update items set name = 'other' where id = 1",
        "delete from items",
        "truncate items",
        "alter table items add note text default 'new'",
    ],
)
def test_every_commit_is_another_snapshot(filled: Syncs, statement: str) -> None:
    source = filled.pair.source
    before = seen(source)
    write(source, "set track_counts = off", statement)
    assert seen(source) != before


def test_a_clock_needs_no_transaction(filled: Syncs) -> None:
    def is_unseen() -> bool:
        with filled.pair.source.connect() as connection:
            query = b"select clock_timestamp(), pg_current_snapshot()::text"
            (then, before), (now, after) = (
                (row[0], row[1]) for _ in range(2) for row in connection.execute(query)
            )
        return bool(now > then and after == before)

    assert any(is_unseen() for _ in range(10))  # autovacuum may have written in between


def test_lightning_is_somebody_who_writes(filled: Syncs) -> None:
    # Claim, plan and settlement are transactions at the source: it is never as it was.
    before = seen(filled.pair.source)
    assert filled.run().planned == Counts()
    assert seen(filled.pair.source) != before
