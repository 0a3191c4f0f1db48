"""Where a command writes: text for people, or one JSON document for programs."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ..errors import GuardError, PgsyncError
from ..printable import printable


class Terminal:
    """Output of one command: results on stdout, progress and errors on stderr.

    With `--json` stdout carries exactly one JSON document. Colour appears on a terminal only, and
    never with NO_COLOR; text that is not on a terminal is 80 columns wide.

    Args:
        as_json: `--json` was given.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._out = Console(markup=False, emoji=False, highlight=False)
        self.progress_console = Console(stderr=True, markup=False, emoji=False, highlight=False)

    @property
    def width(self) -> int:
        """Characters of a line."""
        return self._out.width

    def say(self, *lines: str) -> None:
        """Prints lines for people; nothing with `--json`."""
        for line in lines if not self.as_json else ():
            self._out.print(printable(line), soft_wrap=True)

    def show(self, renderable: RenderableType) -> None:
        """Prints a table or another renderable for people; nothing with `--json`."""
        if not self.as_json:
            self._out.print(renderable)

    def document(self, value: object) -> None:
        """Prints the result for programs; nothing without `--json`."""
        if self.as_json:
            sys.stdout.write(json.dumps(plain(value), indent=2) + "\n")
            sys.stdout.flush()

    def fail(self, error: Mapping[str, Any], **done: object) -> None:
        """Says what went wrong: on stderr, and with `--json` as an object on stdout too.

        Args:
            error: `type`, `message` and `remedy` (or None).
            done: what was finished before, for programs.
        """
        self.complain(str(error["message"]), error.get("remedy"))
        self.document({**done, "error": error})

    def warn(self, message: str) -> None:
        """Prints on stderr what is to be minded."""
        self.progress_console.print(Text("Warning: ", style="yellow") + printable(message))

    def complain(self, message: str, remedy: str | None = None) -> None:
        """Prints an error on stderr: the message, and what to do about it."""
        for number, line in enumerate(message.splitlines() or [""]):
            begin = Text("Error: ", style="bold red") if number == 0 else Text("  ")
            self.progress_console.print(begin + printable(line), soft_wrap=True)
        for line in (remedy or "").splitlines():
            self.progress_console.print(Text("  -> ") + printable(line), soft_wrap=True)


@contextmanager
def lasting_stderr() -> Iterator[Console]:
    """A console on stderr as it is now, whatever becomes of the stream.

    Dagster sends what a step prints into its log, by turning the process's stderr into a file.
    """
    with os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding=sys.stderr.encoding) as stream:
        yield Console(file=stream, markup=False, emoji=False, highlight=False)


def error_object(error: PgsyncError) -> dict[str, Any]:
    """An error of ours as `--json` prints it."""
    held = {"plan": error.plan_id, "rows": error.rows} if isinstance(error, GuardError) else {}
    return {"type": type(error).__name__, "message": error.message, "remedy": error.remedy, **held}


def counted(number: int, noun: str) -> str:
    """`1 sync`, `2,000 syncs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def table(
    *headings: str, rows: Iterable[Iterable[str | Text]], numbers: Iterable[str] = ()
) -> Table:
    """A table that stays readable at 80 columns.

    Args:
        headings: of the columns.
        rows: cells; plain text is shown as it is, without markup.
        numbers: the headings of columns that are aligned to the right.
    """
    right = set(numbers)
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        if heading in right:
            made.add_column(heading, justify="right", no_wrap=True)
        else:
            made.add_column(heading, overflow="fold")
    for row in rows:
        made.add_row(*(Text(printable(cell)) if isinstance(cell, str) else cell for cell in row))
    return made


def plain(value: object) -> Any:
    """A result as JSON knows it: dataclasses with their properties, dates as ISO text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {name: plain(part) for name, part in (fields | _properties(value)).items()}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(part) for part in value]
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _properties(value: object) -> dict[str, Any]:
    public = {name: part for name, part in vars(type(value)).items() if not name.startswith("_")}
    return {
        name: getattr(value, name) for name, part in public.items() if isinstance(part, property)
    }


def short_path(file: Path) -> str:
    """A path as one would type it here."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)
