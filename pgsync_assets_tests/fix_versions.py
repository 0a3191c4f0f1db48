"""Servers of every version, from npm by a lock file; the suite may be run between two of them.

PGSYNC_TEST_SOURCE=pg12 and PGSYNC_TEST_DESTINATION=pg15 replace the servers of all tests that ask
for `source_server` and `destination_server`; without them both are the embedded one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pgsync_assets.embedded.binaries import Binaries

from .fix_needs import program

LOCKED = Path(__file__).parent / "versions"
TOO_OLD = "pg11"
VERSIONS = ("pg12", "pg13", "pg14", "pg15", "pg16", "pg17", "pg18")


def chosen(request: pytest.FixtureRequest, variable: str) -> Binaries | None:
    """The programs of the version that a variable names; None for the embedded ones."""
    name = os.environ.get(variable)
    if name is None:
        return None
    if name not in VERSIONS:
        raise pytest.UsageError(f"{variable}: {name} is none of {', '.join(VERSIONS)}")
    return binaries_of(request.getfixturevalue("installed"), name)


def binaries_of(installed: Path, name: str) -> Binaries:
    """The programs of a version."""
    return Binaries(installed / name / "native" / "bin", "npm")


@pytest.fixture(scope="session")
def installed(state_folder: Path) -> Path:
    """The programs of all versions, by the lock file, where every user can run them."""
    folder = state_folder / "versions"
    folder.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(LOCKED / name, folder)
    # No script of a package runs here; what theirs does, restoring links, is done below.
    command = [str(program("npm")), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    for version in (TOO_OLD, *VERSIONS):
        _complete(folder / "node_modules" / version)
    return folder / "node_modules"


def _complete(package: Path) -> None:
    """An npm package cannot hold links, and not always says who may run what."""
    links = json.loads((package / "native" / "pg-symlinks.json").read_text(encoding="utf-8"))
    for link in links:
        target = package / link["target"]
        target.unlink(missing_ok=True)
        target.symlink_to(Path(link["source"]).name)
    for file in (package / "native" / "bin").iterdir():
        file.chmod(0o755)
