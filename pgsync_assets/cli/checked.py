"""How the lines of a check are shown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from ..check_result import CheckResult, CheckState
from .terminal import Terminal, table

WORDS: dict[CheckState, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "warning": ("WARNING", "yellow"),
    "failed": ("FAILED", "bold red"),
    "skipped": ("-", "dim"),
}


def show_checked(terminal: Terminal, heading: str, results: Sequence[CheckResult]) -> None:
    """Prints a table with a line for each result, and below it what to do.

    Args:
        terminal: where to.
        heading: what was checked.
        results: in order.
    """
    rows = [
        (
            Text(*WORDS[one.state]),
            one.name,
            "" if one.state == "skipped" else f"{one.seconds:.2f}",
            one.detail,
        )
        for one in results
    ]
    terminal.say("", heading)
    terminal.show(table("", "check", "s", "what was found", rows=rows, numbers=["s"]))
    for one in results:
        if one.remedy:
            # On lines of their own and never broken: a GRANT is there to be copied.
            terminal.say(f"-> {one.name}:", *one.remedy.splitlines())
