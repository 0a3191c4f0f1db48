"""The README's first own sync, followed to the letter: its SQL, its YAML, its commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pgsync_assets.embedded import Cluster

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PASSWORD = "from the README"
TABLE = "(id bigint primary key, email text, name text, plan text)"


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in the order of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@dataclass
class Reader:
    """Somebody who follows the README in a folder of their own."""

    defs: Path
    source: Cluster
    destination: Cluster

    def set_up_databases(self) -> None:
        grants = blocks("sql")[0].replace("'...'", f"'{PASSWORD}'")
        at_source, at_destination = grants.split("-- at the destination")
        self._database(self.source, "shop", f"create table public.customers {TABLE}", at_source)
        self._database(
            self.destination,
            "crm",
            f"create schema app; create table app.customers {TABLE}",
            at_destination,
        )

    def write_yaml(self) -> None:
        connections, sync = blocks("yaml")
        for host, cluster in (("shop", self.source), ("crm", self.destination)):
            here = f"host: 127.0.0.1\n      port: {cluster.port}"
            connections = connections.replace(f"host: {host}.example.com", here)
        for name, text in (("connections", connections), ("customers", sync)):
            (self.defs / name).mkdir(parents=True)
            (self.defs / name / "defs.yaml").write_text(text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "PGSYNC_DEFS": str(self.defs),
            "SHOP_PASSWORD": PASSWORD,
            "CRM_PASSWORD": PASSWORD,
        }
        return subprocess.run(
            [sys.executable, "-m", "pgsync_assets.cli", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @staticmethod
    def _database(cluster: Cluster, name: str, tables: str, grants: str) -> None:
        cluster.create_database(name)
        with cluster.connect(name) as connection:
            connection.execute(tables.encode())
            # The role may be there from other tests; the README's own statement makes it new.
            for role in re.findall(r"CREATE ROLE (\w+)", grants):
                exists = connection.execute(
                    "select true from pg_roles where rolname = %s", [role]
                ).fetchone()
                if exists:
                    grants = re.sub(
                        rf"CREATE ROLE {role} LOGIN", f"ALTER ROLE {role} LOGIN", grants
                    )
            connection.execute(grants.encode())


@pytest.fixture
def reader(source_server: Cluster, destination_server: Cluster, tmp_path: Path) -> Iterator[Reader]:
    found = Reader(tmp_path / "defs", source_server, destination_server)
    found.set_up_databases()
    found.write_yaml()
    yield found
    for cluster, name in ((source_server, "shop"), (destination_server, "crm")):
        with cluster.connect("postgres") as connection:
            connection.execute(f"drop database {name} with (force)".encode())


def test_the_first_own_sync(reader: Reader) -> None:
    with reader.source.connect("shop") as connection:
        connection.execute(
            "insert into customers values (42, 'JANE@example.org', 'Jane', 'pro'),"
            " (43, null, 'Nobody', 'free')"
        )
    shown = re.findall(r"^pgsync-assets (.+?) *(?:#.*)?$", blocks("bash")[1], re.MULTILINE)
    names = [command.split()[0] for command in shown]
    looked = ["doctor", "check", "mapping", "plan"]
    assert names == [*looked, "run", "show", "rejected", "status", "verify"]
    for command in shown:
        done = reader.run(*command.split())
        assert done.returncode == 0, done.stdout + done.stderr
    with reader.destination.connect("crm") as connection:
        rows = connection.execute("select * from app.customers").fetchall()
    assert rows == [(42, "jane@example.org", "Jane", "pro")]
    with reader.source.connect("shop") as connection:
        where_is_my_row = connection.execute(blocks("sql")[1].encode()).fetchall()
    assert [row[1:] for row in where_is_my_row] == [("added", "succeeded", None)]


def test_the_python_example_defines_a_sync() -> None:
    code = blocks("python")[0] + "\nprint(*(key.to_user_string() for key in customers.keys))"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{code}\nprint(sorted(k.to_user_string() for k in customers.keys))",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "crm/app/customers" in done.stdout
