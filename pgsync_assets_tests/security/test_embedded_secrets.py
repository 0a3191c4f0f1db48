"""Passwords of the embedded servers are in no argument list, no log and no readable file."""

from __future__ import annotations

import stat
from pathlib import Path

import psycopg
import pytest

from pgsync_assets.embedded import Cluster, Servers
from pgsync_assets.embedded.data import read_lock_file


def test_no_file_but_the_private_ones_holds_the_password(source_server: Cluster) -> None:
    secret = source_server.password.encode()
    holders = {
        path
        for path in source_server.directory.rglob("*")
        if path.is_file() and secret in path.read_bytes()
    }
    assert holders == {source_server.directory / "state.json"}
    assert stat.S_IMODE((source_server.directory / "state.json").stat().st_mode) == 0o600


def test_a_failed_statement_with_a_password_is_not_logged(source_server: Cluster) -> None:
    with source_server.connect("postgres") as connection, pytest.raises(psycopg.Error):
        connection.execute("create role postgres login password 'correct horse battery'")
    assert "correct horse" not in source_server.log.read_text()
    assert 'role "postgres" already exists' in source_server.log.read_text()


def test_row_values_of_a_refused_row_are_not_logged(source_server: Cluster) -> None:
    with source_server.connect("postgres") as connection:
        connection.execute("create temporary table people (name text primary key)")
        connection.execute("insert into people values ('Grace Hopper')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into people values ('Grace Hopper')")
    assert "Hopper" not in source_server.log.read_text()


def test_our_variables_do_not_reach_the_server_process(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_PASSWORD", "in the environment")
    cluster = Cluster(state_folder / "environment")
    cluster.start({"fsync": "off"})
    try:
        lock = read_lock_file(cluster.data)
        assert lock is not None
        process = Path(f"/proc/{lock.pid}")
        assert b"SOME_PASSWORD" not in (process / "environ").read_bytes()
        assert cluster.password.encode() not in (process / "cmdline").read_bytes()
    finally:
        cluster.stop("immediate")


def test_a_repr_shows_no_password(source_server: Cluster) -> None:
    assert source_server.password not in repr(source_server)
    assert source_server.password not in repr(source_server.state)


def test_the_roles_passwords_are_kept_private(state_folder: Path) -> None:
    directory = state_folder / "passwords"
    directory.mkdir()
    servers = Servers(directory)
    password = servers.password("somebody")
    assert stat.S_IMODE((directory / "passwords.json").stat().st_mode) == 0o600
    assert Servers(directory).password("somebody") == password
    assert servers.password("somebody_else") != password
