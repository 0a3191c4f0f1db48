"""PgBouncer in transaction mode, as it stands before many a database."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.embedded.loopback import HOST, free_port

from .fix_databases import Pair, Side
from .fix_needs import program

NOBODY = 65534


@pytest.fixture
def pooler_port(database_pair: Pair, state_folder: Path) -> Iterator[int]:
    """The port of a PgBouncer that leads to both databases of the test, by their names."""
    folder = state_folder / f"pgbouncer_{database_pair.source.database}"
    folder.mkdir(mode=0o755)
    port = free_port()
    (folder / "users.txt").write_text("".join(_login(s) for s in _sides(database_pair)))
    (folder / "pgbouncer.ini").write_text(_settings(database_pair, folder, port))
    # It refuses to run as root, and needs nothing of anybody.
    user: dict[str, Any] = (
        {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program("pgbouncer"), folder / "pgbouncer.ini"], stdout=log, stderr=log, **user
        )
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


def _sides(pair: Pair) -> tuple[Side, Side]:
    return pair.source, pair.destination


def _login(side: Side) -> str:
    name, password = (text.replace('"', '""') for text in (side.user, side.password))
    return f'"{name}" "{password}"\n'


def _settings(pair: Pair, folder: Path, port: int) -> str:
    databases = "".join(
        f"{s.database} = host={s.host} port={s.port} dbname={s.database}\n" for s in _sides(pair)
    )
    return (
        f"[databases]\n{databases}[pgbouncer]\nlisten_addr = {HOST}\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = plain\nauth_file = {folder}/users.txt\n"
        # Few servers: sessions of ours share them, transaction by transaction.
        "pool_mode = transaction\ndefault_pool_size = 3\nmin_pool_size = 0\n"
    )


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("PgBouncer did not begin to listen")
