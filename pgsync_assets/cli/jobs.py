"""Partitions side by side: each job is a thread with connections of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue

from ..config import Partition, SyncConfig
from ..errors import ConfigurationError
from ..outcome import Listener, Outcome, Progress

MOST_JOBS = 64
SECONDS_TO_STOP = 2.0
"""How long interrupted jobs may take to roll back; PostgreSQL does it when we are gone, too."""

Run = Callable[[Partition | None], Outcome]
"""Runs one partition on connections that are open already."""

Opened = Callable[[Listener], AbstractContextManager[Run]]
"""Opens connections of a job; what it runs tells the listener where it is."""


class Stopped(BaseException):
    """Raised inside a job by its own listener: somebody has interrupted the command."""


def check_jobs(sync: SyncConfig, jobs: int) -> None:
    """Makes sure that the partitions of a sync may run side by side.

    Args:
        sync: the sync.
        jobs: how many at once.

    Raises:
        ConfigurationError: it has no partitions, or they have to take turns.
    """
    if jobs == 1 or sync.partitions_run_at_once:
        return
    if sync.partitions is None:
        raise ConfigurationError(
            f"the sync {sync.name!r} has no partitions that could run side by side",
            "leave --jobs out, or cut it: partitions: {hash: 8}",
        )
    raise ConfigurationError(
        f"the partitions of {sync.name!r} take turns: {sync.partitions.by!r} is not one of its key "
        f"({', '.join(sync.model.key)}), so that a row could move while both of its partitions run",
        "leave --jobs out, or cut by the key: partitions: {hash: 8}",
    )


def run_all(
    partitions: Sequence[Partition | None], jobs: int, opened: Opened, listener: Listener
) -> Iterator[Outcome]:
    """Runs partitions, as many at once as there are jobs, and yields what each of them did.

    The first error lets the others finish what they are at; then it is raised.

    Args:
        partitions: what to run, the first one first.
        jobs: how many at once; one runs in this very thread.
        opened: opens the connections of one job.
        listener: is told about all of them.
    """
    if jobs == 1 or len(partitions) == 1:
        with opened(listener) as run:
            yield from map(run, partitions)
        return
    yield from _Jobs(partitions, opened, listener).outcomes(min(jobs, len(partitions)))


class _Jobs:
    def __init__(
        self, partitions: Sequence[Partition | None], opened: Opened, listener: Listener
    ) -> None:
        self._opened = opened
        self._listener = listener
        self._ends = threading.Event()  # nothing more is begun
        self._stops = threading.Event()  # what was begun is given up
        self._waiting: SimpleQueue[Partition | None] = SimpleQueue()
        self._done: SimpleQueue[Outcome | BaseException | None] = SimpleQueue()
        for partition in partitions:
            self._waiting.put(partition)

    def outcomes(self, jobs: int) -> Iterator[Outcome]:
        # Daemons: a job that hangs in a network must not keep an interrupted command alive.
        threads = [threading.Thread(target=self._job, daemon=True) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        try:
            yield from self._collected(jobs)
        except BaseException:
            self._stops.set()
            deadline = time.monotonic() + SECONDS_TO_STOP
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
            raise

    def _collected(self, jobs: int) -> Iterator[Outcome]:
        error: BaseException | None = None
        while jobs:
            found = self._done.get()
            if found is None:
                jobs -= 1
            elif isinstance(found, Outcome):
                yield found
            else:
                error = error or found
        if error is not None:
            raise error

    def _job(self) -> None:
        try:
            with self._opened(self._tell) as run:
                while not self._ends.is_set():
                    self._done.put(run(self._waiting.get_nowait()))
        except Empty:
            pass
        except BaseException as error:  # of a thread: whoever collects raises it
            self._ends.set()
            self._done.put(error)
        finally:
            self._done.put(None)

    def _tell(self, progress: Progress) -> None:
        if self._stops.is_set():
            raise Stopped
        self._listener(progress)
