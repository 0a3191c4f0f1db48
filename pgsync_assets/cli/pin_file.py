"""A pin goes into the file that holds the connection; what cannot be read afterwards is undone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..config.pinning import pin_line, pinned
from ..errors import ConfigurationError, PgsyncError
from ..project import Project, read_project


def pin_in_file(project: Project, name: str, fingerprints: Sequence[str]) -> Path:
    """Writes `certificate_sha256` of a connection into its YAML; all else there stays as it is.

    Args:
        project: that holds the connection.
        name: of the connection.
        fingerprints: of the certificates that will do, at least one.

    Returns:
        The file that was changed.

    Raises:
        ConfigurationError: the connection is not written in a way that a line can be added to,
            the file may not be written, or the project could not be read with it.
    """
    by_hand = f"write it there yourself: {pin_line(fingerprints)}"
    file = project.files[name].resolve()  # a link stays one
    try:
        before = file.read_bytes()
        after = pinned(before.decode(), name, fingerprints)
        if after is None:
            raise ConfigurationError(
                f"{project.files[name]}: connection {name!r} is not written line by line", by_hand
            )
        _replace(file, after.encode())
    except OSError as error:
        raise ConfigurationError(
            f"{project.files[name]} cannot be written ({error.strerror})", by_hand
        ) from None
    try:
        read_project(project.folder)
    except PgsyncError:
        _replace(file, before)
        raise
    return project.files[name]


def _replace(file: Path, content: bytes) -> None:
    """Whole or not at all: Dagster may read it at any time."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(file.stat().st_mode & 0o7777)
        Path(name).replace(file)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise
