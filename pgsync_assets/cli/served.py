"""Serving the Dagster UI, with words for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..embedded.dagster_dev import serve
from ..embedded.loopback import HOST, is_free
from ..errors import EmbeddedError
from .terminal import Terminal


def refuse_taken(port: int) -> None:
    """Makes sure that nobody listens on the UI's port, before minutes are spent on other things.

    Raises:
        EmbeddedError: somebody does.
    """
    if not is_free(port):
        raise EmbeddedError(f"port {port} on {HOST} is taken", "choose another one with --port")


def serve_until_ctrl_c(
    terminal: Terminal, environment: Mapping[str, str], port: int, home: Path
) -> None:
    """Serves the UI until Ctrl-C, which is the way to end it and no error.

    Args:
        terminal: says where the UI is.
        environment: what Dagster and the connections read, on top of this process's own.
        port: of the UI.
        home: of Dagster.

    Raises:
        EmbeddedError: Dagster does not start, or stops by itself.
    """

    def ready(address: str) -> None:
        terminal.say(f"The Dagster UI is at {address}; Ctrl-C stops everything.")
        terminal.document({"url": address})

    terminal.say("", "Starting the Dagster UI ...")
    serve(environment, port, home, ready)
    terminal.say("Stopping ...")
