"""The services of deploy/compose.yaml, as processes of this machine: a run goes all the way.

Environment, commands and health checks are those that `docker-compose config` makes of the file;
of the image they have its variables, and nothing else of this machine; what is read-only there is
read-only here. What is other: names of hosts and folders, ports, and who they are (root).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.loopback import HOST, free_port

from ..canaries import canary
from ..definitions import component, connections
from ..fix_databases import Side
from ..fix_needs import program
from ..fix_servers import running
from ..fix_syncs import Syncs
from ..graphql import ended, launch

DEPLOY = Path(__file__).parents[2] / "deploy"
HOME, DEFS = "/opt/pgsync/home", "/opt/pgsync/defs"
PASSWORDS = {
    "POSTGRES_PASSWORD": canary(),
    "DAGSTER_PG_PASSWORD": canary("dagster's"),
    "PGSYNC_PLATFORM_PASSWORD": canary("platform's"),
}
SWITCHES = ("DAGSTER_DISABLE_TELEMETRY", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
READY_S = 180
# As `read_only: true`: everything but the folder /tmp and the volume of outputs ($0 and $1).
READ_ONLY = """
    set -eu
    mount --make-rprivate /
    mount --bind "$0" "$0"
    mount --bind "$1" "$1"
    mount -o remount,ro,bind /
    if touch "$HOME/../home/anything" 2>/dev/null; then exit 99; fi
    shift
    exec "$@"
"""
pytestmark = pytest.mark.needs("docker-compose", "mount", "psql")


@dataclass
class Deployment:
    """The services of the Compose file, with the addresses and folders of this machine.

    Args:
        services: as `docker-compose config` has them.
        folder: for everything that is written.
        ports: port in the file -> port here.
    """

    services: dict[str, Any]
    folder: Path
    ports: dict[str, str]

    @property
    def home(self) -> Path:
        """Dagster's home, in the place of the image's."""
        return self.folder / "home"

    def here(self, argument: str) -> str:
        """An argument of a command, as it is on this machine."""
        argument = argument.replace(HOME, str(self.home)).replace("0.0.0.0", HOST)  # noqa: S104
        argument = re.sub(r":(\d{4})/", lambda m: f":{self.ports[m[1]]}/", argument)
        return self.ports.get(argument, argument)

    def environment(self, name: str) -> dict[str, str]:
        """Variables of a service, on top of those of the image."""
        of_the_image = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(DEPLOY.parent),
            "HOME": str(self.folder / "tmp"),
            "TMPDIR": str(self.folder / "tmp"),
            "DAGSTER_HOME": str(self.home),
            "PGSYNC_DEFS": str(self.folder / "defs"),
            **{name: "1" for name in SWITCHES},
        }
        of_compose = self.services[name]["environment"]
        of_compose = {key: PASSWORDS.get(value, value) for key, value in of_compose.items()}
        where = {"DAGSTER_PG_HOST": HOST, "DAGSTER_PG_PORT": self.ports["5432"]}
        return {**of_the_image, **of_compose, **where}

    @contextmanager
    def started(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """A service, which is asked to stop at the end, as Docker does it."""
        command = [self.here(argument) for argument in self.services[name]["command"]]
        writable = [str(self.folder / "tmp"), str(self.home / "storage")]
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", READ_ONLY, *writable, *command],
                env=self.environment(name),
                cwd=self.home,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            process.wait(120)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def until_healthy(self, name: str) -> None:
        """Asks as the health check of the service does, until it says yes."""
        _, *check = self.services[name]["healthcheck"]["test"]
        command = [self.here(argument) for argument in check]
        deadline = time.monotonic() + READY_S
        while True:
            asked = subprocess.run(command, env=self.environment(name), capture_output=True)
            if asked.returncode == 0:
                return
            assert time.monotonic() < deadline, f"{name}: {asked.stderr!r}\n{self.told(name)}"
            time.sleep(3)  # a check is a process that imports Dagster

    def told(self, name: str) -> str:
        """The end of a service's log."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    @property
    def url(self) -> str:
        """Of the webserver."""
        return f"http://{HOST}:{self.ports['3000']}"


@pytest.fixture(scope="module")
def storage(state_folder: Path) -> Iterator[Cluster]:
    """The server of the Compose file: an empty one, on which storage.sql is run as Docker does."""
    with contextmanager(running)(state_folder / "deployed") as cluster:
        where = {"PGHOST": cluster.host, "PGPORT": str(cluster.port), "PGDATABASE": "postgres"}
        who = {"PGUSER": cluster.superuser, "PGPASSWORD": cluster.password}
        subprocess.run(
            [program("psql"), "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-f", DEPLOY / "storage.sql"],
            env={"PATH": os.environ["PATH"], **PASSWORDS, **where, **who},
            check=True,
            capture_output=True,
        )
        yield cluster


@pytest.fixture
def deployment(storage: Cluster, syncs: Syncs, tmp_path: Path) -> Deployment:
    """The services, with a sync of engine standard as their definitions."""
    folder = tmp_path / "deployed"
    for name in ("home/storage", "defs", "tmp"):
        (folder / name).mkdir(parents=True)
    ports = {"3000": str(free_port()), "4000": str(free_port()), "5432": str(storage.port)}
    shutil.copy(DEPLOY / "dagster.yaml", folder / "home")
    workspace = (DEPLOY / "workspace.yaml").read_text()
    workspace = workspace.replace("host: code", f"host: {HOST}").replace("4000", ports["4000"])
    (folder / "home" / "workspace.yaml").write_text(workspace)
    define(folder / "defs", syncs, storage)
    return Deployment(composed(folder), folder, ports)


def composed(folder: Path) -> dict[str, Any]:
    """Services as `docker-compose config` has them, with names in the place of passwords."""
    shutil.copy(DEPLOY / "compose.yaml", folder)
    (folder / "connections.env").write_text("SHOP_PASSWORD=SHOP\nCRM_PASSWORD=CRM\n")
    answer = subprocess.run(
        [program("docker-compose"), "-f", str(folder / "compose.yaml"), "config"],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **{name: name for name in PASSWORDS}},
        check=True,
        capture_output=True,
        text=True,
    )
    services: dict[str, Any] = yaml.safe_load(answer.stdout)["services"]
    return services


def define(defs: Path, syncs: Syncs, storage: Cluster) -> None:
    """Writes the definitions; `platform` is the connection that docs/deploying.md shows."""
    sides = {"shop": syncs.pair.source, "crm": syncs.pair.destination}
    PASSWORDS.update({name.upper(): side.password for name, side in sides.items()})
    page = (DEPLOY.parent / "docs" / "deploying.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(connections:\n  platform:.*?)```", page, re.DOTALL)
    shown = shown.replace("host: storage", f"host: {HOST}\n    port: {storage.port}")
    ends = connections(sides) | yaml.safe_load(shown)["connections"]
    written = syncs.config(engine="standard").model_dump(mode="json", exclude_unset=True)
    component(defs, "connections", "PgConnectionsComponent", connections=ends)
    component(defs, "items", "PgSyncComponent", syncs=[written])


def test_a_run_goes_through_all_services(deployment: Deployment, syncs: Syncs) -> None:
    syncs.table("id integer primary key, name text")
    syncs.pair.source.execute("insert into items select i, i::text from generate_series(1, 500) i")
    with ExitStack() as stack:
        services = {
            name: stack.enter_context(deployment.started(name))
            for name in ("code", "webserver", "daemon", "worker")
        }
        for name in ("code", "webserver", "daemon"):
            deployment.until_healthy(name)
        launched = launch(deployment.url, ["crm", "public", "items"])
        run = ended(deployment.url, launched, READY_S)
        assert run["status"] == "SUCCESS", deployment.told("worker")
        assert "pgsync/worker" in run["tags"]
        assert syncs.same()
        assert all(process.poll() is None for process in services.values())


def test_each_role_of_the_storage_has_its_own_database(storage: Cluster) -> None:
    def side(role: str, database: str) -> Side:
        password = PASSWORDS[
            "DAGSTER_PG_PASSWORD" if role == "dagster" else "PGSYNC_PLATFORM_PASSWORD"
        ]
        return Side(storage.host, storage.port, database, role, password, storage)

    for role in ("dagster", "platform"):
        with side(role, role).connect_as_role() as connection:
            row = connection.execute(
                "select rolsuper or rolcreaterole or rolcreatedb or rolreplication, rolname"
                " from pg_roles where rolname = current_user"
            ).fetchone()
            assert row == (False, role)
            connection.execute("create schema anything")
            connection.rollback()
        for other in {"dagster", "platform", "postgres", "template1"} - {role}:
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                side(role, other).connect_as_role()
