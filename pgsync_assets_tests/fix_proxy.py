"""A network that fails on order: a proxy between a run and one of its servers."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Loss = Literal["commit", "reply"]
Manner = Callable[[bytes], Iterable[bytes]]
COMMIT = b"COMMIT\x00"
AT_ONCE_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST


def chopped(data: bytes) -> Iterator[bytes]:
    """Pieces of 1 to 7 bytes: no message comes whole."""
    first = 0
    while first < len(data):
        size = 1 + (first + len(data)) % 7
        yield data[first : first + size]
        first += size


def slowly(data: bytes) -> Iterator[bytes]:
    """About 200 kB in a second."""
    for first in range(0, len(data), 2048):
        time.sleep(0.01)
        yield data[first : first + 2048]


class Proxy:
    """Passes bytes on; loses a COMMIT, or the reply to one; resets; or falls silent.

    Args:
        port: of the server behind it, on loopback.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.fired = False
        self.silent = False
        self.manner: Manner = lambda data: (data,)
        """In which pieces bytes are passed on."""
        self.passed = 0
        """Bytes, of all connections, both ways."""
        self._reset_at: int | None = None
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

    def reset_after(self, size: int) -> None:
        """Resets the connection that is to pass on a byte after so many from now on, once."""
        self.fired, self._reset_at = False, self.passed + size

    def is_reset_with(self, data: bytes) -> bool:
        """Counts what is to be passed on; whether its connection ends here."""
        self.passed += len(data)
        if self._reset_at is None or self.passed <= self._reset_at:
            return False
        self.fired, self._reset_at = True, None
        return True

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
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
        if self._proxy.is_reset_with(data):
            for one in (self._client, self._server):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE_RESET)
            return False
        if not (self._proxy.silent or self._is_mute):
            other = self._server if end is self._client else self._client
            for piece in self._proxy.manner(data):
                other.sendall(piece)
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
