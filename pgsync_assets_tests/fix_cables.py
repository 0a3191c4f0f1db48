"""A host of its own at the other end of cables that can be pulled out: packets vanish, and neither
end hears of it.

It is a network namespace (`ip netns`), so that the kernel's TCP waits, tries again and gives up as
between two machines. The servers stay where they are; what goes to the host is a thread.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from .fix_needs import program

T = TypeVar("T")
CLONE_NEWNET = 0x40000000
NETWORK = "198.51.100"  # TEST-NET-2: nobody's
NOBODY = "02:00:00:00:00:01"


class Host:
    """A namespace with some cables to here.

    Args:
        cables: how many there are.
    """

    def __init__(self, cables: int) -> None:
        self._name = f"pgsync{os.getpid()}"
        # Workers of a test run have hosts of their own, in networks of four addresses.
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        self._first = 16 * worker
        self.addresses = [f"{NETWORK}.{self._first + 4 * n + 1}" for n in range(cables)]
        """Of this end of each cable: where a server has to listen."""
        self.network = f"{NETWORK}.0/24"
        """Where the host's own addresses are."""
        self._here = ThreadPoolExecutor(1)
        """A cable may be pulled out by who is there; the thread begins now, so it is from here."""
        self._ip("netns", "add", self._name)
        for cable, address in enumerate(self.addresses):
            near, far = self._near(cable), self._far(cable)
            self._ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", self._name)
            self._ip("address", "add", f"{address}/30", "dev", near)
            self._ip("link", "set", near, "up")
            self._there("address", "add", f"{self._theirs(cable)}/30", "dev", far)
            self._there("link", "set", far, "up")

    def pull_out(self, cable: int) -> None:
        """From now on nothing arrives at either end, and nothing says so: what is sent is for a
        network card that is not there, as when the cable behind a switch is pulled out.
        """
        for do, address, device in self._ends(cable):
            do("neighbour", "replace", address, "lladdr", NOBODY, "dev", device)

    def plug_in(self, cable: int) -> None:
        """What is sent arrives again."""
        for do, address, device in self._ends(cable):
            do("neighbour", "delete", address, "dev", device)

    def _ends(self, cable: int) -> list[tuple[Callable[..., None], str, str]]:
        """Of a cable: where it is, who is sent to from there, and by which device."""
        return [
            (self._ip, self._theirs(cable), self._near(cable)),
            (self._there, self.addresses[cable], self._far(cable)),
        ]

    def do(self, work: Callable[[], T]) -> T:
        """Does something there: sockets belong to the namespace of the thread that opens them, and
        so do those of the threads that it starts.

        Args:
            work: what is done.
        """
        with ThreadPoolExecutor(1, initializer=self._enter) as thread:
            return thread.submit(work).result()

    def remove(self) -> None:
        """Takes it away, with its devices."""
        self._ip("netns", "delete", self._name)
        self._here.shutdown()

    def _enter(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        with Path("/run/netns", self._name).open("rb") as namespace:
            if libc.setns(namespace.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")

    def _theirs(self, cable: int) -> str:
        return f"{NETWORK}.{self._first + 4 * cable + 2}"

    def _near(self, cable: int) -> str:
        return f"near{cable}-{os.getpid()}"

    def _far(self, cable: int) -> str:
        return f"far{cable}-{os.getpid()}"

    def _there(self, *words: str) -> None:
        self._ip("-n", self._name, *words)

    def _ip(self, *words: str) -> None:
        command = [str(program("ip")), *words]
        self._here.submit(lambda: subprocess.run(command, check=True)).result()


@contextmanager
def host(cables: int) -> Iterator[Host]:
    """A host for the length of the block.

    Args:
        cables: that lead to it.
    """
    found = Host(cables)
    try:
        yield found
    finally:
        found.remove()
