"""The gateway in a thread, and customers with the real OpenSSH client."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import pytest

from pgsync_assets.cli.gateway_key import public_line
from pgsync_assets.cli.invitation import Invitation
from pgsync_assets.config import ReverseTunnelConfig
from pgsync_assets.connect.gateway import Gateway, Happened
from pgsync_assets.embedded.loopback import HOST, free_port

from .fix_ssh import write_key


def until(condition: Callable[[], bool], seconds: float = 20.0) -> float:
    """Waits for a condition; how many seconds it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - began


@dataclass
class Running:
    """A gateway that serves the customers `acme` and `other`.

    Args:
        folder: of the customers' keys, `pgsync_acme` and `pgsync_other`.
    """

    folder: Path
    log: list[Happened] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self.tunnels = {name: self._customer(name) for name in ("acme", "other")}
        host_key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
        self.host_key = public_line(host_key)
        self._gateway = Gateway(self.tunnels, host_key, self.log.append)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        until(lambda: self.port > 0)

    def stop(self) -> None:
        """Ends it, as a cancelled task."""
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def said(self, *words: str) -> list[Happened]:
        """Lines of the log with all of these words, in the event or the message."""
        return [
            line
            for line in self.log
            if all(word in f"{line.event} {line.message}" for word in words)
        ]

    def invitation(self, database_port: int, name: str = "acme") -> Invitation:
        """What a customer is told."""
        config = self.tunnels[name]
        database = (HOST, database_port)
        return Invitation(
            name, config.port, config.public_keys, HOST, self.port, self.host_key, database
        )

    def command(self, invitation: Invitation, *changes: tuple[str, str]) -> list[str]:
        """The invitation's command, with our folder for the customer's home, and changes."""
        (self.folder / "pgsync_known_hosts").unlink(missing_ok=True)
        told = invitation.known_hosts_command.replace("~/.ssh", str(self.folder))
        subprocess.run(told, shell=True, check=True)  # noqa: S602 - as the customer does
        text = invitation.ssh.replace("~/.ssh", str(self.folder)).replace("ssh ", "ssh -F none ", 1)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return shlex.split(text)

    @contextmanager
    def dialled(
        self, database_port: int, *changes: tuple[str, str]
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A customer whose port is open for the length of the block."""
        before = len(self.said("opened"))
        client = subprocess.Popen(self.command(self.invitation(database_port), *changes))
        try:
            until(lambda: len(self.said("opened")) > before)
            yield client
        finally:
            client.kill()
            client.wait()

    def _customer(self, name: str) -> ReverseTunnelConfig:
        key = asyncssh.read_private_key(write_key(self.folder / f"pgsync_{name}"))
        line = key.export_public_key().decode().strip()
        return ReverseTunnelConfig(public_keys=(line,), port=free_port())

    def _serve(self) -> None:
        def ready(port: int) -> None:
            self.port = port

        self._task = self._loop.create_task(self._gateway.serve(HOST, 0, ready))
        try:
            self._loop.run_until_complete(asyncio.wait({self._task}))
        finally:
            self._loop.close()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Running]:
    """A running gateway."""
    running = Running(tmp_path)
    yield running
    running.stop()
