"""A project whose destination comes in by a reverse tunnel."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

from pgsync_assets.embedded.loopback import free_port

from .conftest import CliProject


class Customers(CliProject):
    """A project whose destination comes in by the reverse tunnel `acme`."""

    port: int = 0

    def written(self, home: Path) -> None:
        """Writes it; the customer's key is what `invite` says they should make."""
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(home / "pgsync_acme")
        (home / "pgsync_acme").chmod(0o600)
        line = key.export_public_key().decode().strip()
        self.port = free_port()
        more = {"acme": {"port": self.port, "public_keys": [line]}}
        self.connections(crm={"tunnel": {"reverse": "acme"}, "sslmode": "disable"})
        file = self.folder / "connections" / "defs.yaml"
        indented = json.dumps(more)
        file.write_text(f"{file.read_text()}  reverse_tunnels: {indented}\n")

    @contextmanager
    def serving(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        """The gateway in a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "pgsync_assets.cli", "tunnel", "serve", *options],
            env=os.environ | {"PGSYNC_DEFS": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell that starts jobs with `&` ignores SIGINT, and so would our child.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def customers_of(project: CliProject, home: Path) -> Customers:
    """The project as one of customers.

    Args:
        project: a right one, with direct connections.
        home: a folder that gets the customer's key.
    """
    made = Customers(project.folder, project.pair, project.environment)
    made.written(home)
    return made
