"""A file that a shell reads, so that commands in it find what was started in another one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .state import write_private


def write_environment_file(file: Path, variables: Mapping[str, str]) -> None:
    """Writes variables for its owner only; a shell reads them with `set -a; . FILE; set +a`.

    Args:
        file: in the state folder.
        variables: by name; secrets among them.
    """
    write_private(file, "".join(f"{name}={_quoted(value)}\n" for name, value in variables.items()))


def _quoted(value: str) -> str:
    """A value in the quotes of a shell."""
    return "'" + value.replace("'", "'\\''") + "'"
