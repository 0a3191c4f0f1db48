"""Telling a listener where a run is."""

from __future__ import annotations

import time

from ..outcome import Listener, Progress


class Reporter:
    """Reports the steps of one run, and how long each took.

    Args:
        sync: name of the sync.
        partition: name of the partition, if any.
        listener: is told.
    """

    def __init__(self, sync: str, partition: str | None, listener: Listener) -> None:
        self._sync = sync
        self._partition = partition
        self._listener = listener
        self._began = time.monotonic()
        self._step = "connect"
        self._step_began = self._began
        self.seconds: dict[str, float] = {}

    def step(self, name: str, total: int = 0) -> None:
        """A step begins: connect, recover, plan, guard, write or advance."""
        now = time.monotonic()
        self.seconds[self._step] = self.seconds.get(self._step, 0.0) + now - self._step_began
        self._step, self._step_began = name, now
        self.rows(0, total, 0)

    def rows(self, done: int, total: int, rejected: int) -> None:
        """Rows of the step that are done, of how many, and how many were refused so far."""
        elapsed = time.monotonic() - self._began
        self._listener(
            Progress(self._sync, self._partition, self._step, done, total, rejected, elapsed)
        )

    def finish(self) -> dict[str, float]:
        """Seconds by step, and `total`."""
        self.step("done")
        return self.seconds | {"total": time.monotonic() - self._began}


def silent(_: Progress) -> None:
    """Listens to nothing."""
