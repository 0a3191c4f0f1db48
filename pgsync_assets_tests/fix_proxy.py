"""A network that fails on order: a proxy between a run and one of its servers."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Loss = Literal["commit", "reply"]
COMMIT = b"COMMIT\x00"


class Proxy:
    """Passes bytes on; loses a COMMIT, or the reply to one; or falls silent.

    Args:
        port: of the server behind it, on loopback.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.fired = False
        self.silent = False
        self.swallowed: set[int] = set()
        """Which of the connections from now on, from 1, are never answered: the server sleeps."""
        self._commits_left = 0
        self._loss: Loss = "commit"
        self._relays: list[Relay] = []
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()

    def lose(self, number: int, loss: Loss) -> None:
        """Cuts the connection at the given COMMIT from now on: before it, or before its reply."""
        self.fired, self._commits_left, self._loss = False, number, loss

    def lost_with(self, data: bytes) -> Loss | None:
        """What is lost when a client sends these bytes."""
        if COMMIT not in data:
            return None
        self._commits_left -= 1
        if self._commits_left != 0:
            return None
        self.fired = True
        return self._loss

    def close(self) -> None:
        """Takes no more connections, and cuts those there are."""
        shut(self._listener)
        self._acceptor.join()
        for relay in self._relays:
            relay.close()

    def _accept(self) -> None:
        with self._listener, suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:  # it restarts: refused, as it would be without us
                    shut(client)
                    client.close()
                    continue
                is_mute = 1 in self.swallowed
                self.swallowed = {number - 1 for number in self.swallowed}
                self._relays.append(Relay(self, client, server, is_mute=is_mute))


class Relay:
    """One connection through a proxy."""

    def __init__(
        self, proxy: Proxy, client: socket.socket, server: socket.socket, *, is_mute: bool = False
    ) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._is_mute = is_mute
        self._swallows = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """Cuts it."""
        for end in (self._client, self._server):
            shut(end)
        self._thread.join()

    def _run(self) -> None:
        with self._client, self._server, suppress(OSError):
            while all(self._pass_on(end) for end in self._ready()):
                pass

    def _ready(self) -> list[socket.socket]:
        return select.select([self._client, self._server], [], [])[0]

    def _pass_on(self, end: socket.socket) -> bool:
        """Passes on what came from one end; False where that was the last of it."""
        data = end.recv(65536)
        if not data or (end is self._server and self._swallows):
            return False
        loss = self._proxy.lost_with(data) if end is self._client else None
        if loss == "commit":
            return False
        self._swallows = self._swallows or loss == "reply"
        if not (self._proxy.silent or self._is_mute):
            (self._server if end is self._client else self._client).sendall(data)
        return True


def shut(end: socket.socket) -> None:
    """Ends a socket although another thread waits for it: close() alone would not wake it."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """A proxy in front of a port of this machine."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
