"""Engine standard reads a hot standby, made by pg_basebackup: nothing can be written there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import locate
from pgsync_assets.embedded.owner import choose
from pgsync_assets.embedded.servers import DESTINATION_ROLE
from pgsync_assets.embedded.state import save
from pgsync_assets.outcome import Counts

from ..fix_databases import LEDGER_SCHEMA, READER_ROLE, Pair, Side, database
from ..fix_servers import SETTINGS
from ..fix_syncs import ENGINES, Syncs
from ..invariants import violations


@pytest.fixture
def primary(state_folder: Path) -> Iterator[Cluster]:
    """A server of its own, so that its backup is small."""
    cluster = Cluster(state_folder / "primary")
    cluster.start(SETTINGS)
    yield cluster
    cluster.stop("immediate")


def standby_of(primary: Cluster, directory: Path) -> Cluster:
    """A running copy that follows its primary."""
    standby = Cluster(directory)
    directory.mkdir()
    directory.chmod(0o711)
    owner, binaries = choose(locate(), directory, standby.data)
    owner.give(directory)
    made = owner.run(
        [
            binaries.program("pg_basebackup"),
            f"--dbname=host={primary.host} port={primary.port} user={primary.superuser}"
            f" password={primary.password}",
            f"--pgdata={standby.data}",
            "--write-recovery-conf",
            "--checkpoint=fast",
        ],
        capture_output=True,
    )
    assert made.returncode == 0, made.stderr
    save(directory / "state.json", primary.state)
    standby.start(SETTINGS)
    return standby


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


def test_a_standby_is_read(syncs: Syncs, primary: Cluster, state_folder: Path) -> None:
    syncs.table("id int primary key, name text")
    syncs.pair.source.execute("insert into items select n, 'item' from generate_series(1, 50) as n")
    standby = standby_of(primary, state_folder / "standby")
    try:
        source = replace(syncs.pair.source, port=standby.port, cluster=standby)
        there = replace(syncs, pair=replace(syncs.pair, source=source))
        assert source.rows("select pg_is_in_recovery()") == [(True,)]
        assert there.run(delete="delete_row").succeeded == Counts(added=50)
        syncs.pair.source.execute(
            "update items set name = 'newer' where id < 4", "delete from items where id = 50"
        )
        until_replayed(primary, source)
        assert there.run(delete="delete_row").succeeded == Counts(changed=3, removed=1)
        assert violations(there) == []
    finally:
        standby.stop("immediate")


def until_replayed(primary: Cluster, standby: Side) -> None:
    """Returns when the standby has what the primary has."""
    with primary.connect("postgres") as connection:
        row = connection.execute("select pg_current_wal_insert_lsn()").fetchone()
    assert row is not None
    deadline = time.monotonic() + 30
    query = f"select pg_last_wal_replay_lsn() >= '{row[0]}'"  # noqa: S608
    while standby.rows(query) != [(True,)]:
        assert time.monotonic() < deadline, "the standby does not follow"
        time.sleep(0.05)
