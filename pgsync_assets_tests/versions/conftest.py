"""Every supported version of PostgreSQL, once as the source and once as the destination.

The other side is the newest one. Overriding `database_pair` is all it takes: `syncs` and whatever
stands on it then runs on both. Each version is started once, one at a time.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import Binaries
from pgsync_assets.embedded.servers import DESTINATION_ROLE, SOURCE_ROLE

from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, Side, database
from ..fix_needs import program
from ..fix_servers import running
from ..fix_syncs import ENGINES, Syncs

HERE = Path(__file__).parent
TOO_OLD = "pg11"
VERSIONS = ("pg12", "pg13", "pg14", "pg15", "pg16", "pg17", "pg18")
ALWAYS = ("pg12", "pg15", "pg18")
BETWEEN = "the oldest, the middle one and the newest are run always, and the road of a row on each"


@pytest.fixture(scope="session")
def installed(state_folder: Path) -> Path:
    """The programs of all versions, by the lock file, where every user can run them."""
    folder = state_folder / "versions"
    folder.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder)
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


def some_by_night() -> Iterator[object]:
    """All versions, of which those between the others wait for the night."""
    for name in VERSIONS:
        yield name if name in ALWAYS else pytest.param(name, marks=pytest.mark.nightly(BETWEEN))


@pytest.fixture(scope="session", params=some_by_night())
def server(
    request: pytest.FixtureRequest, installed: Path, state_folder: Path
) -> Iterator[Cluster]:
    """A running server of one version."""
    binaries = Binaries(installed / request.param / "native" / "bin", "npm")
    yield from running(state_folder / request.param, binaries)
    shutil.rmtree(state_folder / request.param)


@pytest.fixture(params=["source", "destination"])
def database_pair(request: pytest.FixtureRequest, server: Cluster) -> Iterator[Pair]:
    """Fresh databases, of which one is on the server of some version."""
    newest = request.getfixturevalue(
        "destination_server" if request.param == "source" else "source_server"
    )
    from_, to = (server, newest) if request.param == "source" else (newest, server)
    with (
        database(from_, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(to, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        yield Pair(source, destination)


@pytest.fixture(params=["lightning", "standard"])
def every(request: pytest.FixtureRequest, database_pair: Pair, platform_side: Side) -> Syncs:
    """Syncs of both engines: the digests of a lightning state are made as standard's are."""
    return Syncs(database_pair, platform=platform_side, fields=ENGINES[request.param])
