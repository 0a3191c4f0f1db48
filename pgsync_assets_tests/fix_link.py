"""A link to a server that can be pulled out: packets vanish, and no kernel acknowledges them.

Two ends of a virtual cable, the far one in a network namespace of its own, where a relay listens;
the relay's way on to the server is in ours. Linux, and the right to make namespaces.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HERE, THERE = "10.213.77.1", "10.213.77.2"
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Link:
    """A cable to a port of this machine.

    Args:
        name: of the far namespace, and the beginning of the names of both ends.
        port: of the server, on loopback.
    """

    host = THERE

    def __init__(self, name: str, port: int) -> None:
        self._name, self._upstream = name, port
        self._listener = self._listening()
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def pull_out(self) -> None:
        """What is sent from now on is lost, and nobody says so."""
        ip("-n", self._name, "link", "set", f"{self._name}1", "down")

    def put_in(self) -> None:
        """Packets arrive again."""
        ip("-n", self._name, "link", "set", f"{self._name}1", "up")

    def close(self) -> None:
        """Nobody is let in any more."""
        self._listener.close()

    def _listening(self) -> socket.socket:
        """A socket of the far namespace; a socket stays where it was made."""
        made: list[socket.socket] = []

        def there() -> None:  # a thread of its own: it is the thread that changes its namespace
            with Path("/run/netns", self._name).open() as namespace:
                if _libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.create_server((THERE, 0)))

        thread = threading.Thread(target=there)
        thread.start()
        thread.join()
        return made[0]

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._upstream))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(from_: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while data := from_.recv(65536):
            to.sendall(data)
    for end in (from_, to):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def link_to(port: int) -> Iterator[Link]:
    """A cable to a port of this machine, for the length of the block.

    Args:
        port: of the server, on loopback.
    """
    name = f"pg{os.getpid() % 100_000}"
    ip("netns", "add", name)
    try:
        ip("link", "add", f"{name}0", "type", "veth", "peer", "name", f"{name}1", "netns", name)
        ip("addr", "add", f"{HERE}/30", "dev", f"{name}0")
        ip("-n", name, "addr", "add", f"{THERE}/30", "dev", f"{name}1")
        ip("link", "set", f"{name}0", "up")
        ip("-n", name, "link", "set", f"{name}1", "up")
        link = Link(name, port)
        yield link
        link.close()
    finally:
        ip("netns", "del", name)


def ip(*arguments: str) -> None:
    """The program of that name."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
