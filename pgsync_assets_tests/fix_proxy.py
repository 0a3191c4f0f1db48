"""A network that fails on order: a proxy between a run and one of its servers."""

from __future__ import annotations

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
        self._commits_left = 0
        self._loss: Loss = "commit"
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, number: int, loss: Loss) -> None:
        """Cuts the connection at the given COMMIT from now on: before it, or before its reply."""
        with self._lock:
            self.fired, self._commits_left, self._loss = False, number, loss

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Relay(self, client, socket.create_connection(("127.0.0.1", self._target))).start()

    def loses(self, data: bytes) -> Loss | None:
        """What is lost with these bytes of a client."""
        if COMMIT not in data:
            return None
        with self._lock:
            self._commits_left -= 1
            if self._commits_left != 0:
                return None
            self.fired = True
            return self._loss


class Relay:
    """One connection through a proxy: a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._swallows = False

    def start(self) -> None:
        """Begins to pass bytes on."""
        for direction in (self._upward, self._downward):
            threading.Thread(target=self._until_cut, args=[direction], daemon=True).start()

    def _until_cut(self, direction: object) -> None:
        assert callable(direction)
        with suppress(OSError):
            while direction():
                pass
        # shutdown, not close alone: the other thread may sit in recv() of the same socket (F22)
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _upward(self) -> bool:
        data = self._client.recv(65536)
        loss = self._proxy.loses(data)
        if not data or loss == "commit":
            return False
        self._swallows = self._swallows or loss == "reply"
        if not self._proxy.silent:
            self._server.sendall(data)
        return True

    def _downward(self) -> bool:
        data = self._server.recv(65536)
        if not data or self._swallows:
            return False
        if not self._proxy.silent:
            self._client.sendall(data)
        return True


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """A proxy in front of a port of this machine."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
