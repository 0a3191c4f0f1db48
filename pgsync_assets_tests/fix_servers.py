"""Two real PostgreSQL servers, started once for the whole test run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import Binaries

from .canaries import is_shown, watch
from .fix_versions import chosen
from .sessions import leave

# A test run may lose its data in a crash of the machine, not its minutes to a disk.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "128MB",
}
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - of the system, and so is a folder of a name of our own
ENOUGH = 8 * 2**30  # bytes: two servers for each of some workers


@pytest.fixture(scope="session")
def state_folder() -> Iterator[Path]:
    """A folder for servers that every user can pass through, unlike pytest's own (0700)."""
    folder = Path(tempfile.mkdtemp(prefix="pgsync_tests_", dir=in_memory()))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def source_server(request: pytest.FixtureRequest, state_folder: Path) -> Iterator[Cluster]:
    """The server that holds models."""
    yield from running(state_folder / "source", chosen(request, "PGSYNC_TEST_SOURCE"))


@pytest.fixture(scope="session")
def destination_server(request: pytest.FixtureRequest, state_folder: Path) -> Iterator[Cluster]:
    """The server that holds destination tables."""
    yield from running(state_folder / "destination", chosen(request, "PGSYNC_TEST_DESTINATION"))


def running(directory: Path, binaries: Binaries | None = None) -> Iterator[Cluster]:
    """A server for the length of a fixture; of the installation that `locate` finds, by default."""
    cluster = Cluster(directory, binaries)
    cluster.start(SETTINGS)
    watch(cluster.password)
    _hash_quickly(cluster)
    # Who is there first writes down what every session has to know; databases get a copy of it.
    cluster.connect("template1").close()
    yield cluster
    leave(cluster)
    assert not is_shown(cluster.log.read_text(errors="replace"))
    cluster.stop("immediate")


def _hash_quickly(cluster: Cluster) -> None:
    """A third of the tests' time went into proofs of passwords, which are 4,096 hashes each."""
    with cluster.connect("postgres") as connection:
        if connection.info.server_version < 160_000:
            return
        connection.execute("alter system set scram_iterations = 1")
        connection.execute("set scram_iterations = 1")
        connection.execute(
            sql.SQL("alter role {} password {}").format(
                sql.Identifier(cluster.superuser), sql.Literal(cluster.password)
            )
        )
        connection.execute("select pg_reload_conf()")


def in_memory() -> Path | None:
    """Where a new database takes a tenth of the time that it takes on a disk, if there is room."""
    has_room = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ENOUGH
    return IN_MEMORY if has_room else None
