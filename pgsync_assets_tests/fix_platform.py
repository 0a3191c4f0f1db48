"""Dagster's processes one by one, on a storage that has a standby: each may be killed.

Code server, webserver and daemons as docs/availability.md has them; its settings are read from it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.loopback import HOST, free_port
from pgsync_assets.embedded.servers import create_login

from .canaries import canary
from .definitions import component, connections
from .fix_syncs import Syncs

TOP = Path(__file__).parents[1]
PAGE = TOP / "docs" / "availability.md"
PASSWORD = canary("of the storage")
READY_S = 180
CODE = ("dagster", "code-server", "start", "-h", HOST, "-m", "pgsync_assets.definitions", "-p")
WEB = ("dagster_webserver", "-h", HOST, "-w", "workspace.yaml", "-p")
DAEMON = ("dagster._daemon", "run", "-w", "workspace.yaml")
HEALTH = ("dagster", "api", "grpc-health-check", "-p")


class Platform:
    """A project with one sync and everything of Dagster that it needs.

    Args:
        folder: for all files.
        syncs: its databases; the sync is `items`, as `syncs.config` has it.
        storage: servers of Dagster's storage, the primary and its standby.
    """

    def __init__(self, folder: Path, syncs: Syncs, *storage: Cluster) -> None:
        self.home, self.defs = folder / "home", folder / "defs"
        for path in (self.home, self.defs):
            path.mkdir(parents=True)
        self.syncs = syncs
        self._code, self._web = free_port(), free_port()
        self.url = f"http://{HOST}:{self._web}"
        hosts = "&".join(f"host={one.host}:{one.port}" for one in storage)
        self._environment = os.environ | {
            "PYTHONPATH": str(TOP),
            "DAGSTER_HOME": str(self.home),
            "PGSYNC_DEFS": str(self.defs),
            "DAGSTER_PG_URL": f"postgresql+psycopg2://dagster:{PASSWORD}@/dagster?{hosts}"
            "&target_session_attrs=read-write",
            "SHOP_PASSWORD": syncs.pair.source.password,
            "CRM_PASSWORD": syncs.pair.destination.password,
        }
        settings = yaml.safe_load((TOP / "dagster.yaml").read_text(encoding="utf-8"))
        (self.home / "dagster.yaml").write_text(yaml.safe_dump(settings | storage_of_the_page()))
        server = {"host": HOST, "port": self._code, "location_name": "pgsync_assets"}
        workspace = {"load_from": [{"grpc_server": server}]}
        (self.home / "workspace.yaml").write_text(yaml.safe_dump(workspace))
        self._stack = ExitStack()

    def define(self, **fields: Any) -> None:
        """Writes the sync, with more of its fields."""
        sides = {"shop": self.syncs.pair.source, "crm": self.syncs.pair.destination}
        sync = self.syncs.config(**fields).model_dump(mode="json", exclude_unset=True)
        component(
            self.defs, "connections", "PgConnectionsComponent", connections=connections(sides)
        )
        self.write(sync)

    def write(self, sync: dict[str, Any]) -> None:
        """Writes the sync as it is given, right or wrong."""
        component(self.defs, "items", "PgSyncComponent", syncs=[sync])

    def start(self, daemons: int = 1) -> list[subprocess.Popen[bytes]]:
        """Starts all of it, and returns the daemons when the webserver answers."""
        self.start_one("code", *CODE, str(self._code))
        self._until("code", lambda: self._is_well(*HEALTH, str(self._code)))
        self.start_one("webserver", *WEB, str(self._web))
        found = [self.start_daemon(f"daemon {n}") for n in range(daemons)]
        self._until("webserver", self._answers)
        return found

    def start_daemon(self, name: str) -> subprocess.Popen[bytes]:
        """One more of them."""
        return self.start_one(name, *DAEMON)

    def start_one(self, name: str, *module: str) -> subprocess.Popen[bytes]:
        """A process that ends with the test."""
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                env=self._environment,
                cwd=self.home,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._stack.callback(_end, process)
        return process

    def told(self, name: str) -> str:
        """What a process has said."""
        return (self.home / f"{name}.log").read_text(errors="replace")

    def close(self) -> None:
        """Ends all of it."""
        self._stack.close()

    def _is_well(self, *module: str) -> bool:
        command = [sys.executable, "-m", *module]
        asked = subprocess.run(command, env=self._environment, cwd=self.home, capture_output=True)
        return asked.returncode == 0

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/server_info", timeout=10).status_code == 200
        except requests.ConnectionError:
            return False

    def _until(self, name: str, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_S
        while not is_so():
            assert time.monotonic() < deadline, self.told(name)
            time.sleep(0.5)


def _end(process: subprocess.Popen[bytes]) -> None:
    """As a supervisor does it, and whoever it has started."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(30)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def storage_of_the_page() -> dict[str, Any]:
    """`storage:` of dagster.yaml, as docs/availability.md shows it."""
    (shown,) = re.findall(r"```yaml\n(storage:.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    found: dict[str, Any] = yaml.safe_load(shown)
    return found


@contextmanager
def platform_on(folder: Path, syncs: Syncs, *storage: Cluster) -> Iterator[Platform]:
    """A platform for the length of the block."""
    found = Platform(folder, syncs, *storage)
    try:
        yield found
    finally:
        found.close()


@pytest.fixture
def storage_primary(primary: Cluster) -> Cluster:
    """A server with an empty storage, which may get a standby."""
    create_login(primary, "dagster", PASSWORD)
    primary.create_database("dagster", owner="dagster")
    return primary
