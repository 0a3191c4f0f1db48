"""Writing a fingerprint into a user's YAML: one line, and every comment stays where it is."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any

from .component import CONNECTIONS_TYPE
from .document import Document, Location, read_documents

KEY = "certificate_sha256"
_OWN_LINE = re.compile(rf"^(\s*){KEY}\s*:[^#]*?(\s*(?:#.*)?)$")


def pin_line(fingerprints: Sequence[str]) -> str:
    """The line of YAML that pins certificates.

    Args:
        fingerprints: of those that will do, at least one.
    """
    quoted = [f'"{one}"' for one in fingerprints]
    return f"{KEY}: {quoted[0]}" if len(quoted) == 1 else f"{KEY}: [{', '.join(quoted)}]"


def pinned(text: str, name: str, fingerprints: Sequence[str]) -> str | None:
    """The text of a file in which a connection pins certificates, and nothing else is changed.

    Args:
        text: of a file that holds the connection.
        name: of the connection.
        fingerprints: of the certificates that will do, at least one.

    Returns:
        None where it is not written so that a line could be added to it, as `{host: ..}`: each
        candidate is read again, and has to be what it was, with the pin.
    """
    documents, _ = read_documents(text, "")
    value = fingerprints[0] if len(fingerprints) == 1 else list(fingerprints)
    for document in documents:
        at: Location = ("attributes", "connections", name)
        if _holds(document.value, name):
            wanted = [_with_pin(one, one is document, name, value) for one in documents]
            candidates = _candidates(text, document, at, pin_line(fingerprints))
            return next((one for one in candidates if _values(one) == wanted), None)
    return None


def _holds(value: Any, name: str) -> bool:
    if not isinstance(value, dict) or value.get("type") != CONNECTIONS_TYPE:
        return False
    return isinstance(value["attributes"]["connections"].get(name), dict)


def _with_pin(document: Document, is_meant: bool, name: str, value: Any) -> Any:
    if not is_meant:
        return document.value
    changed = copy.deepcopy(document.value)
    changed["attributes"]["connections"][name][KEY] = value
    return changed


def _values(text: str) -> list[Any] | None:
    documents, problems = read_documents(text, "")
    return None if problems else [document.value for document in documents]


def _candidates(text: str, document: Document, at: Location, line: str) -> Iterator[str]:
    """Where the line could go: over an old one, else below `host`, else beside another key."""
    lines = text.splitlines(keepends=True)
    if (number := document.lines.get((*at, KEY))) is not None:
        ending = _ending(lines[number - 1])
        changed = _OWN_LINE.sub(
            lambda found: f"{found[1]}{line}{found[2]}", lines[number - 1].rstrip("\r\n")
        )
        yield "".join([*lines[: number - 1], changed + ending, *lines[number:]])
        return
    keys = [place for place in document.lines if place[:-1] == at]
    for place in sorted(keys, key=lambda place: place[-1] != "host"):
        number = document.lines[place]
        beside = lines[number - 1]
        indent = beside[: len(beside) - len(beside.lstrip())]
        new = indent + line + _ending(beside)
        for at_line in (number, number - 1):
            before = "".join(lines[:at_line])
            gap = "" if not before or before.endswith(("\n", "\r")) else "\n"
            yield "".join([before, gap, new, *lines[at_line:]])


def _ending(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :] or "\n"
