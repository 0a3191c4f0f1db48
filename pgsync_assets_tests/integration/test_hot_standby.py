"""Engine standard reads a hot standby, made by pg_basebackup: nothing can be written there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pgsync_assets.assets.source_writes import writes
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE
from pgsync_assets.errors import ConnectionLost
from pgsync_assets.model.origins import origins
from pgsync_assets.outcome import Counts

from ..fix_databases import LEDGER_SCHEMA, READER_ROLE, Pair, Side, database
from ..fix_standby import hosts, standby_of, until_replayed
from ..fix_syncs import ENGINES, Syncs
from ..invariants import violations
from .test_preview import previewed


@pytest.fixture
def syncs(
    primary: Cluster, destination_server: Cluster, platform_side: Side, state_folder: Path
) -> Iterator[Syncs]:
    """Syncs whose source is the standby; `pair.source` is the primary, where rows are edited."""
    with (
        database(primary, READER_ROLE) as source,
        database(destination_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        yield Syncs(Pair(source, destination), platform=platform_side, fields=ENGINES["standard"])


def test_a_standby_is_read(
    monkeypatch: pytest.MonkeyPatch, syncs: Syncs, primary: Cluster, state_folder: Path
) -> None:
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", ())
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute("insert into items select n, 'item' from generate_series(1, 50) as n")
    standby = standby_of(primary, state_folder / "standby")
    try:
        source = replace(syncs.pair.source, port=standby.port, cluster=standby)
        there = replace(syncs, pair=replace(syncs.pair, source=source))
        assert source.rows("select pg_is_in_recovery()") == [(True,)]
        assert previewed(source).told == "Figures of all 50 rows."
        assert there.run(delete="delete_row").succeeded == Counts(added=50)
        uncounted = writes(there.endpoints[0], [("public", "items")]).uncounted
        assert "a standby, which does not count" in str(uncounted["public", "items"])
        with there.endpoints[0].session("test") as session:
            found = origins(session, there.config().model)
        assert found.relations["public", "items"].columns == ("id", "name")
        syncs.pair.source.execute(
            "update items set name = 'newer' where id < 4", "delete from items where id = 50"
        )
        until_replayed(primary, source)
        assert there.run(delete="delete_row").succeeded == Counts(changed=3, removed=1)
        assert violations(there) == []
        one_of_two_is_read(there, primary, standby)
    finally:
        standby.stop("immediate")


def one_of_two_is_read(syncs: Syncs, primary: Cluster, standby: Cluster) -> None:
    """Which host it is, is seen by a row that the standby does not get."""
    with standby.connect("postgres") as connection:
        connection.execute("select pg_wal_replay_pause()")
    primary_side = replace(syncs.pair.source, port=primary.port, cluster=primary)
    primary_side.execute("insert into items values (99, 'not at the standby')")
    for order in ((primary, standby), (standby, primary)):
        for wanted in ("standby", "prefer-standby", "read-only"):
            syncs.source = hosts(*order, target_session_attrs=wanted)
            assert syncs.run().planned == Counts()
    syncs.source = hosts(primary, primary, target_session_attrs="standby")
    with pytest.raises(ConnectionLost, match="not in hot standby mode(?s:.*)target_session_attrs"):
        syncs.run()
    syncs.source = hosts(primary, primary, target_session_attrs="prefer-standby")
    assert syncs.run().planned == Counts(added=1)
    syncs.source = hosts(standby, primary)  # read-write, as there are several
    assert syncs.run().planned == Counts()
