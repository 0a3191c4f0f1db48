"""The servers below one state folder: the platform's, and the two databases of the demo."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from psycopg import sql

from pgsync_assets.embedded.cluster import Cluster
from pgsync_assets.embedded.state import make_folder, read_private, write_private

STORAGE_HOST = "DAGSTER_PG_HOST"
STORAGE_ROLE = "dagster"
PLATFORM_ROLE = "pgsync_platform"
SOURCE_ROLE = "pgsync_source"
DESTINATION_ROLE = "pgsync_destination"
SOURCE_DATABASE = "demo_source"
DESTINATION_DATABASE = "demo_destination"


class Servers:
    """The platform's cluster and the demo's, started for the length of a `with` block.

    A server that ran before is used and left running; only what the block started is stopped.

    Args:
        directory: the state folder, `.pgsync` by default; made when needed.
        demo: start the demo's cluster too.
        environment: where `DAGSTER_PG_HOST` is looked for: with it, Dagster's storage is the
            user's own and the platform's cluster is not started.
    """

    def __init__(
        self,
        directory: Path = Path(".pgsync"),
        *,
        demo: bool = True,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.directory = directory.absolute()
        self.platform = Cluster(self.directory / "platform")
        self.demo = Cluster(self.directory / "demo")
        self._uses_platform = not environment.get(STORAGE_HOST)
        self._uses_demo = demo
        self._started = ExitStack()

    def __enter__(self) -> Servers:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def used(self) -> list[Cluster]:
        """The clusters this object starts."""
        platform = [self.platform] if self._uses_platform else []
        return platform + ([self.demo] if self._uses_demo else [])

    def start(self) -> None:
        """Start what is used, all at once, and create the databases.

        Raises:
            EmbeddedError: a server cannot be had or does not start.
        """
        make_folder(self.directory)
        asleep = [cluster for cluster in self.used if not cluster.running]
        for cluster in asleep:
            self._started.callback(cluster.stop)
        with ThreadPoolExecutor() as pool:
            list(pool.map(Cluster.start, asleep))
        if self._uses_platform:
            self._create_platform()
        if self._uses_demo:
            self.demo.create_database(SOURCE_DATABASE)
            self.demo.create_database(DESTINATION_DATABASE)

    def stop(self) -> None:
        """Stop the servers that this object started."""
        self._started.close()

    def password(self, role: str) -> str:
        """Return the password of one of our roles: random, the same on every later start."""
        path = self.directory / "passwords.json"
        known: dict[str, str] = json.loads(read_private(path) or "{}")
        if role not in known:
            known[role] = secrets.token_urlsafe(24)
            write_private(path, json.dumps(known))
        return known[role]

    def environment(self) -> dict[str, str]:
        """Return the variables that `dagster.yaml` and the demo's connections read."""
        platform = self._platform_environment() if self._uses_platform else {}
        return platform | (self._demo_environment() if self._uses_demo else {})

    def _platform_environment(self) -> dict[str, str]:
        host, port = self.platform.host, str(self.platform.port)
        return {
            STORAGE_HOST: host,
            "DAGSTER_PG_PORT": port,
            "DAGSTER_PG_USERNAME": STORAGE_ROLE,
            "DAGSTER_PG_PASSWORD": self.password(STORAGE_ROLE),
            "DAGSTER_PG_DB": "dagster",
            "PGSYNC_PLATFORM_HOST": host,
            "PGSYNC_PLATFORM_PORT": port,
            "PGSYNC_PLATFORM_USER": PLATFORM_ROLE,
            "PGSYNC_PLATFORM_PASSWORD": self.password(PLATFORM_ROLE),
            "PGSYNC_PLATFORM_DB": "platform",
        }

    def _demo_environment(self) -> dict[str, str]:
        return {
            "PGSYNC_DEMO_HOST": self.demo.host,
            "PGSYNC_DEMO_PORT": str(self.demo.port),
            "PGSYNC_DEMO_SOURCE_PASSWORD": self.password(SOURCE_ROLE),
            "PGSYNC_DEMO_DESTINATION_PASSWORD": self.password(DESTINATION_ROLE),
        }

    def _create_platform(self) -> None:
        for role, database in ((STORAGE_ROLE, "dagster"), (PLATFORM_ROLE, "platform")):
            create_login(self.platform, role, self.password(role))
            self.platform.create_database(database, owner=role)


def create_login(cluster: Cluster, role: str, password: str) -> None:
    """Create a role that may log in and nothing else; where it exists, set its password.

    Args:
        cluster: a running cluster.
        role: name of the role.
        password: travels as a quoted literal; the cluster logs no statements.
    """
    with cluster.connect("postgres") as connection:
        known = "select 1 from pg_catalog.pg_roles where rolname = %s"
        exists = connection.execute(known, [role]).fetchone() is not None
        verb = sql.SQL("alter role" if exists else "create role")
        connection.execute(
            sql.SQL("{} {} login password {}").format(
                verb, sql.Identifier(role), sql.Literal(password)
            )
        )
