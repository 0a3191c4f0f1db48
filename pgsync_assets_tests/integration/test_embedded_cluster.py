"""A cluster starts, stops and comes back with its data, whatever happened in between."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.data import read_lock_file
from pgsync_assets.embedded.servers import create_login
from pgsync_assets.errors import EmbeddedError

QUICK = {"fsync": "off"}


@pytest.fixture(scope="module")
def folder(state_folder: Path) -> Path:
    return state_folder / "cluster_tests"


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    """The one cluster of these tests, running; each test leaves it in any state it likes."""
    cluster = Cluster(folder)
    cluster.start(QUICK)
    yield cluster
    cluster.stop("immediate")


def postmaster(cluster: Cluster) -> int:
    lock = read_lock_file(cluster.data)
    assert lock is not None
    return lock.pid


def write_row(cluster: Cluster, table: str) -> None:
    with cluster.connect("postgres") as connection:
        connection.execute(f"create table {table} as select 42 as answer".encode())


def read_row(cluster: Cluster, table: str) -> object:
    with cluster.connect("postgres") as connection:
        return connection.execute(f"table {table}".encode()).fetchone()


def test_a_restart_keeps_data_port_and_password(cluster: Cluster) -> None:
    write_row(cluster, "restart")
    before = cluster.state
    cluster.stop()
    assert not cluster.running
    cluster.start(QUICK)
    assert cluster.state == before
    assert read_row(cluster, "restart") == (42,)


@pytest.mark.parametrize("mode", ["smart", "fast", "immediate"])
def test_every_way_to_stop_leaves_a_cluster_that_starts(cluster: Cluster, mode: str) -> None:
    cluster.stop(mode)
    assert not cluster.running
    cluster.start(QUICK)
    assert cluster.running


def test_a_killed_server_recovers_what_was_committed(cluster: Cluster) -> None:
    write_row(cluster, "killed")
    os.kill(postmaster(cluster), signal.SIGKILL)
    cluster.start(QUICK)
    assert read_row(cluster, "killed") == (42,)


def test_a_port_that_was_taken_meanwhile_is_replaced(cluster: Cluster) -> None:
    taken = cluster.port
    cluster.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((cluster.host, taken))
        other.listen()
        cluster.start(QUICK)
        assert cluster.running
        assert cluster.port != taken


def test_a_second_object_finds_the_running_server_and_can_stop_it(cluster: Cluster) -> None:
    other = Cluster(cluster.directory)
    assert other.running
    process = postmaster(cluster)
    other.start(QUICK)
    assert postmaster(cluster) == process
    other.stop()
    assert not cluster.running


def test_starts_at_the_same_time_make_one_server(state_folder: Path) -> None:
    clusters = [Cluster(state_folder / "at_once") for _ in range(4)]
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda cluster: cluster.start(QUICK), clusters))
        assert len({(cluster.port, postmaster(cluster)) for cluster in clusters}) == 1
        assert clusters[0].running
    finally:
        clusters[0].stop("immediate")


def test_an_initdb_that_was_killed_is_made_again(state_folder: Path) -> None:
    cluster = Cluster(state_folder / "killed_initdb")
    (cluster.directory / "data.init" / "base").mkdir(parents=True)
    try:
        cluster.start(QUICK)
        assert cluster.running
        assert not (cluster.directory / "data.init").exists()
    finally:
        cluster.stop("immediate")


def test_a_lock_file_that_names_another_program_is_no_obstacle(cluster: Cluster) -> None:
    lock = cluster.data / "postmaster.pid"
    content = lock.read_text().splitlines()
    cluster.stop("immediate")
    # The process id of the crashed server belongs to this very test now.
    lock.write_text("\n".join([str(os.getpid()), *content[1:]]) + "\n")
    cluster.stop()  # must not signal us
    cluster.start(QUICK)
    assert cluster.running


def test_it_starts_from_a_folder_that_only_we_can_enter(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.stop()
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    monkeypatch.chdir(private)
    cluster.start(QUICK)
    assert cluster.running


def test_libpqs_variables_do_not_count(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.stop()
    for name, value in {
        "PGDATA": "/nowhere",
        "PGHOSTADDR": "192.0.2.1",
        "PGOPTIONS": "-c nonsense=1",
        "PGPORT": "1",
        "PGSSLMODE": "require",
    }.items():
        monkeypatch.setenv(name, value)
    cluster.start(QUICK)
    with cluster.connect("postgres") as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_database_is_created_once_and_keeps_its_owner(cluster: Cluster) -> None:
    create_login(cluster, "somebody", "a password")
    for _ in range(2):
        cluster.create_database("of_somebody", owner="somebody")
    owner = "select datdba::regrole::text from pg_database where datname = 'of_somebody'"
    with cluster.connect("postgres") as connection:
        assert connection.execute(owner).fetchone() == ("somebody",)


def test_a_server_that_cannot_start_says_why(cluster: Cluster) -> None:
    cluster.stop()
    with pytest.raises(EmbeddedError, match="shared_buffers") as raised:
        cluster.start({"shared_buffers": "plenty"})
    assert str(cluster.log) in str(raised.value)


def test_data_of_another_major_version_is_refused(cluster: Cluster) -> None:
    cluster.stop()
    version = cluster.data / "PG_VERSION"
    before = version.read_text()
    version.write_text("9.6\n")
    try:
        with pytest.raises(EmbeddedError, match="is of PostgreSQL 9.6"):
            cluster.start(QUICK)
    finally:
        version.write_text(before)


def test_the_server_listens_on_loopback_only(cluster: Cluster) -> None:
    with cluster.connect("postgres") as connection:
        settings = connection.execute(
            "select current_setting('listen_addresses'), current_setting('unix_socket_directories')"
        ).fetchone()
    assert settings == ("127.0.0.1", "")


@pytest.mark.parametrize("password", ["wrong", None])
def test_nobody_enters_without_the_password(cluster: Cluster, password: str | None) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        cluster.connect("postgres", "postgres", password)
