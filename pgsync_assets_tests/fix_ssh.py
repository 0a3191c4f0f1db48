"""Bastions on loopback: a small SSH server in a thread, and the OpenSSH server of the system."""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import pytest

from pgsync_assets.embedded.loopback import HOST, free_port

from .fix_needs import program

T = TypeVar("T")
USER = "tunnel"


class Bastion:
    """An SSH server in a thread; it knows one user.

    `password` is another way to log in where a test sets it; `closed` has the ports that may not
    be forwarded to.

    Args:
        client_key: the public key that may log in.
    """

    def __init__(self, client_key: asyncssh.SSHKey) -> None:
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.password: str | None = None
        self.closed: set[int] = set()
        self.forwarded: list[tuple[str, int]] = []
        self.logins: list[str] = []
        self.client_key = client_key
        self.connections: list[asyncssh.SSHServerConnection] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._wait(self._listen())
        self.port: int = self._server.get_port()

    def tunnel(self, key: Path) -> dict[str, Any]:
        """The configuration of a tunnel through it, with a private key that it lets in."""
        return {
            "host": HOST,
            "port": self.port,
            "user": USER,
            "host_key": self.host_key_line,
            "private_key_file": str(key),
        }

    def let_in(self, key: Path) -> None:
        """Another private key may log in, and the one before may not."""
        self.client_key = asyncssh.read_private_key(key).convert_to_public()

    @property
    def host_key_line(self) -> str:
        """The host key as `ssh-keyscan` prints it."""
        return self.host_key.export_public_key().decode().strip()

    def stop(self) -> None:
        """Ends the server and its thread."""
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            HOST, 0, server_factory=lambda: _Rules(self), server_host_keys=[self.host_key]
        )

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
        for connection in self.connections:
            connection.abort()
            await connection.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)  # sockets are closed by the loop, one turn later


class _Rules(asyncssh.SSHServer):
    """What a bastion allows."""

    def __init__(self, bastion: Bastion) -> None:
        self._bastion = bastion

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._bastion.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        self._bastion.logins.append(username)
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key == self._bastion.client_key

    def password_auth_supported(self) -> bool:
        return self._bastion.password is not None

    def validate_password(self, username: str, password: str) -> bool:
        return username == USER and password == self._bastion.password

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> bool:
        if dest_port in self._bastion.closed:
            raise asyncssh.ChannelOpenError(
                asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "not from here"
            )
        self._bastion.forwarded.append((dest_host, dest_port))
        return True


@pytest.fixture
def private_key_file(tmp_path: Path) -> Path:
    """The key that the bastion lets in."""
    return write_key(tmp_path / "id_ed25519")


@pytest.fixture
def second_bastion(private_key_file: Path) -> Iterator[Bastion]:
    """Another one, which lets the same key in."""
    server = Bastion(asyncssh.read_private_key(private_key_file).convert_to_public())
    yield server
    server.stop()


@pytest.fixture
def bastion(private_key_file: Path) -> Iterator[Bastion]:
    """A running bastion."""
    server = Bastion(asyncssh.read_private_key(private_key_file).convert_to_public())
    yield server
    server.stop()


def write_key(path: Path, kind: str = "ssh-ed25519", form: str = "openssh") -> Path:
    """Makes a private key in a file."""
    asyncssh.generate_private_key(kind).write_private_key(path, form)
    path.chmod(0o600)
    return path


class Sshd:
    """The OpenSSH server of the system, which lets our own user in with the keys of a file.

    Args:
        folder: for its files; nobody else's.
        options: lines of sshd_config behind ours, of which the first one counts.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        folder.mkdir(mode=0o700)
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.port = free_port()
        self.authorized_keys = folder / "authorized_keys"
        self.log = folder / "log"
        host_key = write_key(folder / "host")
        self.host_key_line = asyncssh.read_private_key(host_key).export_public_key().decode()
        lines = (
            f"Port {self.port}", f"ListenAddress {HOST}", f"HostKey {host_key}",
            "PidFile none", f"AuthorizedKeysFile {self.authorized_keys}", "UsePAM no",
            "StrictModes no", "PermitRootLogin yes", "PasswordAuthentication no",
            "MaxStartups 100", "LogLevel VERBOSE", *options,
        )  # fmt: skip
        (folder / "sshd_config").write_text("\n".join(lines) + "\n")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._process = subprocess.Popen(
            [program("sshd"), "-D", "-f", folder / "sshd_config", "-E", self.log]
        )
        wait_for(self.port, self._process)

    def tunnel(self, key: Path) -> dict[str, Any]:
        """The configuration of a tunnel through it, with a private key that it lets in."""
        self.authorized_keys.write_bytes(asyncssh.read_private_key(key).export_public_key())
        return self.tunnel_with(key)

    def tunnel_with(self, key: Path) -> dict[str, Any]:
        """The same, whatever it lets in."""
        return {
            "host": HOST,
            "port": self.port,
            "user": self.user,
            "host_key": self.host_key_line,
            "private_key_file": str(key),
        }

    def ssh(
        self, key: Path, folder: Path, *arguments: str, command: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Runs OpenSSH's client with it, with nothing from anybody's home.

        Args:
            key: our private key.
            folder: for its known_hosts.
            arguments: options of ssh.
            command: to run there; empty: a shell, where the options ask for nothing else.
        """
        known = folder / "known_hosts"
        known.write_text(f"[{HOST}]:{self.port} {self.host_key_line}")
        return subprocess.run(
            [
                program("ssh"), "-F", "none", "-p", str(self.port), "-i", key,
                "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
                "-o", f"UserKnownHostsFile={known}", "-o", "ExitOnForwardFailure=yes",
                *arguments, f"{self.user}@{HOST}", command,
            ],
            input="", capture_output=True, encoding="utf-8", timeout=30,
        )  # fmt: skip

    def signal_sessions(self, number: signal.Signals) -> None:
        """Signals the processes that serve somebody; the one that takes connections goes on."""
        for pid in _children(self._process.pid):
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, number)

    def stop(self) -> None:
        """Ends it, with its sessions."""
        self.signal_sessions(signal.SIGKILL)
        self._process.terminate()
        self._process.wait()


def _children(pid: int) -> list[int]:
    """Processes that stem from one, at any distance."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [each for child in map(int, found) for each in (child, *_children(child))]


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until the server listens; it says so nowhere."""
    for _ in range(200):
        assert process.poll() is None
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not begin to listen")


@pytest.fixture(scope="session")
def sshd(state_folder: Path) -> Iterator[Sshd]:
    """The system's SSH server, one for all tests: each writes the authorized_keys that it needs."""
    server = Sshd(state_folder / "sshd")
    yield server
    server.stop()
