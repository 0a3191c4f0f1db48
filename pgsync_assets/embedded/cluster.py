"""One PostgreSQL server of our own in one folder."""

from __future__ import annotations

import fcntl
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from pgsync_assets.embedded import data as data_directory
from pgsync_assets.embedded.binaries import Binaries, locate
from pgsync_assets.embedded.loopback import HOST, connect, free_port, is_free
from pgsync_assets.embedded.owner import Owner, choose
from pgsync_assets.embedded.state import State, load, make_folder, save
from pgsync_assets.errors import EmbeddedError

START_ATTEMPTS = 5
START_PAUSE_SECONDS = 0.2
START_TIMEOUT_SECONDS = 60
# The log must not be a way around the rules on secrets and row values: no statements (CREATE ROLE
# has a password in it) and no DETAIL (it quotes rows).
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Cluster:
    """A PostgreSQL server below one folder: loopback only, password only, on a free port.

    Args:
        directory: the cluster's folder, made when needed: `data/`, `server.log`, `state.json`.
        binaries: the programs of the server; those that `locate` finds, by default.
    """

    superuser = data_directory.SUPERUSER
    host = HOST

    def __init__(self, directory: Path, binaries: Binaries | None = None) -> None:
        self._given = binaries
        self.directory = directory.absolute()
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"

    def __repr__(self) -> str:
        return f"Cluster({str(self.directory)!r})"

    @property
    def state(self) -> State:
        """Port and password as kept in the folder; raises EmbeddedError before the first start."""
        state = load(self.directory / "state.json")
        if state is None:
            raise EmbeddedError(f"There is no PostgreSQL cluster in {self.directory} yet")
        return state

    @property
    def port(self) -> int:
        """TCP port of the last start."""
        return self.state.port

    @property
    def password(self) -> str:
        """The superuser's password."""
        return self.state.password

    @property
    def running(self) -> bool:
        """Say whether our server serves this data now: alive, and it takes our password."""
        lock = data_directory.read_lock_file(self.data)
        if lock is None or not data_directory.is_alive(lock.pid):
            return False
        try:
            connect(lock.port, "postgres", self.superuser, self.password).close()
        except (psycopg.OperationalError, EmbeddedError):
            return False
        return True

    def start(self, settings: Mapping[str, str] | None = None) -> None:
        """Make the cluster if there is none, and start it; a running one is left alone.

        Args:
            settings: server settings for this start, such as `{"fsync": "off"}`.

        Raises:
            EmbeddedError: no programs, no usable system user, or the server does not start.
        """
        make_folder(self.directory)
        with self._locked():
            if self.running:
                return
            self._make(settings or {})
            data_directory.require_same_major(self.data, self._binaries)
            data_directory.disown_lock_file(self.data)
            self._start_on_some_port(SETTINGS | dict(settings or {}))

    def stop(self, mode: str = "fast") -> None:
        """Stop the server and wait for its end; a stopped one is left alone.

        Args:
            mode: `fast` (clean), `smart`, or `immediate` (as in a crash: recovery follows).

        Raises:
            EmbeddedError: it does not stop.
        """
        # pg_ctl signals whatever process the lock file names: first make sure that it is ours.
        data_directory.disown_lock_file(self.data)
        lock = data_directory.read_lock_file(self.data)
        if lock is None or not data_directory.is_alive(lock.pid):
            return
        answer = self._pg_ctl("stop", f"--mode={mode}")
        if answer.returncode != 0 and self.running:
            raise EmbeddedError(f"PostgreSQL in {self.directory} does not stop", f"See {self.log}")

    def connect(
        self,
        database: str,
        user: str | None = None,
        password: str | None = None,
        *,
        autocommit: bool = True,
    ) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection, as the superuser unless another role is named with its password."""
        return connect(
            self.port,
            database,
            user or self.superuser,
            self.password if user is None else password,
            autocommit=autocommit,
        )

    def create_database(self, name: str, owner: str | None = None) -> None:
        """Create a database where there is none of this name.

        Args:
            name: of the database.
            owner: an existing role; the superuser where none is given.
        """
        with self.connect("postgres") as connection:
            known = "select 1 from pg_catalog.pg_database where datname = %s"
            if connection.execute(known, [name]).fetchone() is None:
                connection.execute(
                    sql.SQL("create database {} owner {}").format(
                        sql.Identifier(name), sql.Identifier(owner or self.superuser)
                    )
                )

    @cached_property
    def _run_by(self) -> tuple[Owner, Binaries]:
        return choose(self._given or locate(), self.directory, self.data)

    @property
    def _owner(self) -> Owner:
        return self._run_by[0]

    @property
    def _binaries(self) -> Binaries:
        return self._run_by[1]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the folder against another process that starts the same cluster."""
        with (self.directory / "start.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _make(self, settings: Mapping[str, str]) -> None:
        if self.data.exists():
            return
        state = State()
        sync = settings.get("fsync") != "off"
        data_directory.make(self.data, self._owner, self._binaries, state.password, sync=sync)
        save(self.directory / "state.json", state)

    def _start_on_some_port(self, settings: Mapping[str, str]) -> None:
        self.log.touch(mode=0o600)
        self._owner.give(self.log)
        said_before = self.log.stat().st_size
        # A port found free can be taken by the time the server binds it, and the last processes
        # of a killed server hold its shared memory for a moment: try a few times.
        for attempt in range(START_ATTEMPTS):
            port = self.port if attempt == 0 and is_free(self.port) else free_port()
            options = [f"-c{name}={value}" for name, value in {**settings, "port": port}.items()]
            answer = self._pg_ctl(
                "start",
                f"--timeout={START_TIMEOUT_SECONDS}",
                f"--log={self.log}",
                f"--options={shlex.join(options)}",
            )
            if answer.returncode == 0:
                save(self.directory / "state.json", self.state.with_port(port))
                return
            time.sleep(START_PAUSE_SECONDS)
        raise EmbeddedError(
            f"PostgreSQL in {self.directory} does not start: {self._last_words(said_before)}",
            f"See {self.log}",
        )

    def _pg_ctl(self, verb: str, *options: str) -> subprocess.CompletedProcess[str]:
        # Never a pipe: the server inherits it, and whoever reads it waits for the server's end.
        return self._owner.run(
            [self._binaries.program("pg_ctl"), verb, f"--pgdata={self.data}", "--wait", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _last_words(self, offset: int) -> str:
        with self.log.open("rb") as file:
            file.seek(offset)
            lines = file.read().decode("utf-8", "replace").splitlines()
        fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
        return (fatal or lines or ["it said nothing"])[-1].strip()
