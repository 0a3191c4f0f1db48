"""A served demo and a real browser, started once for all tests of a module.

Not for the whole session: while Playwright runs, no other test of the thread can use asyncio.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.loopback import free_port

from ..fix_needs import program

START_TIMEOUT_S = 300
PAGE_TIMEOUT_MS = 60_000
BROWSER_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


class ServedDemo:
    """`pgsync-assets demo` as a child of ours.

    Args:
        folder: is made its state folder, and holds what it says in `said.txt`.
    """

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.url = f"http://127.0.0.1:{free_port()}"
        self._said = folder / "said.txt"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        """What the last start has printed so far."""
        return self._said.read_text(encoding="utf-8")

    @property
    def cluster(self) -> Cluster:
        """The server of the demo's two databases."""
        return Cluster(self.state / "demo")

    def start(self) -> None:
        """Starts it and waits until the UI is there."""
        command = [sys.executable, "-m", "pgsync_assets.cli", "demo"]
        options = ["--dir", str(self.state), "--port", self.url.rsplit(":", 1)[1]]
        foreign = ("PGSYNC_", "DAGSTER_")
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [*command, *options],
                stdout=said,
                stderr=subprocess.STDOUT,
                env={n: v for n, v in os.environ.items() if not n.startswith(foreign)},
                # A shell that starts jobs with `&` ignores SIGINT, and so would our child.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        for _ in range(START_TIMEOUT_S):
            if "The Dagster UI is at" in self.said:
                return
            assert self._process.poll() is None, self.said
            time.sleep(1)
        raise AssertionError(self.said)

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

    def passwords(self) -> list[str]:
        """Every password that the demo made up."""
        roles = json.loads((self.state / "passwords.json").read_text(encoding="utf-8"))
        return [*roles.values(), self.cluster.password, Cluster(self.state / "platform").password]


@pytest.fixture(scope="module")
def demo() -> Iterator[ServedDemo]:
    """A demo that has done its syncs and serves the UI."""
    with tempfile.TemporaryDirectory(prefix="pgsync_ui_") as name:
        Path(name).chmod(0o711)  # the server must not run as root
        served = ServedDemo(Path(name))
        try:
            served.start()
            yield served
        finally:
            served.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program("chromium"), args=BROWSER_FLAGS)


@pytest.fixture
def page(demo: ServedDemo, browser: Browser) -> Iterator[Page]:
    """A fresh window on the demo, large enough that nothing has to be scrolled to."""
    expect.set_options(timeout=PAGE_TIMEOUT_MS)
    context = browser.new_context(base_url=demo.url, viewport={"width": 2600, "height": 1800})
    context.set_default_timeout(PAGE_TIMEOUT_MS)
    yield context.new_page()
    context.close()
