"""Batches among others who use the table: waits, time limits, and rows in each other's way."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from pgsync_assets.errors import Contention, StatementTimeout, TooManyRejectedRows
from pgsync_assets.outcome import Counts
from pgsync_assets.write import batch as batches

from ..fix_syncs import Syncs
from ..invariants import violations

FILL = "insert into items select n, n from generate_series(1, 6) as n"


@pytest.fixture
def filled(syncs: Syncs) -> Syncs:
    """Six rows with a second unique column, which are in."""
    syncs.table("id int primary key, place int unique")
    syncs.pair.source.execute(FILL)
    syncs.run()
    return syncs


def slow(syncs: Syncs, seconds: float) -> None:
    """Lets the destination take its time over each row."""
    syncs.pair.destination.execute(
        "create function slow() returns trigger language plpgsql as"
        f" $$ begin perform pg_sleep({seconds}); return new; end $$",
        "create trigger slow before insert or update on items for each row execute function slow()",
    )


def test_a_run_that_waits_too_long_for_a_lock_goes_on_there(filled: Syncs) -> None:
    filled.pair.source.execute("update items set place = place + 100")
    with filled.pair.destination.connect() as other:
        other.execute("begin")
        other.execute("select from items where id = 3 for update")
        releasing = threading.Timer(1.5, lambda: other.execute("rollback"))
        releasing.start()
        began = time.monotonic()
        outcome = filled.run(lock_timeout_s=0.2)
        assert time.monotonic() - began > 1
        releasing.join()
    assert outcome.recovered is not None
    assert outcome.recovered.succeeded == Counts(changed=6)
    assert violations(filled) == []


def test_somebody_who_never_lets_go_ends_the_run(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    filled.pair.source.execute("update items set place = place + 100")
    with filled.pair.destination.connect() as other, other.transaction():
        other.execute("set application_name = 'a forgotten console'")
        other.execute("select from items where id = 3 for update")
        with pytest.raises(Contention, match="lock timeout") as waited:
            filled.run(lock_timeout_s=0.05)
        who = f"pid {other.info.backend_pid} ({other.info.user}, a forgotten console)"
        assert waited.value.message.endswith(f"locks on it are held by {who}")
    filled.run()  # finishes what the other one planned
    assert filled.same()
    assert violations(filled) == []


def test_a_statement_that_takes_too_long_names_the_setting(filled: Syncs) -> None:
    slow(filled, 0.1)
    filled.pair.source.execute("update items set place = place + 100")
    limits: dict[str, Any] = {"statement_timeout_s": 0.5}
    with pytest.raises(StatementTimeout, match=r"(?s)batch of 6 rows.*lower batch_size"):
        filled.run(**limits)
    assert filled.run(batch_size=1, **limits).succeeded == Counts(changed=6)
    assert violations(filled) == []


def test_values_that_move_on_by_one(filled: Syncs) -> None:
    filled.pair.source.execute(
        "update items set place = -place", "update items set place = 1 - place"
    )
    assert filled.run().succeeded == Counts(changed=6)  # 1 -> 2, 2 -> 3 .. 6 -> 7
    filled.pair.source.execute(
        "update items set place = -place", "update items set place = -1 - place"
    )
    assert filled.run(batch_size=3).succeeded.changed >= 5
    filled.run()
    assert violations(filled) == []


def test_parents_that_come_behind_their_children(syncs: Syncs) -> None:
    syncs.table("id int primary key, parent int")
    syncs.pair.destination.execute(
        "alter table items add constraint parent foreign key (parent) references items"
        " not deferrable",
        "create function one_by_one() returns trigger language plpgsql as"
        " $$ begin perform from items where id = new.parent;"
        " if new.parent is not null and not found then"
        " raise foreign_key_violation; end if; return new; end $$",
        "create trigger one_by_one before insert on items for each row"
        " execute function one_by_one()",
    )
    syncs.pair.source.execute("insert into items values (1, 2), (2, 3), (3, null), (4, 5)")
    outcome = syncs.run()
    assert (outcome.succeeded, outcome.failed) == (Counts(added=3), Counts(added=1))
    assert [one.row_id for one in outcome.rejections] == ["4"]


def test_a_swap_is_refused_whole_and_nothing_is_lost(filled: Syncs) -> None:
    filled.pair.source.execute(
        "update items set place = 0 where id = 1",
        "update items set place = 1 where id = 2",
        "update items set place = 2 where id = 1",
    )
    outcome = filled.run()
    assert (outcome.succeeded, outcome.failed) == (Counts(), Counts(changed=2))
    assert {one.sqlstate for one in outcome.rejections} == {"23505"}
    filled.pair.destination.execute(
        "alter table items drop constraint items_place_key, add unique (place) deferrable"
    )
    assert filled.run().succeeded == Counts(changed=2)
    assert violations(filled) == []


def test_a_share_of_rejected_rows(filled: Syncs) -> None:
    filled.pair.destination.execute("alter table items add check (place < 1000)")
    filled.pair.source.execute(
        "update items set place = place + 100",
        "update items set place = place + 1000 where id <= 2",
    )
    with pytest.raises(TooManyRejectedRows, match=r"more rows than 30% \(max_rejected_rows\)"):
        filled.run(max_rejected_rows="30%")
    outcome = filled.run(max_rejected_rows="34%")
    assert (outcome.succeeded, outcome.failed) == (Counts(changed=4), Counts(changed=2))


def ends(syncs: Syncs) -> list[int] | None:
    """Where the batches of the newest plan end, if it is not cut by rows alone."""
    found = syncs.keeper.rows("select batch_ends from hightouch_planner.runs order by id desc")
    return list(found[0][0]) if found[0][0] is not None else None


@pytest.mark.parametrize("state", ["rows", "digest"])
def test_wide_rows_travel_in_smaller_batches(syncs: Syncs, state: str) -> None:
    syncs.table("id int primary key, body text")
    # 64,000 bytes each, which PostgreSQL stores apart: a batch that has begun below the limit ends.
    syncs.pair.source.execute(
        "insert into items select n, case when n between 4 and 6 then (select"
        " string_agg(md5(n::text || i), '') from generate_series(1, 2000) as i) end"
        " from generate_series(1, 9) as n"
    )
    outcome = syncs.run(batch_size=4, batch_bytes="80kB", state=state)
    assert outcome.succeeded == Counts(added=9)
    assert ends(syncs) == [4, 5, 6, 8, 9]
    assert violations(syncs) == []
    # The default bounds batches that are far larger than this one.
    syncs.pair.source.execute("update items set body = body || '.'")
    assert syncs.run(batch_size=4, state=state).succeeded.changed == 3
    assert ends(syncs) is None
    syncs.pair.source.execute("update items set body = body || '.'")
    assert syncs.run(batch_size=4, batch_bytes=1, state=state).succeeded.changed == 3
    assert ends(syncs) == [1, 2, 3]
    assert violations(syncs) == []


HELD_BACK = """
    select application_name from pg_stat_activity
    where datname = current_database() and application_name like 'pgsync/%'
        and (backend_xmin is not null or backend_xid is not null)
"""


def test_between_two_batches_nobody_holds_vacuum_back(
    every: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F59: a plan that is stored is read batch by batch, however long all of them take."""
    every.table("id integer primary key, name text")
    every.pair.source.execute("insert into items select n, 'a' from generate_series(1, 30) as n")
    seen: list[list[tuple[Any, ...]]] = []

    def look(point: str) -> None:
        if point == "batch committed":
            seen.extend(side.rows(HELD_BACK) for side in (every.pair.source, every.keeper))

    monkeypatch.setattr(batches, "failpoint", look)
    every.run(batch_size=10)
    is_streamed = every.fields != {"engine": "lightning"}  # its rows are at the source still
    assert any(seen) is is_streamed
    seen.clear()
    every.pair.source.execute("update items set name = 'b'")
    assert every.run(batch_size=10).succeeded == Counts(changed=30)
    assert seen == [[]] * 6


READING_AHEAD = """
    select xact_start, clock_timestamp() from pg_stat_activity
    where datname = current_database() and application_name like 'pgsync/% rows %'
"""


@pytest.mark.parametrize("last", [30, 31, 5])
def test_the_next_batch_is_read_in_a_transaction_of_its_own(
    every: Syncs, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    """Of a big plan it sets out before the last one is committed, and holds vacuum back as long."""
    monkeypatch.setattr("pgsync_assets.record.own_table.OWN_TABLE", 1)
    every.table("id integer primary key, name text")
    every.pair.source.execute(f"insert into items select n, 'a' from generate_series(1, {last}) n")
    every.pair.destination.execute("alter table items add check (name <> 'bad')")
    every.run(batch_size=10)
    assert every.same()
    seen: list[list[tuple[Any, ...]]] = []

    def look(point: str) -> None:
        if point == "batch committed":
            seen.append(every.keeper.rows(READING_AHEAD))

    monkeypatch.setattr(batches, "failpoint", look)
    every.pair.source.execute(
        "update items set name = 'b'", "update items set name = 'bad' where id in (3, 10, 11, 30)"
    )
    refused = [row_id for row_id in ("3", "10", "11", "30") if int(row_id) <= last]
    outcome = every.run(batch_size=10)
    assert outcome.succeeded == Counts(changed=last - len(refused))
    assert sorted(rejection.row_id for rejection in outcome.rejections) == sorted(refused)
    assert violations(every, refused) == []
    assert len(seen) == -(-last // 10)
    looked = None
    for found in seen[:-1]:
        ((begun, now),) = found
        assert looked is None or begun > looked
        looked = now
    assert not any(begun for begun, _ in seen[-1])  # nothing is left to read
