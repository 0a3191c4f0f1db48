"""A command of ours that serves the Dagster UI, as a child that is ended by Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from pgsync_assets.embedded.loopback import free_port

START_TIMEOUT_S = 300


class Served:
    """`pgsync-assets demo` or `up`.

    Args:
        folder: of the test; its state folder is made there, and `said.txt`.
        command: with its own options.
        environment: on top of ours, without what belongs to Dagster or to us.
    """

    def __init__(self, folder: Path, *command: str, environment: Mapping[str, str]) -> None:
        self.state = folder / "state"
        self.url = f"http://127.0.0.1:{free_port()}"
        self._command = command
        self._environment = environment
        self._said = folder / "said.txt"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        """What the last start has printed so far."""
        return self._said.read_text(encoding="utf-8")

    def start(self) -> None:
        """Starts it and waits until the UI is there."""
        options = ["--dir", str(self.state), "--port", self.url.rsplit(":", 1)[1]]
        foreign = ("PGSYNC_", "DAGSTER_")
        ours = {name: v for name, v in os.environ.items() if not name.startswith(foreign)}
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pgsync_assets.cli", *self._command, *options],
                stdout=said,
                stderr=subprocess.STDOUT,
                env={**ours, **self._environment},
                # A shell that starts jobs with `&` ignores SIGINT, and so would our child.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while "The Dagster UI is at" not in self.said:
            assert self._process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    def press_ctrl_c(self) -> int:
        """Ends it as its user does. Its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(timeout=120)

    def stop(self) -> None:
        """Ends it if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self.press_ctrl_c()

    def processes(self) -> list[str]:
        """Command lines of all processes that know our state folder, except ourselves."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes()
                known = command + (folder / "environ").read_bytes()
            except OSError:  # it has just ended, or belongs to somebody else
                continue
            if str(self.state).encode() in known:
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
        return found
