"""A relay before a server that counts round trips, by connection and step, and lists statements.

A round trip: the client has sent something, and the server has answered. TLS would hide the
statements, not the count. A delay makes of loopback a network.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

STARTUP = 196608  # version 3.0, where a startup message says which protocol it speaks
HEADER = 5  # bytes: the kind of a message, and its length


@dataclass
class Trips:
    """What one connection did.

    Args:
        name: what it said its application is.
        server: what the relay was called.
        by_step: round trips in each step, in their order.
        statements: step, and the first line of each that was sent alone or first in its message.
    """

    name: str
    server: str
    by_step: Counter[str] = field(default_factory=Counter)
    statements: list[tuple[str, str]] = field(default_factory=list)


class Relay:
    """Passes bytes on between clients and one server of this machine.

    Args:
        server: its name, for people.
        port: of the server.
        step: asked in which step the client is.
        delay_s: seconds that each way takes.
    """

    def __init__(
        self, server: str, port: int, step: Callable[[], str], delay_s: float = 0.0
    ) -> None:
        self.trips: list[Trips] = []
        self._server, self._target, self._step, self._delay_s = server, port, step, delay_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Takes no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._relay, args=[client, server], daemon=True).start()

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        trips = Trips("", self._server)
        self.trips.append(trips)
        reader = _Reader(trips, self._step)
        has_asked = False
        with client, server, suppress(OSError):
            while True:
                for end in select.select([client, server], [], [])[0]:
                    data = end.recv(1 << 16)
                    if not data:
                        return
                    if end is client:
                        reader.feed(data)
                        if not has_asked:
                            time.sleep(self._delay_s)
                        has_asked = True
                        server.sendall(data)
                        continue
                    if has_asked:
                        time.sleep(self._delay_s)
                        trips.by_step[self._step()] += 1
                        has_asked = False
                    client.sendall(data)


class _Reader:
    """Messages of a client, put together from what arrives."""

    def __init__(self, trips: Trips, step: Callable[[], str]) -> None:
        self._trips, self._step = trips, step
        self._left = b""
        self._has_started = False

    def feed(self, data: bytes) -> None:
        """Takes note of the statements in these bytes."""
        self._left += data
        while len(self._left) >= HEADER + 3:
            if not self._has_started:
                (size, version) = struct.unpack("!II", self._left[:8])
                message, self._left = self._left[:size], self._left[size:]
                if version == STARTUP:
                    self._has_started = True
                    words = message[8:].split(b"\0")
                    named = dict(zip(words[::2], words[1::2], strict=False))
                    self._trips.name = named.get(b"application_name", b"").decode()
                continue
            kind, (size,) = self._left[:1], struct.unpack("!I", self._left[1:HEADER])
            if len(self._left) < size + 1:
                return
            self._note(kind, self._left[HEADER : size + 1])
            self._left = self._left[size + 1 :]

    def _note(self, kind: bytes, body: bytes) -> None:
        if kind == b"P":
            body = body.split(b"\0", 1)[1]
        if kind in (b"Q", b"P"):
            text = body.split(b"\0", 1)[0].decode(errors="replace")
            self._trips.statements.append((self._step(), text))


@contextmanager
def relayed(
    server: str, port: int, step: Callable[[], str], delay_s: float = 0.0
) -> Iterator[Relay]:
    """A relay, for the length of the block; see `Relay`."""
    relay = Relay(server, port, step, delay_s)
    try:
        yield relay
    finally:
        relay.close()
