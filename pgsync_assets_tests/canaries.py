"""Secrets that give themselves away, and the search for them: one scanner for the whole suite.

Every password and passphrase that a fixture gives to our code is a canary: it holds a mark that
nothing else holds. `fix_canaries` looks for it wherever a test leaves anything to be read.
"""

from __future__ import annotations

import os
import secrets
import stat
import subprocess
import weakref
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

MARK = f"CANARY-{secrets.token_hex(8)}"
MOST_FILES = 500
MOST_BYTES = 2**20  # of one file
_marks: dict[str, bytes] = {MARK: MARK.encode()}
_findings: list[str] = []
_children: weakref.WeakSet[subprocess.Popen[bytes]] = weakref.WeakSet()


def canary(more: str = "") -> str:
    """A secret that is recognised wherever it is shown.

    Args:
        more: characters that it has to have, too.
    """
    return f"{MARK} {more}" if more else MARK


def watch(secret: str) -> None:
    """Makes a secret a canary that cannot be chosen, as a key."""
    _marks[secret] = secret.encode()


def is_shown(text: str) -> bool:
    """Whether a text holds a canary."""
    return any(mark in text for mark in _marks)


def look(where: str, text: str | bytes | None) -> None:
    """Looks for canaries; what is found costs the test that is under way.

    Args:
        where: the text came from, for the message.
        text: to be searched.
    """
    if not text:
        return
    if isinstance(text, bytes):
        found = next((mark for mark in _marks.values() if mark in text), None)
        text = text.decode(errors="replace") if found else ""
    if is_shown(text):
        _findings.append(f"{where}: {_around(text)}")


def hidden(text: str) -> str:
    """A text without the canaries in it."""
    for mark in _marks:
        text = text.replace(mark, "<canary>")
    return text


def _around(text: str) -> str:
    text = hidden(text)
    at = text.index("<canary>")
    return text[max(0, at - 80) : at + 80]


def look_into_files(folder: Path) -> None:
    """Looks into the files of a folder that others may read."""
    for path in islice(_files(folder), MOST_FILES):
        with suppress(OSError):  # gone meanwhile
            found = path.lstat()
            if stat.S_ISREG(found.st_mode) and found.st_mode & 0o077 and found.st_size < MOST_BYTES:
                look(f"file {path.name}", path.read_bytes())


def _files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in names:
            yield Path(root, name)


def started(process: subprocess.Popen[bytes]) -> None:
    """Takes note of a child of ours, whose children are looked at, too."""
    _children.add(process)


def look_at_processes() -> None:
    """Looks at the arguments of every process that descends from a child that lives."""
    waiting = [process.pid for process in _children if process.returncode is None]
    while waiting:
        pid = waiting.pop()
        with suppress(OSError):  # gone, or not on Linux
            look(f"arguments of process {pid}", Path(f"/proc/{pid}/cmdline").read_bytes())
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]


def taken() -> list[str]:
    """What was found since this was asked last."""
    found = list(dict.fromkeys(_findings))
    _findings.clear()
    return found
