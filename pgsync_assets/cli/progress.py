"""What a run shows while it goes on: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from ..progress_text import doing, name_of, numbers, rejected

if TYPE_CHECKING:
    from ..outcome import Progress

SECONDS_BETWEEN_LINES = 2.0


class ProgressDisplay:
    """Shows the progress of runs, one after another or several at once, from any thread.

    Call it with every `Progress`. A bar is there for each run under way, and for the last one.

    Args:
        console: where to show it; stderr, so that stdout carries results only.
        silent: show nothing (`--json`).
        partitions: names of all that are run.
    """

    def __init__(
        self, console: Console, silent: bool = False, partitions: Sequence[str | None] = ()
    ) -> None:
        self._console = console
        self._silent = silent
        self._partitions = partitions
        self._bars = _bars(console) if console.is_terminal and not silent else None
        self._tasks: dict[str, TaskID] = {}
        self._done: set[str] = set()
        self._lock = threading.Lock()
        self._last_line = time.monotonic()
        self._rows_sent: dict[str, int] = {}

    def __enter__(self) -> ProgressDisplay:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars:
            self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        """Shows where a run is."""
        with self._lock:
            if self._bars:
                self._move_bar(self._bars, progress)
            elif not self._silent:
                self._print_line(progress)

    def _move_bar(self, bars: Bars, progress: Progress) -> None:
        name = name_of(progress, self._partitions)
        if name not in self._tasks:
            for done in self._done:
                bars.update(self._tasks[done], visible=False)
            self._tasks[name] = bars.add_task(name, total=None, rejected="", step="")
        task = self._tasks[name]
        is_done = progress.step == "done"
        self._done.discard(name)  # what is through with an unfinished run goes on with its own
        if is_done:
            self._done.add(name)
            bars.update(task, completed=1, total=1)
        elif progress.rows_total:
            bars.update(task, completed=progress.rows_done, total=progress.rows_total)
        step = " ".join(filter(None, (doing(progress), numbers(progress))))
        # A short run may be over before the next frame.
        bars.update(task, step=step, rejected=rejected(progress), refresh=is_done)

    def _print_line(self, progress: Progress) -> None:
        now = time.monotonic()
        is_due = now - self._last_line >= SECONDS_BETWEEN_LINES
        name = name_of(progress, self._partitions)
        self._rows_sent[name] = progress.rows_total or self._rows_sent.get(name, 0)
        if not is_due and progress.step != "done":
            return
        rows = numbers(progress)
        if progress.step == "done":
            rows = f"with {self._rows_sent.pop(name):,} rows"
        self._last_line = now
        told = (rows, rejected(progress), f"{progress.seconds:.1f} s")
        line = f"{name}: {doing(progress)} {', '.join(filter(None, told))}"
        self._console.print(line, soft_wrap=True)


def _bars(console: Console) -> Bars:
    return Bars(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20, complete_style="cyan", finished_style="green", pulse_style="cyan"),
        TextColumn("{task.fields[step]}"),
        TextColumn("{task.fields[rejected]}", style="yellow"),
        console=console,
        transient=True,
    )
