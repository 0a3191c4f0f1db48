"""Numbered migrations of the schemas of ours; a schema newer than this code is refused."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql

from ..errors import PrivilegeError, SchemaVersionError
from ..sql import script, statement
from .session import Session

# One number for all of our schemas: two processes never migrate one database at the same time.
MIGRATION_LOCK = 7_301_990_511


TABLE = "migrations"


def migrate(
    session: Session, schema: str, package: str, table: str = TABLE, unrecorded: str | None = None
) -> None:
    """Brings a schema of ours to the newest version this code knows. Cheap when it is there.

    A schema of which nothing is there begins with the file in the room's folder `baseline/`, where
    it has one: what the migrations up to its number would leave.

    Args:
        session: a session on the database that holds the schema.
        schema: its name.
        package: the room whose folder `migrations/` holds `001_name.sql`, `002_name.sql` ..
        table: in which the schema remembers those it has seen.
        unrecorded: a file of the room that asks which version a schema without that table has.

    Raises:
        SchemaVersionError: the schema was written by a newer version.
        PrivilegeError: the schema does not exist and we may not create it.
    """
    steps = _steps(package, "migrations")
    if _seen(session, schema, table) == max(steps):
        return
    with session.transaction(f"creating the tables of schema {schema}") as connection:
        connection.execute("SELECT pg_catalog.pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        version = _version(connection, schema, table)
        if version == 0 and unrecorded is not None:
            version = _number(connection, statement(package, unrecorded), {"schema": schema})
        if version > max(steps):
            raise SchemaVersionError(
                f"{session.name}: schema {schema} has version {version}, "
                f"this code knows {max(steps)}",
                "use the newer version of pgsync-assets that wrote it",
            )
        if version == 0:
            _prepare(session, connection, schema, table)
        for number, file in _missing(package, steps, version):
            connection.execute(script(package, file, schema=schema))
            connection.execute(
                statement(__package__, "migrations_record.sql", schema=schema, table=table),
                {"number": number, "name": file.rpartition("/")[2]},
            )


def is_migrated(session: Session, schema: str, table: str = TABLE) -> bool:
    """Whether a schema of ours is there with its tables, of whatever version.

    Args:
        session: on the database that would hold it.
        schema: its name.
        table: in which the schema remembers its migrations.
    """
    return _seen(session, schema, table) > 0


def _seen(session: Session, schema: str, table: str) -> int:
    """The version, in a round trip or two: each run asks for that of each schema."""
    doing = f"reading the version of schema {schema}"
    names = {"schema": schema, "table": table}
    ((has_schema, has_table),) = session.at_once(
        doing, [statement(__package__, "migrations_state.sql")], names
    )
    if not (has_schema and has_table):
        return 0
    ((version,),) = session.at_once(
        doing, [statement(__package__, "migrations_newest.sql", **names)], {}
    )
    return int(version)


def _steps(package: str, folder: str) -> dict[int, str]:
    """Files of a folder by number; none where there is no such folder."""
    place = files(package).joinpath(folder)
    names = [entry.name for entry in place.iterdir()] if place.is_dir() else []
    return {int(n.split("_")[0]): f"{folder}/{n}" for n in names if n.endswith(".sql")}


def _missing(package: str, steps: dict[int, str], version: int) -> list[tuple[int, str]]:
    """What a schema of some version has to be given, in order."""
    begin = _steps(package, "baseline") if version == 0 else {}
    reached = max(begin, default=version)
    return [*begin.items(), *sorted(step for step in steps.items() if step[0] > reached)]


def _version(connection: psycopg.Connection[Any], schema: str, table: str = TABLE) -> int:
    has_schema, has_table = _state(connection, schema, table)
    if not (has_schema and has_table):
        return 0
    newest = statement(__package__, "migrations_newest.sql", schema=schema, table=table)
    return _number(connection, newest, {})


def _number(
    connection: psycopg.Connection[Any], query: sql.Composed, values: dict[str, str]
) -> int:
    row = connection.execute(query, values).fetchone()
    return int(row[0]) if row else 0


def _state(connection: psycopg.Connection[Any], schema: str, table: str) -> tuple[bool, bool]:
    query = statement(__package__, "migrations_state.sql")
    row = connection.execute(query, {"schema": schema, "table": table}).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return bool(row[0]), bool(row[1])


def _prepare(
    session: Session, connection: psycopg.Connection[Any], schema: str, table: str
) -> None:
    has_schema, has_table = _state(connection, schema, table)
    if not has_schema:
        try:
            # Only where it is missing: IF NOT EXISTS asks for CREATE on the database regardless.
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        except psycopg.errors.InsufficientPrivilege:
            user = connection.info.user
            raise PrivilegeError(
                f"{session.name}: schema {schema} does not exist and {user} may not create it",
                sql.SQL("as an administrator: CREATE SCHEMA {} AUTHORIZATION {};")
                .format(sql.Identifier(schema), sql.Identifier(user))
                .as_string(connection),
            ) from None
    if not has_table:
        connection.execute(script(__package__, "migrations_table.sql", schema=schema, table=table))
