"""Databases with an administrator who is no superuser, and what is pasted there with psql."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from pgsync_assets import grants
from pgsync_assets.config import PLACES, SyncConfig, UsedAs, uses_of
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.binaries import locate

from .fix_databases import PASSWORD, Side, database
from .fix_syncs import connection_of

HOSTILE_ROLE = "r $pgsync$ \"q\" 'q' :'x' %s {0} \\ é;--\n/*"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Administered:
    """A database, the role of ours that it may get (`side`), and who administers it.

    The administrator owns tables, has CREATEROLE and rights on the database, and no more.
    """

    side: Side
    administrator: Side

    def execute(self, *statements: str) -> None:
        """Run statements as the administrator."""
        with self.administrator.connect_as_role(autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def forget(self) -> None:
        """Leave nothing of ours: no role, no schema."""
        _forget(self.administrator, self.side.user)
        self.administrator.execute(
            "drop schema if exists hightouch_planner, hightouch_audit, pgsync_ledger, stage cascade"
        )

    def paste(self, script: str) -> str:
        """Run a script with psql as the administrator, and return what it said."""
        answer = psql(self.administrator, script=script)
        assert answer.returncode == 0, answer.stderr
        return answer.stderr


@contextmanager
def administered(cluster: Cluster, role: str = HOSTILE_ROLE) -> Iterator[Administered]:
    """A fresh database in which nobody may do anything but its administrator."""
    name = f"administrator_{os.getpid()}_{next(_numbers)}"
    with database(cluster, name) as side:
        side.execute(
            f'alter role "{name}" createrole',
            f'grant all on database "{side.database}" to "{name}" with grant option',
        )
        ours = Side(side.host, side.port, side.database, role, PASSWORD, cluster)
        try:
            yield Administered(ours, side)
        finally:
            _forget(side, role)
            side.execute(f'drop owned by "{name}" cascade; drop role "{name}"')


def _forget(administrator: Side, role: str) -> None:
    """Roles belong to the whole server, where other tests go on."""
    name = sql.Identifier(role)
    with administrator.connect_as_role(autocommit=True) as connection:
        known = "select 1 from pg_catalog.pg_roles where rolname = %s"
        if connection.execute(known, [role]).fetchone() is None:
            return
        # DROP OWNED does not see what others than the owner granted.
        database = sql.Identifier(administrator.database)
        connection.execute(sql.SQL("revoke all on database {} from {}").format(database, name))
    with administrator.connect() as connection:
        connection.execute(sql.SQL("drop owned by {0} cascade; drop role {0}").format(name))


def psql(side: Side, *arguments: str, script: str = "") -> subprocess.CompletedProcess[str]:
    """Run psql as the role of a side; the password travels in the environment."""
    return subprocess.run(
        [
            locate().program("psql"),
            f"--host={side.host}",
            f"--port={side.port}",
            f"--username={side.user}",
            f"--dbname={side.database}",
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            *arguments,
        ],
        env=os.environ | {"PGPASSWORD": side.password, "PGOPTIONS": ""},
        input=script,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@dataclass(frozen=True)
class Scripts:
    """The scripts for one connection and some syncs.

    Args:
        side: where they are run, and for which role.
        name: of the connection.
        syncs: that use it.
        ways: how the administrator wants it.
        connection: what the connection has beside its address.
    """

    side: Side
    name: str
    syncs: tuple[SyncConfig, ...]
    ways: grants.Ways = grants.Ways()
    connection: dict[str, Any] = field(default_factory=dict)
    places: tuple[UsedAs, ...] = PLACES

    @property
    def needs(self) -> grants.Needs:
        """What is in them."""
        config = connection_of(self.side, **self.connection)
        uses = uses_of(self.name, self.syncs, self.places)
        return grants.needs_of(config, self.side.database, uses, self.ways)

    def setup(self, makers: tuple[str, ...] = ()) -> str:
        """The one that gives."""
        secret = grants.verifier(self.side.password, self.side.user)
        return grants.setup_script(self.needs, self.side.database, self.side.user, secret, makers)

    def revoke(self, drops_role: bool = False) -> str:
        """The one that takes back."""
        return grants.revoke_script(self.needs, self.side.database, self.side.user, drops_role)
