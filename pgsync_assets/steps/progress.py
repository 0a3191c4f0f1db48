"""Telling a listener where a run is, how fast, and for how long still."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from ..outcome import Listener, Progress
from ..record import Spent

WINDOW_S = 10.0
"""The rate is that of the last so many seconds: a run that slows down says so."""

PULSE_S = 5.0
"""A statement that takes long says nothing meanwhile: the listener is told again after this."""

SHORTEST_S = 0.001
"""What took less is not told: that of another run, but for the clock."""


class Pace:
    """Rows per second of late, of one step.

    Args:
        now: when it began, in seconds of any clock.
        done: rows that were done then.
    """

    def __init__(self, now: float, done: int = 0) -> None:
        self._seen = deque([(now, done)])

    def rate(self, now: float, done: int) -> float | None:
        """Rows per second; None where nothing was done yet.

        Args:
            now: by the same clock.
            done: rows of the step that are done.
        """
        if self._seen[-1][1] != done:
            self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW_S:
            self._seen.popleft()
        began, before = self._seen[0]
        return (done - before) / (now - began) if done > before and now > began else None


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
        self._began = self._told_at = time.monotonic()
        self._step = "connect"
        self._step_began = self._began
        self._pace = Pace(self._began)
        self._rows = (0, 0, 0)
        self._lock = threading.Lock()
        self.seconds: dict[str, float] = {}
        self._bytes = self._bytes_read = 0
        self._settled = Spent()

    def step(self, name: str, total: int = 0, done: int = 0) -> None:
        """A step begins: connect, recover, plan, guard, write or advance.

        Args:
            name: of the step.
            total: rows that it has; 0: not known.
            done: of those, by an earlier run.
        """
        now = time.monotonic()
        self.seconds[self._step] = self.seconds.get(self._step, 0.0) + now - self._step_began
        with self._lock:
            self._step, self._step_began = name, now
            self._pace = Pace(now, done)
            self._rows = (done, total, 0)  # or a pulse would tell those of the step before
        self._tell()

    def rows(self, done: int, total: int, rejected: int) -> None:
        """Rows of the step that are done, of how many, and how many were refused so far."""
        self._rows = (done, total, rejected)
        self._tell()

    def sent(self, size: int) -> None:
        """So many bytes of row data more are at the destination."""
        self._bytes += size

    def read(self, size: int) -> None:
        """So many bytes more were read from the source."""
        self._bytes_read += size

    def spent(self) -> Spent:
        """What was spent since a run was settled last: one may finish another before its own."""
        all_of_it, before = self._all_spent(), self._settled
        seconds = {
            step: took - before.seconds.get(step, 0.0) for step, took in all_of_it.seconds.items()
        }
        return Spent(
            all_of_it.bytes - before.bytes,
            all_of_it.bytes_read - before.bytes_read,
            {step: took for step, took in seconds.items() if took >= SHORTEST_S},
        )

    def settled(self) -> None:
        """A run is settled: what is spent from here on is another one's."""
        self._settled = self._all_spent()

    def _all_spent(self) -> Spent:
        step = self._step
        elapsed = self.seconds.get(step, 0.0) + time.monotonic() - self._step_began
        return Spent(self._bytes, self._bytes_read, self.seconds | {step: elapsed})

    def finish(self) -> dict[str, float]:
        """Seconds by step, and `total`."""
        self.step("done")
        return self.seconds | {"total": time.monotonic() - self._began}

    @contextmanager
    def pulsing(self) -> Iterator[None]:
        """Tells the listener now and then for the length of the block, from another thread."""
        over = threading.Event()
        pulse = threading.Thread(target=self._pulse, args=[over], name="pgsync pulse", daemon=True)
        pulse.start()
        try:
            yield
        finally:
            over.set()
            pulse.join()  # nobody is told of a run that is over

    def _pulse(self, over: threading.Event) -> None:
        while not over.wait(max(0.01, self._told_at + PULSE_S - time.monotonic())):
            if time.monotonic() - self._told_at >= PULSE_S:
                try:
                    self._tell()
                except BaseException:  # of the listener: the run's own thread hears of it
                    return

    def _tell(self) -> None:
        now = time.monotonic()
        with self._lock:
            self._told_at = now
            done, total, rejected = self._rows
            rate = self._pace.rate(now, done)
            progress = Progress(
                self._sync,
                self._partition,
                self._step,
                done,
                total,
                rejected,
                now - self._began,
                rate,
                (total - done) / rate if rate and total else None,
            )
        self._listener(progress)


def silent(_: Progress) -> None:
    """Listens to nothing."""
