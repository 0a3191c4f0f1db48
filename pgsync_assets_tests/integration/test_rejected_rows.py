"""Rows that are refused now: attempts are counted, parked rows stay out until they are released."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import operations
from pgsync_assets import sync as engine
from pgsync_assets.errors import TooManyRejectedRows
from pgsync_assets.outcome import Adopted, Counts, Released
from pgsync_assets.plan import Chosen

from ..fix_databases import Pair, Side
from ..fix_syncs import ENGINES, Syncs
from ..invariants import log_writes, sent_again, violations, writes

PARKS: dict[str, Any] = {"retry_rejected": False, "delete": "delete_row"}
RETRIES: dict[str, Any] = {"delete": "delete_row"}
COUNTED = "select row_id, attempts, is_parked from hightouch_planner.refused_rows order by row_id"


@pytest.fixture
def filled(either: Syncs) -> Syncs:
    """Nine rows are in; 5 has changed and 10 is new, and both are refused."""
    return fill(either)


@pytest.fixture
def one(syncs: Syncs) -> Syncs:
    """The same, of the engine that is at hand."""
    return fill(syncs)


def fill(syncs: Syncs) -> Syncs:
    syncs.table("id int primary key, price numeric, region text default 'east'")
    syncs.pair.destination.execute("alter table items add constraint cheap check (price < 100)")
    syncs.pair.source.execute("insert into items select n, n from generate_series(1, 9) as n")
    syncs.run(**RETRIES)
    log_writes(syncs)
    syncs.pair.source.execute(
        "update items set price = 500 where id = 5", "insert into items values (10, 1000)"
    )
    return syncs


def retry(syncs: Syncs, *keys: str, **fields: Any) -> int:
    released = operations.retry(
        syncs.config(**fields),
        *syncs.endpoints,
        platform=syncs.platform_endpoint,
        chosen=Chosen(keys=keys),
    )
    assert isinstance(released, Released)
    return released.rows


def counted(syncs: Syncs) -> list[tuple[Any, ...]]:
    return syncs.keeper.rows(COUNTED)


def test_attempts_are_counted_until_the_row_is_in(one: Syncs) -> None:
    for attempts in (1, 2, 3):
        outcome = one.run(**RETRIES)
        assert [row.attempts for row in outcome.rejections] == [attempts, attempts]
        assert counted(one) == [("10", attempts, False), ("5", attempts, False)]
    first, last = one.keeper.rows(
        "select first_run < last_run, first_at < last_at from hightouch_planner.refused_rows"
    )[0]
    assert first and last
    one.pair.source.execute(
        "update items set price = 5 where id = 5",  # taken back
        "update items set price = 10 where id = 10",
    )
    assert one.run(**RETRIES).succeeded == Counts(added=1)
    assert counted(one) == []
    one.pair.source.execute("update items set price = 1000 where id in (4, 10)")
    one.run(**RETRIES)
    assert counted(one) == [("10", 1, False), ("4", 1, False)]
    one.pair.source.execute("delete from items where id in (4, 10)")
    assert one.run(**RETRIES).succeeded == Counts(removed=2)
    assert counted(one) == []
    assert violations(one) == []


def test_a_parked_row_is_not_tried_and_not_forgotten(filled: Syncs) -> None:
    first = filled.run(**PARKS)
    assert (first.failed, first.parked) == (Counts(added=1, changed=1), 0)
    filled.pair.source.execute(
        "update items set price = 1 where id in (4, 5, 10)"  # the parked ones would fit now
    )
    for succeeded in (1, 0):
        outcome = filled.run(max_rejected_rows=0, **PARKS)
        assert outcome.planned == Counts(changed=succeeded)
        assert (outcome.rejected, outcome.parked) == (0, 2)
        assert "2 rejected rows are parked" in outcome.notes[-1]
        assert counted(filled) == [("10", 1, True), ("5", 1, True)]
        assert violations(filled, {"5", "10"}) == []
    seen = "select num_parked from hightouch_audit.sync_runs order by sync_run_id desc limit 2"
    assert filled.keeper.rows(seen) == [(2,), (2,)]
    verified = filled.verify(**PARKS)
    assert (verified.rejected, verified.pending, verified.in_step) == (2, Counts(), True)
    preview = filled.plan(**PARKS)
    assert (preview.counts, "2 rejected rows" in preview.notes[-1]) == (Counts(), True)
    assert retry(filled, "5") == 1
    assert filled.run(**PARKS).succeeded == Counts(changed=1)
    assert retry(filled) == 1
    assert filled.run(**PARKS).succeeded == Counts(added=1)
    assert counted(filled) == []
    assert violations(filled) == []


def test_a_full_resync_keeps_the_old_image_of_a_parked_row(every: Syncs) -> None:
    filled = fill(every)
    filled.run(**PARKS)
    filled.pair.destination.execute("truncate writes")
    outcome = filled.run(full_resync=True, **PARKS)
    assert (outcome.succeeded, outcome.parked) == (Counts(changed=8), 2)
    assert "5" not in {row for _, row in writes(filled)}
    assert violations(filled, {"5", "10"}) == []
    filled.pair.source.execute("delete from items where id in (5, 10)")
    outcome = filled.run(**PARKS)
    assert (outcome.succeeded, outcome.parked) == (Counts(removed=1), 0)
    assert counted(filled) == []
    assert violations(filled) == []


def test_the_first_sync_parks_as_well(either: Syncs) -> None:
    either.table("id int primary key, price numeric")
    either.pair.destination.execute("alter table items add constraint cheap check (price < 100)")
    either.pair.source.execute("insert into items values (1, 1), (2, 500), (3, 600)")
    assert either.run(**PARKS).failed == Counts(added=2)
    either.pair.source.execute("update items set price = 2", "delete from items where id = 3")
    outcome = either.run(**PARKS)
    assert (outcome.succeeded, outcome.parked) == (Counts(changed=1), 1)
    either.run(full_resync=True, **PARKS)
    assert violations(either, {"2"}) == []
    retried = either.run(**RETRIES)  # `retry_rejected: true` again
    assert (retried.succeeded, retried.parked) == (Counts(added=1), 0)
    assert violations(either) == []


def test_a_refused_removal_is_parked_and_a_later_change_is_not(one: Syncs) -> None:
    one.pair.destination.execute(
        "create table orders (item int references items)", "insert into orders values (3)"
    )
    one.pair.source.execute("delete from items where id in (3, 5, 10)")
    assert one.run(**PARKS).failed == Counts(removed=1)
    outcome = one.run(**PARKS)
    assert (outcome.planned, outcome.parked) == (Counts(), 1)
    assert violations(one, {"3"}) == []
    one.pair.source.execute("insert into items values (3, 4)")
    assert one.run(**PARKS).succeeded == Counts(changed=1)
    assert counted(one) == []
    assert violations(one) == []


def test_what_was_not_tried_is_not_counted(one: Syncs) -> None:
    one.run(**RETRIES)
    one.pair.source.execute("update items set price = 500 where id in (7, 8)")
    with pytest.raises(TooManyRejectedRows):
        one.run(batch_size=1, max_rejected_rows=2, **RETRIES)
    tried = [row for row in counted(one) if row[1] == 2]
    assert len(tried) + len([row for row in counted(one) if row[1] == 1]) == len(counted(one))
    assert sum(attempts for _, attempts, _ in counted(one)) == 4  # two, and the two that are in
    assert {"5", "10"} <= {row for row, _, _ in counted(one)}  # tried or not, known still
    assert one.run(batch_size=1, **RETRIES).rejected == 4
    assert sum(attempts for _, attempts, _ in counted(one)) == 8


def test_rows_that_are_refused_for_their_key(syncs: Syncs) -> None:
    syncs.table("id int, price numeric")
    syncs.pair.destination.execute("alter table items add unique (id)")
    syncs.pair.source.execute("insert into items values (1, 1), (2, 1), (2, 2), (null, 3)")
    for attempts in (1, 2):
        outcome = syncs.run(**PARKS)
        assert [row.attempts for row in outcome.rejections] in (
            [attempts, attempts, None],
            [None, attempts, attempts],
            [attempts, None, attempts],
        )
        assert counted(syncs) == [("2", attempts, False)]
    syncs.pair.source.execute("delete from items where price > 1")
    assert syncs.run(**PARKS).succeeded == Counts(added=1)
    assert counted(syncs) == []


@pytest.mark.parametrize(("old", "new"), [("lightning", "standard"), ("standard", "lightning")])
def test_a_switched_engine(database_pair: Pair, platform_side: Side, old: str, new: str) -> None:
    syncs = fill(Syncs(database_pair, platform=platform_side, fields=ENGINES[old]))
    syncs.run(**PARKS)
    syncs.pair.source.execute("update items set price = 1 where id in (5, 10)")
    syncs.fields = ENGINES[new]
    outcome = syncs.run(**PARKS)
    assert (outcome.planned, outcome.parked) == (Counts(), 2)
    assert counted(syncs) == [("10", 1, True), ("5", 1, True)]
    assert violations(syncs, {"5", "10"}) == []
    # Of a digest no image can be made: the key of row 5 is known, and that it has to be sent.
    assert sent_again(syncs) == ({"5"} if new == "lightning" else set())
    assert retry(syncs) == 2
    assert syncs.run(**PARKS).succeeded == Counts(added=1, changed=1)
    assert violations(syncs) == []


def test_the_cursor_does_not_pass_a_released_row(one: Syncs) -> None:
    fields: dict[str, Any] = PARKS | {"cursor": {"column": "id", "lag": 0}}
    one.run(**fields)
    one.run(**fields)
    one.pair.source.execute(
        "update items set price = 1 where id in (5, 10)", "insert into items values (11, 1)"
    )
    outcome = one.run(**fields)
    assert (outcome.succeeded, outcome.parked) == (Counts(added=1), 2)
    assert retry(one, **fields) == 2
    assert one.run(**fields).succeeded == Counts(added=1, changed=1)
    assert counted(one) == []
    assert violations(one) == []


REGIONS: dict[str, Any] = PARKS | {
    "partitions": {"column": "region", "values": ["east", "west"], "other": False},
    "guard": {"max_removed": "100%"},
}


def test_a_parked_row_that_moves_to_another_partition(either: Syncs) -> None:
    order = ("east", "west") if either.fields["engine"] == "standard" else ("west", "east")
    fill(either)
    for name in ("east", "west"):
        either.run(name, **REGIONS)
    either.pair.source.execute("update items set region = 'west', price = 1 where id in (5, 10)")
    left_out = {name: either.run(name, **REGIONS).parked for name in order}
    assert left_out["west"] == 2
    assert counted(either) == [("10", 1, True), ("5", 1, True)]
    assert (either.run("east", **REGIONS).parked, either.run("west", **REGIONS).parked) == (0, 2)
    assert violations(either, {"5", "10"}) == []
    either.pair.source.execute("delete from items where id = 10")
    assert either.run("west", **REGIONS).parked == 1
    assert retry(either, **REGIONS) == 1
    assert either.run("west", **REGIONS).succeeded == Counts(changed=1)
    either.run("east", **REGIONS)
    assert counted(either) == []
    assert violations(either) == []


def test_attempts_follow_a_row_that_moves(one: Syncs) -> None:
    fields = REGIONS | {"retry_rejected": True}
    one.run("east", **fields)
    one.pair.source.execute("update items set region = 'west' where id in (5, 10)")
    one.run("east", **fields)
    assert counted(one) == [("10", 1, False), ("5", 1, False)]
    one.run("west", **fields)
    assert counted(one) == [("10", 2, False), ("5", 2, False)]
    one.pair.source.execute("delete from items where id = 10", "update items set price = 0")
    one.run("east", **fields)
    one.run("west", **fields)
    assert counted(one) == []
    assert violations(one) == []


def test_another_key_begins_anew(one: Syncs) -> None:
    one.pair.destination.execute("alter table items add unique (price)")
    one.run(**PARKS)
    fields = PARKS | {"model": {"table": "public.items", "key": ["price"]}}
    outcome = one.run(full_resync=True, **fields)
    assert outcome.parked == 0
    assert {row for row, _, _ in counted(one)} == {"500", "1000"}
    assert {attempts for _, attempts, _ in counted(one)} == {1}


def test_adopt_reset_and_drop(one: Syncs) -> None:
    ends, config = one.endpoints, one.config(**PARKS)
    one.run(**PARKS)
    one.pair.source.execute("update items set price = 10 where id = 10")
    one.pair.destination.execute("insert into items values (10, 10)")  # somebody mended it
    assert operations.adopt(config, *ends) == Adopted("items", None, 10, 9)
    assert counted(one) == [("5", 1, True)]
    outcome = one.run(**PARKS)
    assert (outcome.planned, outcome.parked) == (Counts(), 1)
    operations.reset(config, *ends)
    assert counted(one) == []
    one.run(**PARKS)
    assert counted(one) == [("5", 1, True)]
    operations.drop(config, *ends)
    assert counted(one) == []


def test_one_run_may_try_parked_rows(one: Syncs) -> None:
    one.run(**PARKS)
    outcome = engine.run(one.config(**PARKS), *one.endpoints, retry_rejected=True)
    assert (outcome.rejected, outcome.parked) == (2, 0)
    assert counted(one) == [("10", 2, True), ("5", 2, True)]


def test_a_planner_of_an_older_version_is_carried_over(one: Syncs, platform_side: Side) -> None:
    one.run(**RETRIES)
    one.keeper.execute(  # as the first version left it
        "drop table hightouch_planner.refused_rows, hightouch_planner.frames",
        "alter table hightouch_planner.rejections drop column key",
        "alter table hightouch_planner.runs drop column batch_ends, drop column left_over,"
        " drop column is_streamed",
        "alter table hightouch_planner.states drop column ledger_batch, drop column columns,"
        " drop column claimed_by, drop column claimed_at",
        "delete from hightouch_planner.migrations where number > 1",
    )
    one.platform = platform_side
    one.fields = ENGINES["standard"]
    assert one.run(**RETRIES).failed == Counts(added=1, changed=1)
    assert counted(one) == [("10", 1, False), ("5", 1, False)]
    assert violations(one, {"5", "10"}) == []
