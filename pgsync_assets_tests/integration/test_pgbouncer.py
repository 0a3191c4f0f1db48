"""Databases behind PgBouncer: no session of ours has a state, so every mode but one will do."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.errors import AuthenticationError, ConfigurationError, ConnectionLost
from pgsync_assets.outcome import Counts, Progress

from ..fix_pgbouncer import Pooler, PoolMode
from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes
from .test_log import LOG, RUNS, open_log

pytestmark = pytest.mark.needs("pgbouncer")
Where = Literal["source", "destination", "both"]


def behind(syncs: Syncs, pooler: Pooler, mode: PoolMode, where: Where) -> None:
    """Puts PgBouncer in front of one database or of all."""
    pair, platform = syncs.pair, syncs.platform
    pooler.lead_to(pair.source, pair.destination, *([platform] if platform else []))
    if where in ("source", "both"):
        syncs.source = pooler.before(pair.source, mode)
    if where in ("destination", "both"):
        syncs.destination = pooler.before(pair.destination, mode)
    if where == "both" and platform:
        syncs.at_platform = pooler.before(platform, mode)


def whole_story(syncs: Syncs) -> None:
    """A first run, changes, removals, a refused row and its mending, and verify."""
    syncs.table("id integer primary key, note text")
    syncs.pair.destination.execute("alter table items add constraint short check (note <> 'bad')")
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 100) as n")
    fields: dict[str, Any] = {"delete": "delete_row", "batch_size": 40}
    assert syncs.run(**fields).succeeded == Counts(added=100)
    assert syncs.same()
    syncs.pair.source.execute(
        "update items set note = 'y' where id <= 20",
        "update items set note = 'bad' where id = 7",
        "delete from items where id between 50 and 60",
        "insert into items values (1000, 'new')",
    )
    outcome = syncs.run(**fields)
    assert outcome.succeeded == Counts(added=1, changed=19, removed=11)
    assert [rejection.constraint for rejection in outcome.rejections] == ["short"]
    syncs.pair.source.execute("update items set note = 'mended' where id = 7")
    assert syncs.run(**fields).succeeded == Counts(changed=1)
    assert syncs.same()
    found = syncs.verify(**fields)
    assert (found.same, found.total, found.in_step) == (90, 0, True)


@pytest.mark.parametrize("where", ["source", "destination", "both"])
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_a_whole_sync(either: Syncs, pooler: Pooler, mode: PoolMode, where: Where) -> None:
    behind(either, pooler, mode, where)
    whole_story(either)


def test_without_temporary_tables(syncs: Syncs, pooler: Pooler) -> None:
    behind(syncs, pooler, "transaction", "both")
    syncs.destination["schemas"] = {"staging": "pgsync_ledger"}
    side = syncs.pair.destination
    side.execute(f'revoke temporary on database "{side.database}" from {side.user}')
    whole_story(syncs)


def test_the_log_of_a_destination(syncs: Syncs, pooler: Pooler) -> None:
    behind(syncs, pooler, "transaction", "destination")
    open_log(syncs.pair.destination)
    syncs.destination |= LOG
    whole_story(syncs)
    runs = [(row[1], *row[3:8]) for row in syncs.pair.destination.rows(RUNS)]
    assert runs == [
        ("succeeded", 100, 100, 0, 0, 0),
        ("succeeded", 20, 1, 19, 11, 1),
        ("succeeded", 1, 0, 1, 0, 0),
    ]


def test_a_pooler_that_resets_after_every_transaction(syncs: Syncs, pooler: Pooler) -> None:
    behind(syncs, pooler, "transaction", "both")
    pooler.command("SET server_reset_query_always = 1")
    try:
        whole_story(syncs)
    finally:
        pooler.command("SET server_reset_query_always = 0")


def test_nothing_is_left_in_the_sessions_of_a_pooler(either: Syncs, pooler: Pooler) -> None:
    """The next client of the pool gets a clean session: no lock, no temporary table, no setting."""
    behind(either, pooler, "transaction", "both")
    either.table("id integer primary key, note text")
    either.pair.source.execute("insert into items values (1, 'x')")
    either.run()
    either.pair.source.execute("update items set note = 'y'")
    either.run()
    either.verify()
    for side in (either.pair.source, either.pair.destination):
        mine = f"usename = '{side.user}' and datname = '{side.database}'"
        assert len(side.rows(f"select from pg_stat_activity where {mine}")) in (1, 2, 3)
        assert side.rows(f"select from pg_stat_activity where {mine} and state <> 'idle'") == []
        held = "select from pg_locks join pg_stat_activity using (pid)"
        assert side.rows(f"{held} where {mine}") == []
        temporary = "select from pg_class where relpersistence = 't' and relkind = 'r'"
        assert side.rows(temporary) == []


@pytest.mark.parametrize("where", ["source", "destination"])
def test_mode_statement_is_refused_in_words(syncs: Syncs, pooler: Pooler, where: Where) -> None:
    behind(syncs, pooler, "statement", where)
    syncs.table("id integer primary key")
    with pytest.raises(ConfigurationError, match="allows no transactions") as refused:
        syncs.run()
    assert "transaction or session" in str(refused.value)


def test_what_the_pooler_does_not_know_is_said(syncs: Syncs, pooler: Pooler) -> None:
    behind(syncs, pooler, "transaction", "destination")
    syncs.table("id integer primary key")
    known = syncs.destination
    syncs.destination = known | {"database": "elsewhere"}
    with pytest.raises(ConfigurationError, match="check `database`"):
        syncs.run()
    syncs.destination = known | {"user": "nobody_here"}
    with pytest.raises(AuthenticationError):
        syncs.run()


WRITING = {
    "the first batch": lambda at: at.step == "write" and at.rows_done == 0,
    "between batches": lambda at: at.step == "write" and at.rows_done == 4,
}


@pytest.mark.parametrize("moment", WRITING)
def test_a_pooler_that_dies_costs_the_run_and_no_row(
    monkeypatch: pytest.MonkeyPatch, syncs: Syncs, pooler: Pooler, moment: str
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    behind(syncs, pooler, "transaction", "both")
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 10) as n")
    fields: dict[str, Any] = {"batch_size": 4}

    def die(progress: Progress) -> None:
        if WRITING[moment](progress):
            pooler.kill()

    with pytest.raises(ConnectionLost):
        engine.run(syncs.config(**fields), *syncs.endpoints, on_progress=die)
    pooler.start()
    outcome = syncs.run(**fields)
    assert (outcome.recovered or outcome).succeeded == Counts(added=10)
    assert writes(syncs) == Counter([("INSERT", str(n)) for n in range(1, 11)])
    assert syncs.run(**fields).planned == Counts()


@pytest.mark.parametrize("change", ["RECONNECT", "restart"])
def test_a_pooler_that_is_maintained_costs_nothing(
    monkeypatch: pytest.MonkeyPatch, syncs: Syncs, pooler: Pooler, change: str
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.1,))
    behind(syncs, pooler, "transaction", "both")
    syncs.table("id int primary key, name text")
    log_writes(syncs)
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 10) as n")
    changed: list[str] = []

    def maintain(progress: Progress) -> None:
        if changed or not WRITING["between batches"](progress):
            return
        changed.append(change)
        if change == "restart":
            pooler.kill()
            pooler.start()
        else:
            pooler.command(change)

    outcome = engine.run(syncs.config(batch_size=4), *syncs.endpoints, on_progress=maintain)
    assert changed == [change]
    assert (outcome.recovered or outcome).succeeded == Counts(added=10)
    assert writes(syncs) == Counter([("INSERT", str(n)) for n in range(1, 11)])
    pooler.kill()  # its idle sessions are no leftovers of ours
    assert violations(syncs) == []
    pooler.start()
