"""A file that is read as it was when it was opened, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import ModelError


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Opens a file, and looks at the end whether somebody has changed it meanwhile.

    Args:
        path: of the file.

    Raises:
        ModelError: it cannot be read, or it changed.
    """
    try:
        with path.open("rb") as file:
            before = _state(file)
            yield file
            if _state(file) != before:
                raise ModelError(
                    f"file {path}: was changed while it was read; nothing was loaded",
                    "let whoever writes it write another file, and rename it when it is complete",
                )
    except OSError as error:
        raise ModelError(
            f"file {path}: cannot be read: {error.strerror or type(error).__name__}",
            "the path is relative to the YAML file that names it",
        ) from None


def _state(file: IO[bytes]) -> tuple[int, int]:
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns
