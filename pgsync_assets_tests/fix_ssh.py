"""A bastion: a real SSH server on loopback that forwards connections and does nothing else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import pytest

from pgsync_assets.embedded.loopback import HOST

T = TypeVar("T")
USER = "tunnel"


class Bastion:
    """An SSH server in a thread; it knows one user with one key.

    Args:
        client_key: the public key that may log in.
    """

    def __init__(self, client_key: asyncssh.SSHKey) -> None:
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.forwarded: list[tuple[str, int]] = []
        self.logins: list[str] = []
        self._client_key = client_key
        self._connections: list[asyncssh.SSHServerConnection] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._wait(self._listen())
        self.port: int = self._server.get_port()

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
        bastion = self

        class Server(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                bastion._connections.append(conn)

            def begin_auth(self, username: str) -> bool:
                bastion.logins.append(username)
                return True

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return username == USER and key == bastion._client_key

            def connection_requested(
                self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
            ) -> bool:
                bastion.forwarded.append((dest_host, dest_port))
                return True

        return await asyncssh.listen(
            HOST, 0, server_factory=Server, server_host_keys=[self.host_key]
        )

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
        for connection in self._connections:
            connection.abort()
            await connection.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)  # sockets are closed by the loop, one turn later


@pytest.fixture
def private_key_file(tmp_path: Path) -> Path:
    """The key that the bastion lets in."""
    return write_key(tmp_path / "id_ed25519")


@pytest.fixture
def bastion(private_key_file: Path) -> Iterator[Bastion]:
    """A running bastion."""
    server = Bastion(asyncssh.read_private_key(private_key_file).convert_to_public())
    yield server
    server.stop()


def write_key(path: Path) -> Path:
    """Makes a private key in a file."""
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(path)
    path.chmod(0o600)
    return path
