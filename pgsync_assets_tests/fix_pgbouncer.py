"""PgBouncer, as it stands before many a database, in each of its modes."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest

from pgsync_assets.embedded.loopback import HOST, free_port

from .fix_databases import Pair, Side
from .fix_needs import program

PoolMode = Literal["transaction", "session", "statement"]
MODES: tuple[PoolMode, ...] = ("transaction", "session", "statement")
ADMIN = ("pooler_admin", "admin")
NOBODY = 65534
SETTINGS = """
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users.txt
admin_users = {admin}
default_pool_size = {pool_size}
min_pool_size = 0
"""


class Pooler:
    """One PgBouncer; it leads to any database of a test, once for each mode.

    Args:
        folder: for its files; everybody has to be able to pass through.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o755)
        self.port = free_port()
        self._folder = folder
        self._sides: tuple[Side, ...] = ()
        self._write_settings()
        self.start()

    @staticmethod
    def name(side: Side, mode: PoolMode) -> str:
        """The database's name here; in transaction mode its own."""
        return side.database if mode == "transaction" else f"{side.database}_{mode}"

    def before(self, side: Side, mode: PoolMode) -> dict[str, Any]:
        """What a connection to a database that it leads to says."""
        return {"port": self.port, "database": self.name(side, mode)}

    def lead_to(self, *sides: Side) -> None:
        """Leads to these databases, and to no other any more."""
        self._sides = sides
        self._write_settings()
        self.command("RELOAD")

    def command(self, text: str) -> None:
        """Gives an order on its own console, as in `RECONNECT`."""
        user, password = ADMIN
        with psycopg.connect(
            host=HOST, port=self.port, dbname="pgbouncer", user=user, password=password,
            autocommit=True,
        ) as console:  # fmt: skip
            console.execute(text.encode())

    def start(self) -> None:
        """Starts it, on the same port as before."""
        # It refuses to run as root, and needs nothing of anybody.
        user: dict[str, Any] = (
            {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program("pgbouncer"), self._folder / "pgbouncer.ini"],
                stdout=log,
                stderr=log,
                **user,
            )
        self._wait()

    def kill(self) -> None:
        """Ends it as a crash would."""
        self._process.kill()
        self._process.wait()

    def _write_settings(self) -> None:
        # Few servers in transaction mode: sessions of ours share them, one after the other.
        settings = SETTINGS.format(
            host=HOST, port=self.port, folder=self._folder, admin=ADMIN[0], pool_size=2
        )
        databases = (
            f"{self.name(side, mode)} = host={side.host} port={side.port} "
            f"dbname={side.database} pool_mode={mode}"
            for side in self._sides
            for mode in MODES
        )
        logins = dict([ADMIN, *((side.user, side.password) for side in self._sides)])
        (self._folder / "users.txt").write_text(
            "".join(f"{_quoted(user)} {_quoted(secret)}\n" for user, secret in logins.items())
        )
        (self._folder / "pgbouncer.ini").write_text(
            "\n".join(["[databases]", *databases]) + settings
        )

    def _wait(self) -> None:
        for _ in range(500):
            assert self._process.poll() is None
            with socket.socket() as probe:
                if probe.connect_ex((HOST, self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("PgBouncer did not begin to listen")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.fixture(scope="module")
def pooler(state_folder: Path) -> Iterator[Pooler]:
    """A PgBouncer that a test leads to its databases."""
    running = Pooler(state_folder / f"pgbouncer_{free_port()}")
    yield running
    running.kill()


@pytest.fixture
def pooler_port(pooler: Pooler, database_pair: Pair) -> int:
    """The port of a PgBouncer that leads to both databases of the test, by their names."""
    pooler.lead_to(database_pair.source, database_pair.destination)
    return pooler.port
