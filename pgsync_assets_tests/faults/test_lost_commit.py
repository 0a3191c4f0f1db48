"""A connection breaks at a COMMIT: it may or may not have arrived, and the ledger decides."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, Side
from ..fix_proxy import Loss, proxy_to
from ..fix_syncs import ENGINES, Syncs
from ..invariants import log_writes, violations, writes
from .test_crash_at_every_step import forget

CHANGES = (
    "update items set name = name || '!' where id in (2, 4)",
    "delete from items where id = 1",
    "insert into items values (100, 'new'), (101, 'bad')",
)
UNDECIDED = "select batch, attempt from hightouch_audit.sync_batches where status = 'unknown'"
FIELDS: dict[str, Any] = {"delete": "delete_row", "batch_size": 3}
PRODUCT = "each pair of engine, side and loss is run always, at every COMMIT"
PAIRS = (
    "commit-lightning-source",
    "reply-lightning-destination",
    "reply-standard-platform",
    "commit-standard-destination",
)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same again sooner: what matters here is that, not when."""
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.2, 0.2, 0.2))


@pytest.mark.nightly(PRODUCT, but=PAIRS)
@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize(
    ("engine_name", "side"),
    [
        ("lightning", "source"),
        ("lightning", "destination"),
        ("standard", "platform"),
        ("standard", "destination"),
    ],
)
@pytest.mark.parametrize("loss", ["commit", "reply"])
def test_every_commit_may_be_lost(
    database_pair: Pair, platform_side: Side, engine_name: str, side: str, loss: Loss
) -> None:
    syncs = Syncs(database_pair, platform=platform_side, fields=ENGINES[engine_name])
    syncs.table("id int primary key, name text")
    syncs.pair.destination.execute("alter table items add check (name <> 'bad')")
    log_writes(syncs)
    there = platform_side if side == "platform" else getattr(syncs.pair, side)
    with proxy_to(there.port) as proxy:
        cut = replace(there, port=proxy.port)
        through = (
            replace(syncs, platform=cut)
            if side == "platform"
            else replace(syncs, pair=replace(syncs.pair, **{side: cut}))
        )
        for number in itertools.count(1):
            begin_anew(syncs)
            proxy.lose(number, loss)
            through.run(**FIELDS)
            if not proxy.fired:
                break
            assert violations(syncs, {"101"}) == [], f"COMMIT number {number}"
            assert writes(syncs) == EXPECTED, f"COMMIT number {number}"
            assert syncs.keeper.rows(UNDECIDED) == [], f"COMMIT number {number}"
    assert number > 8


@pytest.mark.nightly(
    "each side and each loss is met by one of these, and at every COMMIT",
    but=(
        "commit-destination",
        "reply-source",
    ),
)
@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("side", ["source", "destination"])
@pytest.mark.parametrize("loss", ["commit", "reply"])
def test_every_commit_of_an_apply_may_be_lost(syncs: Syncs, side: str, loss: Loss) -> None:
    syncs.table("id int primary key, name text")
    syncs.pair.destination.execute("alter table items add check (name <> 'bad')")
    log_writes(syncs)
    there = getattr(syncs.pair, side)
    with proxy_to(there.port) as proxy:
        through = Syncs(replace(syncs.pair, **{side: replace(there, port=proxy.port)}))
        for number in itertools.count(1):
            begin_anew(syncs)
            plan = syncs.plan(**FIELDS)
            proxy.lose(number, loss)
            outcome = through.apply(plan.run_id, **FIELDS)
            assert (outcome.run_id, outcome.planned) == (plan.run_id, plan.counts)
            assert (outcome.failed.total, outcome.aborted.total) == (1, 0)
            if not proxy.fired:
                break
            assert violations(syncs, {"101"}) == [], f"COMMIT number {number}"
            assert writes(syncs) == EXPECTED, f"COMMIT number {number}"
    assert number > 8


@pytest.mark.usefixtures("short_pauses")
def test_a_row_limit_is_not_counted_anew_by_the_next_try(syncs: Syncs) -> None:
    """Also where it was the reply of the very last COMMIT that was lost."""
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    with proxy_to(syncs.pair.source.port) as proxy:
        cut = replace(syncs.pair.source, port=proxy.port)
        through = Syncs(replace(syncs.pair, source=cut))
        for number in itertools.count(1):
            begin_anew(syncs)
            proxy.lose(number, "reply")
            outcome = through.run(**FIELDS, row_limit=2)
            assert (outcome.succeeded.total, outcome.left) == (2, 3), f"COMMIT number {number}"
            assert sum(writes(syncs).values()) == 2, f"COMMIT number {number}"
            if not proxy.fired:
                break
    assert number > 8


@pytest.mark.nightly(
    "each side and each loss is met by one of these, and at every COMMIT",
    but=(
        "commit-source",
        "reply-platform",
        "reply-destination",
    ),
)
@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("side", ["source", "platform", "destination"])
@pytest.mark.parametrize("loss", ["commit", "reply"])
def test_every_commit_of_a_streamed_first_sync_may_be_lost(
    database_pair: Pair, platform_side: Side, side: str, loss: Loss
) -> None:
    syncs = Syncs(database_pair, platform=platform_side, fields=ENGINES["standard"])
    syncs.table("id int primary key, name text")
    syncs.pair.destination.execute("alter table items add check (name <> 'bad')")
    log_writes(syncs)
    syncs.pair.source.execute("insert into items select n, 'item' from generate_series(1, 8) as n")
    syncs.pair.source.execute("update items set name = 'bad' where id = 5")
    there = platform_side if side == "platform" else getattr(syncs.pair, side)
    with proxy_to(there.port) as proxy:
        cut = replace(there, port=proxy.port)
        through = (
            replace(syncs, platform=cut)
            if side == "platform"
            else replace(syncs, pair=replace(syncs.pair, **{side: cut}))
        )
        for number in itertools.count(1):
            forget(syncs.keeper, PLANNER_SCHEMA, AUDIT_SCHEMA)
            forget(syncs.pair.destination, LEDGER_SCHEMA)
            syncs.pair.destination.execute("truncate items", "truncate writes")
            proxy.lose(number, loss)
            through.run(**FIELDS)
            if not proxy.fired:
                break
            assert violations(syncs, {"5"}) == [], f"COMMIT number {number}"
            assert sorted(writes(syncs)) == [("INSERT", str(n)) for n in range(1, 9) if n != 5]
            assert set(writes(syncs).values()) == {1}, f"COMMIT number {number}"
    assert number > 2  # the source has but a few


EXPECTED = Counter(
    [("UPDATE", "2"), ("UPDATE", "4"), ("DELETE", "1"), ("INSERT", "100")],
)


def begin_anew(syncs: Syncs) -> None:
    """Back to the beginning."""
    syncs.begin(lambda: make(syncs))


def make(syncs: Syncs) -> None:
    """Five rows are in; then some change."""
    syncs.pair.source.execute("insert into items select n, 'item' from generate_series(1, 5) as n")
    syncs.run(delete="delete_row")
    syncs.pair.source.execute(*CHANGES)
    syncs.pair.destination.execute("truncate writes")
