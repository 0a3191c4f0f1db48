"""A primary, a standby that follows it, and the moment when that takes over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import locate
from pgsync_assets.embedded.owner import choose
from pgsync_assets.embedded.state import save

from .fix_databases import Side
from .fix_servers import SETTINGS


@pytest.fixture
def primary(state_folder: Path) -> Iterator[Cluster]:
    """A server of its own, so that its backup is small."""
    cluster = Cluster(state_folder / f"primary_{time.monotonic_ns()}")
    cluster.start(SETTINGS)
    yield cluster
    cluster.stop("immediate")


def standby_of(primary: Cluster, directory: Path) -> Cluster:
    """A running copy that follows its primary."""
    standby = backup_of(primary, directory, "--write-recovery-conf")
    standby.start(SETTINGS)
    return standby


def backup_of(primary: Cluster, directory: Path, *options: str) -> Cluster:
    """A copy of a server's files as they are now, which is not started."""
    copy = Cluster(directory)
    directory.mkdir()
    directory.chmod(0o711)
    owner, binaries = choose(locate(), directory, copy.data)
    owner.give(directory)
    made = owner.run(
        [
            binaries.program("pg_basebackup"),
            f"--dbname=host={primary.host} port={primary.port} user={primary.superuser}"
            f" password={primary.password}",
            f"--pgdata={copy.data}",
            *options,
            "--checkpoint=fast",
        ],
        capture_output=True,
    )
    assert made.returncode == 0, made.stderr
    save(directory / "state.json", primary.state)
    return copy


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


def take_over(primary: Cluster, standby: Cluster) -> None:
    """The primary crashes, and its standby is promoted."""
    primary.stop("immediate")
    with standby.connect("postgres") as connection:
        assert connection.execute("select pg_promote()").fetchone() == (True,)


def hosts(*clusters: Cluster, **more: Any) -> dict[str, Any]:
    """What a connection says to have several hosts."""
    return {
        "host": [cluster.host for cluster in clusters],
        "port": [cluster.port for cluster in clusters],
        **more,
    }
