"""What a run shows while it goes on: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

if TYPE_CHECKING:
    from ..outcome import Progress

SECONDS_BETWEEN_LINES = 2.0

DOING = {
    "connect": "connecting",
    "recover": "looking for an unfinished run",
    "plan": "planning",
    "guard": "planned",
    "write": "writing",
    "advance": "advancing",
    "done": "done",
}


class ProgressDisplay:
    """Shows the progress of runs, one after another or several at once, from any thread.

    Call it with every `Progress`. A bar is there for each run under way, and for the last one.

    Args:
        console: where to show it; stderr, so that stdout carries results only.
        silent: show nothing (`--json`).
    """

    def __init__(self, console: Console, silent: bool = False) -> None:
        self._console = console
        self._silent = silent
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
        name = _name(progress)
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
        step = " ".join(filter(None, (_doing(progress), _rows(progress))))
        # A short run may be over before the next frame.
        bars.update(task, step=step, rejected=_rejected(progress), refresh=is_done)

    def _print_line(self, progress: Progress) -> None:
        now = time.monotonic()
        is_due = now - self._last_line >= SECONDS_BETWEEN_LINES
        name = _name(progress)
        self._rows_sent[name] = progress.rows_total or self._rows_sent.get(name, 0)
        if not is_due and progress.step != "done":
            return
        rows = _rows(progress)
        if progress.step == "done":
            rows = f"with {self._rows_sent.pop(name):,} rows"
        self._last_line = now
        told = (rows, _rejected(progress), f"{progress.seconds:.1f} s")
        line = f"{name}: {_doing(progress)} {', '.join(filter(None, told))}"
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


def _doing(progress: Progress) -> str:
    return DOING.get(progress.step, progress.step)


def _rejected(progress: Progress) -> str:
    return f"{progress.rejected:,} rejected" if progress.rejected else ""


def _name(progress: Progress) -> str:
    return " ".join(part for part in (progress.sync, progress.partition) if part)


def _rows(progress: Progress) -> str:
    if not progress.rows_total:
        return ""
    return f"{progress.rows_done:,} of {progress.rows_total:,} rows"
