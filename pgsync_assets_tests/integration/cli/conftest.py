"""A project on two real databases, and our command line to run on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from psycopg import sql

from pgsync_assets.cli import app
from pgsync_assets_tests.fix_databases import Pair, Side

# What a database holds besides the bookkeeping of ours, where a refused run may be recorded as
# such: a change of any row or definition changes an answer.
SCHEMAS = (
    "select nspname, pg_catalog.pg_get_userbyid(nspowner) from pg_catalog.pg_namespace "
    "where nspname !~ '^pg_' order by 1"
)
COLUMNS = (
    "select attrelid::regclass::text, attnum, attname, atttypid::regtype::text "
    "from pg_catalog.pg_attribute join pg_catalog.pg_class c on c.oid = attrelid "
    "join pg_catalog.pg_namespace n on n.oid = relnamespace "
    "where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1, 2"
)
TABLES = (
    "select schemaname, tablename from pg_catalog.pg_tables "
    "where schemaname !~ '^pg_' and schemaname <> 'information_schema' order by 1, 2"
)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The JSON document on stdout; fails where anything else is there."""
        return json.loads(self.stdout)

    @property
    def message(self) -> str:
        """The error on stderr, without line breaks; fails where there is more than one."""
        assert self.stderr.count("Error: ") == 1, self.stderr
        return " ".join(self.stderr[self.stderr.index("Error: ") :].split())


@dataclass
class CliProject:
    """A folder of definitions for the two databases of a test."""

    folder: Path
    pair: Pair
    environment: dict[str, str | None] = field(default_factory=dict)

    def connections(self, **changes: Mapping[str, Any]) -> None:
        """Writes the connections `shop` and `crm`; changes are merged into them.

        A connection of another name is a copy of `crm` with the changes.
        """
        ends = {"shop": self.pair.source, "crm": self.pair.destination}
        written = {}
        for name, side in ends.items():
            variable = f"{name.upper()}_PASSWORD"
            self.environment.setdefault(variable, side.password)
            written[name] = {
                "host": side.host,
                "port": side.port,
                "database": side.database,
                "user": side.user,
                "password": f"${variable}",
                **changes.get(name, {}),
            }
        for name in changes.keys() - ends.keys():
            written[name] = {**written["crm"], **changes[name]}
        self._write("connections", "PgConnectionsComponent", connections=written)

    def sync(self, **changes: Any) -> None:
        """Writes the sync `orders`, from shop's public.orders to crm's."""
        written = {
            "name": "orders",
            "source": "shop",
            "destination": "crm",
            "table": "public.orders",
            "model": {"table": "public.orders", "key": ["id"]},
            **changes,
        }
        self._write("orders", "PgSyncComponent", syncs=[written])

    def run(self, *arguments: str) -> Ended:
        """Runs a command on the folder, as a shell would."""
        environment = {"PGSYNC_DEFS": str(self.folder), "NO_COLOR": "1", **self.environment}
        result = CliRunner().invoke(app, arguments, env=environment)
        return Ended(result.exit_code, result.stdout, result.stderr)

    def everything(self) -> list[Any]:
        """What both databases hold: schemas, columns, and every row of the users' tables.

        Of our own tables those that say what became of rows are among them, where they are filled.
        """
        return [_everything_in(side) for side in (self.pair.source, self.pair.destination)]

    def _write(self, name: str, component: str, **attributes: Any) -> None:
        file = self.folder / name / "defs.yaml"
        file.parent.mkdir(exist_ok=True)
        content = {"type": f"pgsync_assets.{component}", "attributes": attributes}
        file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _everything_in(side: Side) -> list[Any]:
    rows = {name: _rows(side, *name) for name in side.rows(TABLES)}
    filled = {name: found for name, found in rows.items() if found}
    return [side.rows(SCHEMAS), side.rows(COLUMNS), filled]


def _rows(side: Side, schema: str, table: str) -> list[Any]:
    query = sql.SQL("select t::text from {} t order by 1").format(sql.Identifier(schema, table))
    with side.connect() as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def project(database_pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliProject:
    """Three orders in the source, an empty table in the destination, and a right project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PGSYNC_DEFS", raising=False)
    columns = "id integer primary key, customer text, amount numeric(10, 2)"
    database_pair.source.execute(
        f"create table orders ({columns})",
        "insert into orders values (1, 'Ada', 10), (2, 'Bob', 20.5), (3, null, 30)",
    )
    database_pair.source.grant_table("orders")
    database_pair.destination.execute(f"create table orders ({columns})")
    database_pair.destination.grant_table("orders", "SELECT", "INSERT", "UPDATE", "DELETE")
    folder = tmp_path / "defs"
    folder.mkdir()
    project = CliProject(folder, database_pair)
    project.connections()
    project.sync()
    return project
