"""A first sync of a plain table: rows travel from the source's snapshot, and are stored nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from psycopg import sql

from pgsync_assets.errors import GuardError, PgsyncError, UnexpectedError
from pgsync_assets.outcome import Counts
from pgsync_assets.plan import Streamed
from pgsync_assets.write import SourceRows

from ..fix_databases import Pair
from ..fix_syncs import ENGINES, Syncs
from ..invariants import violations

STREAMED = "select id, is_streamed from hightouch_planner.runs order by id"
IS_STREAMED = "select is_streamed from hightouch_planner.runs order by id desc limit 1"
COLUMNS_OF_STATE = """
    select attname::text from pg_attribute
    where attrelid = 'hightouch_planner.snapshot_1'::regclass and attnum > 0 and not attisdropped
    order by attnum
"""


@pytest.fixture(params=["standard", "digest"])
def streaming(request: pytest.FixtureRequest) -> Syncs:
    """Syncs whose state holds digests: beside the rows, or on the platform."""
    if request.param == "standard":
        return cast("Syncs", request.getfixturevalue("standard"))
    return Syncs(request.getfixturevalue("database_pair"), fields=ENGINES[request.param])


@pytest.fixture
def filled(streaming: Syncs) -> Syncs:
    """A hundred rows to send, of which some were written again and lie elsewhere since."""
    streaming.table("id bigint primary key, name text, price numeric, doc jsonb")
    streaming.pair.source.execute(
        "insert into items select n, 'item ' || n, n, '{}' from generate_series(1, 103) as n",
        "update items set name = name || '!' where id % 7 = 0",
        "delete from items where id in (5, 50, 103)",
    )
    return streaming


@contextmanager
def edited_behind_the_plan(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch, *edits: str
) -> Iterator[None]:
    """Rows of the source change between plan and first batch."""
    made = SourceRows.__init__

    def changed_first(*arguments: Any) -> None:
        syncs.pair.source.execute(*edits)
        made(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(SourceRows, "__init__", changed_first)
        yield


def test_batches_are_stretches_of_one_snapshot(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = (
        "update items set name = 'later'",
        "delete from items where id = 1",
        "insert into items values (200, 'later')",
        "vacuum items",
    )
    before = filled.pair.source.rows("select * from items order by id")
    with edited_behind_the_plan(filled, monkeypatch, *edits):
        outcome = filled.run(batch_size=7)
    assert outcome.succeeded == Counts(added=100)
    assert filled.keeper.rows(IS_STREAMED) == [(True,)]
    assert filled.pair.destination.rows("select * from items order by id") == before
    expected = [("_pgsync_row",), ("id",), ("_pgsync_digest",), ("_pgsync_op",)]
    assert filled.keeper.rows(COLUMNS_OF_STATE) == expected
    again = filled.run(delete="delete_row")
    assert again.succeeded == Counts(added=1, changed=99, removed=1)
    assert filled.keeper.rows(IS_STREAMED) == [(False,)]
    assert violations(filled) == []


@pytest.mark.parametrize("batch_size", [3, 1000])
@pytest.mark.parametrize("mode", ["upsert", "insert", "update", "mirror"])
def test_every_mode(streaming: Syncs, mode: str, batch_size: int) -> None:
    streaming.table("id bigint primary key, name varchar(20), price numeric")
    streaming.pair.source.execute(
        "alter table items alter name type text",
        "insert into items select n, 'item ' || n, n from generate_series(1, 20) as n",
        "update items set name = repeat('long ', 5) where id in (3, 4)",
        "update items set price = -1 where id in (9, 20)",
    )
    streaming.pair.destination.execute("alter table items add check (price >= 0)")
    if mode == "update":
        streaming.pair.destination.execute(
            "insert into items select n, 'old', 0 from generate_series(1, 20) as n"
        )
    outcome = streaming.run(mode=mode, batch_size=batch_size)
    assert streaming.keeper.rows(IS_STREAMED) == [(True,)]
    assert (outcome.succeeded, outcome.failed) == (Counts(added=16), Counts(added=4))
    assert streaming.pair.destination.rows(
        "select count(*), sum(id) from items where name like 'item %'"
    ) == [(16, 210 - 3 - 4 - 9 - 20)]
    if mode != "update":
        assert violations(streaming, {"3", "4", "9", "20"}) == []
    streaming.pair.source.execute("update items set name = 'item', price = 1")
    assert streaming.run(mode=mode).failed == Counts()


def test_rows_that_are_there_already_go_through_the_stage(filled: Syncs) -> None:
    filled.pair.destination.execute("insert into items values (30, 'theirs'), (60, 'theirs')")
    outcome = filled.run(batch_size=40)
    assert outcome.succeeded == Counts(added=100)
    assert filled.keeper.rows(IS_STREAMED) == [(True,)]
    assert violations(filled) == []


SAFE: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "a query": ((), {"model": {"sql": "select * from public.items", "key": ["id"]}}),
    "a condition": (
        (),
        {"model": {"table": "public.items", "key": ["id"], "where": "id > 0 and random() >= 0"}},
    ),
    "a view": (
        (
            "alter table items rename to stored",
            "create view items as select * from stored",
            "grant select on items to public",
        ),
        {},
    ),
    "a key that no index proves": (("alter table items drop constraint items_pkey",), {}),
    "a child": (("create table child () inherits (items)",), {}),
    "values stored apart": (
        (
            "alter table items alter name set storage external",
            "update items set name = repeat('x', 10000) where id = 2",
        ),
        {},
    ),
    "audit full": ((), {"audit": "full"}),
    "pauses": ((), {"sleep_ms": 1}),
}


@pytest.mark.parametrize(("edits", "fields"), SAFE.values(), ids=SAFE)
def test_elsewhere_rows_are_stored_first(
    filled: Syncs, edits: tuple[str, ...], fields: dict[str, Any]
) -> None:
    filled.pair.source.execute(*edits)
    outcome = filled.run(**fields)
    assert filled.keeper.rows(IS_STREAMED) == [(False,)]
    assert outcome.succeeded == Counts(added=100)
    assert violations(filled) == []


def test_a_computed_value_is_stored_first(filled: Syncs) -> None:
    outcome = filled.run(values={"doc": {"sql": "'{}'::jsonb"}})
    assert filled.keeper.rows(IS_STREAMED) == [(False,)]
    assert outcome.succeeded == Counts(added=100)
    assert filled.same()


def test_a_partitioned_table_is_stored_first(streaming: Syncs) -> None:
    streaming.table("id bigint primary key, name text")
    streaming.pair.source.execute(
        "drop table items",
        "create table items (id bigint primary key, name text) partition by hash (id)",
        "create table items_0 partition of items for values with (modulus 2, remainder 0)",
        "create table items_1 partition of items for values with (modulus 2, remainder 1)",
        "insert into items select n, 'item' from generate_series(1, 10) as n",
        "grant select on items to public",
    )
    assert streaming.run().succeeded == Counts(added=10)
    assert streaming.keeper.rows(IS_STREAMED) == [(False,)]
    assert violations(streaming) == []


def test_a_part_and_a_resync_are_stored_first(filled: Syncs) -> None:
    assert filled.run(row_limit=10).succeeded == Counts(added=10)
    assert filled.run().succeeded == Counts(added=90)
    assert filled.run(full_resync=True).succeeded.total == 100
    assert [streamed for _, streamed in filled.keeper.rows(STREAMED)] == [False] * 3
    assert violations(filled) == []


def test_what_the_guard_holds_has_its_rows(filled: Syncs) -> None:
    with pytest.raises(GuardError) as caught:
        filled.run(guard={"max_added": 10})
    number = caught.value.plan_id
    assert number is not None
    assert filled.keeper.rows(STREAMED) == [(number, False)]
    assert len(filled.changes(number)) == 100
    filled.pair.source.execute("update items set name = 'later'")
    assert filled.apply(number).succeeded == Counts(added=100)
    assert filled.pair.destination.rows("select count(*) from items where name = 'later'") == [(0,)]


def test_batches_end_after_so_many_bytes(filled: Syncs) -> None:
    filled.pair.source.execute(
        "alter table items alter name set storage plain",
        "update items set name = repeat('x', 3000)",
        "vacuum full items",
    )
    outcome = filled.run(batch_bytes=64 * 1024)
    assert filled.keeper.rows(IS_STREAMED) == [(True,)]
    assert outcome.succeeded == Counts(added=100)
    assert outcome.batches == 100 // 2 // 8 + 1  # two rows a page, eight pages a batch
    assert violations(filled) == []


def test_a_stretch_with_other_rows_stops_the_run(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be; should it be, nothing of the batch is written."""
    monkeypatch.setattr(
        Streamed,
        "table",
        property(
            lambda self: (
                sql.SQL("(SELECT ctid, * FROM public.items WHERE id <> 40) AS model")
                if self.bytes
                else sql.SQL("public.items AS model")
            )
        ),
    )
    with pytest.raises(UnexpectedError, match="29 rows came, 30 were planned"):
        filled.run(batch_size=30)
    monkeypatch.undo()
    assert filled.run(batch_size=30).succeeded.added == 70
    assert violations(filled) == []


def test_where_no_second_session_is_to_be_had_rows_are_stored_first(database_pair: Pair) -> None:
    syncs = Syncs(database_pair, fields=ENGINES["digest"])
    syncs.table("id bigint primary key, name text")
    syncs.pair.source.execute("insert into items select n from generate_series(1, 10) as n")
    refused = 0
    for limit in range(1, 10):
        syncs.pair.source.execute(
            f"alter database {syncs.pair.source.database} connection limit {limit}"
        )
        try:
            outcome = syncs.run()
            break
        except PgsyncError:
            refused += 1  # not even for what every run needs
    assert refused > 0
    assert outcome.succeeded == Counts(added=10)
    assert syncs.keeper.rows(IS_STREAMED) == [(False,)]
    syncs.pair.source.execute(f"alter database {syncs.pair.source.database} connection limit -1")
    assert violations(syncs) == []


def test_the_session_that_reads_is_lost_before_it_has_read(
    filled: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = Streamed._locked
    lost: list[Streamed] = []

    def lose_first(self: Streamed) -> int | None:
        if not lost:
            lost.append(self)
            self.reader.pgconn.finish()
        return locked(self)

    monkeypatch.setattr(Streamed, "_locked", lose_first)
    outcome = filled.run()
    assert (len(lost), outcome.succeeded) == (1, Counts(added=100))
    assert violations(filled) == []
