"""The folder of a cluster and what it keeps between two starts: port and password."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pgsync_assets.errors import EmbeddedError


@dataclass(frozen=True)
class State:
    """Contents of the state file of one cluster.

    Args:
        port: TCP port of the last start, or 0 before the first one.
        password: the superuser's password, never printed.
    """

    port: int = 0
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def with_port(self, port: int) -> State:
        """Return the same state at another port."""
        return replace(self, port=port)


def load(path: Path) -> State | None:
    """Read a state file; None where there is none yet.

    Raises:
        EmbeddedError: it belongs to another user, or is not what `save` writes.
    """
    content = read_private(path)
    if content is None:
        return None
    try:
        return State(**json.loads(content))
    except (TypeError, ValueError):
        raise EmbeddedError(
            f"{path} is not a state file of this program",
            f"Move {path.parent} away; the next start makes a new one.",
        ) from None


def save(path: Path, state: State) -> None:
    """Write a state file that only its owner can read."""
    write_private(path, json.dumps(asdict(state)))


def read_private(path: Path) -> str | None:
    """Read one of our secret files; None where it does not exist."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except PermissionError:
        raise EmbeddedError(
            f"{path} belongs to another user",
            "Use --dir with a folder of your own, or run this as the user who made it.",
        ) from None


def write_private(path: Path, content: str) -> None:
    """Replace a file in one step by one with mode 0600, owned by the owner of its folder."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(fresh, folder.st_uid, folder.st_gid)
    fresh.replace(path)


def make_folder(directory: Path) -> None:
    """Make a folder that other users can pass through but not list; an existing one stays."""
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        pass  # kept as it is; another start may have made it a moment ago
    else:
        directory.chmod(0o711)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise EmbeddedError(
            f"{directory} cannot be written by this user", "Use --dir with a folder of your own."
        )
