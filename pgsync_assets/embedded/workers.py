"""Workers as children of ours: Celery processes that do Dagster's runs, one at a time each.

One that ends by itself is started again, after a wait that grows. To stop is to take no more runs
and to finish those that are on; `interrupt` ends those as well, and Dagster has another worker do
them.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pgsync_assets.embedded import child

APP = "pgsync_assets.assets.workers.app"
# Loaded once, before a process is forked for each run; what a project defines is read by the run.
PRELOADED = "pgsync_assets.definitions,pgsync_assets.sync"
LOOK_EVERY_S = 0.2
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
STEADY_AFTER_S = 60.0
FINISH, INTERRUPT = signal.SIGTERM, signal.SIGQUIT


@dataclass
class _Worker:
    name: str
    process: subprocess.Popen[bytes]
    begun: float
    wait_s: float = FIRST_WAIT_S
    again_at: float | None = None


class Workers:
    """Workers of this machine, for the length of a `with` block.

    Args:
        count: so many processes, each with one run at a time.
        environment: what they and the runs read, on top of this process's own: `DAGSTER_HOME`,
            Dagster's storage, `PGSYNC_BROKER`, what the connections need.
        queues: that they listen to.
        log: takes their output; None: they say it where we do.
        on_restart: is told when one has ended by itself: its name, and how.
    """

    def __init__(
        self,
        count: int,
        environment: Mapping[str, str],
        *,
        queues: tuple[str, ...] = ("dagster",),
        log: Path | None = None,
        on_restart: Callable[[str, str], None] = lambda name, how: None,
    ) -> None:
        self._names = [f"{os.getpid()}-{number}" for number in range(1, count + 1)]
        self._environment = {**os.environ, **environment}
        self._queues = queues
        self._log = log
        self._on_restart = on_restart
        self._workers: list[_Worker] = []
        self._is_over = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="pgsync workers")

    def __enter__(self) -> Workers:
        for name in self._names:
            self._workers.append(_Worker(name, self._start(name), time.monotonic()))
        self._supervisor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.interrupt()

    @property
    def processes(self) -> list[subprocess.Popen[bytes]]:
        """The worker processes, in the order of their numbers."""
        return [worker.process for worker in self._workers]

    def finish(self) -> None:
        """Takes no more runs, and returns when those that are on have ended."""
        self._let_go()
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(FINISH)
        for process in self.processes:
            process.wait()

    def interrupt(self) -> None:
        """Ends all of them now, and what they do."""
        self._let_go()
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(INTERRUPT)
        for process in self.processes:
            child.stop(process, [INTERRUPT])

    def _let_go(self) -> None:
        self._is_over.set()
        if self._supervisor.is_alive():
            self._supervisor.join()

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        celery = [sys.executable, "-m", "celery", "--quiet", "--app", APP, "worker"]
        who = ["--hostname", f"{name}@{socket.gethostname()}", "--queues", ",".join(self._queues)]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        command = [*celery, *who, *quiet, "--include", PRELOADED, "--loglevel", "WARNING"]
        return child.start(command, self._environment, self._log, FINISH)

    def _supervise(self) -> None:
        while not self._is_over.wait(LOOK_EVERY_S):
            for worker in self._workers:
                self._look_after(worker)

    def _look_after(self, worker: _Worker) -> None:
        now, code = time.monotonic(), worker.process.poll()
        if code is None:
            return
        if worker.again_at is None:
            is_steady = now - worker.begun > STEADY_AFTER_S
            worker.wait_s = FIRST_WAIT_S if is_steady else min(2 * worker.wait_s, LONGEST_WAIT_S)
            worker.again_at = now + worker.wait_s
            self._on_restart(worker.name, f"signal {-code}" if code < 0 else f"exit code {code}")
        elif now >= worker.again_at:
            worker.process, worker.begun, worker.again_at = self._start(worker.name), now, None
