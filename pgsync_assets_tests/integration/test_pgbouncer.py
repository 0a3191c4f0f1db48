"""Both databases behind PgBouncer in transaction mode: no session of ours has a state."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs


@pytest.mark.needs("pgbouncer")
@pytest.mark.parametrize("staging", [None, "pgsync_ledger"])
def test_a_sync_behind_a_pooler_in_transaction_mode(
    syncs: Syncs, pooler_port: int, staging: str | None
) -> None:
    syncs.table("id integer primary key, note text")
    syncs.pair.destination.execute("alter table items add constraint short check (note <> 'bad')")
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 100) as n")
    syncs.source = syncs.destination = {"port": pooler_port, "schemas": {"staging": staging}}
    if staging:
        side = syncs.pair.destination
        side.execute(f'revoke temporary on database "{side.database}" from {side.user}')
    fields: dict[str, Any] = {"delete": "delete_row", "batch_size": 10}
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


@pytest.mark.needs("pgbouncer")
def test_nothing_is_left_in_the_sessions_of_a_pooler(syncs: Syncs, pooler_port: int) -> None:
    """The next client of the pool gets a clean session: no lock, no temporary table, no setting."""
    syncs.table("id integer primary key, note text")
    syncs.pair.source.execute("insert into items values (1, 'x')")
    syncs.source = syncs.destination = {"port": pooler_port}
    syncs.run()
    syncs.pair.source.execute("update items set note = 'y'")
    syncs.run()
    syncs.verify()
    for side in (syncs.pair.source, syncs.pair.destination):
        mine = f"usename = '{side.user}' and datname = '{side.database}'"
        assert len(side.rows(f"select from pg_stat_activity where {mine}")) in (1, 2, 3)
        assert side.rows(f"select from pg_stat_activity where {mine} and state <> 'idle'") == []
        held = "select from pg_locks join pg_stat_activity using (pid)"
        assert side.rows(f"{held} where {mine}") == []
        temporary = "select from pg_class where relpersistence = 't' and relkind = 'r'"
        assert side.rows(temporary) == []
