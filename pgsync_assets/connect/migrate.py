"""Numbered migrations of the schemas of ours; a schema newer than this code is refused."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql

from ..errors import PrivilegeError, SchemaVersionError
from ..sql import script, statement
from .session import READ_ONLY, Session

# One number for all of our schemas: two processes never migrate one database at the same time.
MIGRATION_LOCK = 7_301_990_511


def migrate(session: Session, schema: str, package: str) -> None:
    """Brings a schema of ours to the newest version this code knows. Cheap when it is there.

    Args:
        session: a session on the database that holds the schema.
        schema: its name.
        package: the room whose folder `migrations/` holds `001_name.sql`, `002_name.sql` ..

    Raises:
        SchemaVersionError: the schema was written by a newer version.
        PrivilegeError: the schema does not exist and we may not create it.
    """
    steps = _steps(package)
    with session.transaction(f"reading the version of schema {schema}") as connection:
        if _version(connection, schema) == max(steps):
            return
    with session.transaction(f"creating the tables of schema {schema}") as connection:
        connection.execute("SELECT pg_catalog.pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        version = _version(connection, schema)
        if version > max(steps):
            raise SchemaVersionError(
                f"{session.name}: schema {schema} has version {version}, "
                f"this code knows {max(steps)}",
                "use the newer version of pgsync-assets that wrote it",
            )
        _prepare(session, connection, schema)
        for number in sorted(n for n in steps if n > version):
            connection.execute(script(package, f"migrations/{steps[number]}", schema=schema))
            connection.execute(
                statement(__package__, "migrations_record.sql", schema=schema),
                {"number": number, "name": steps[number]},
            )


def is_migrated(session: Session, schema: str) -> bool:
    """Whether a schema of ours is there with its tables, of whatever version.

    Args:
        session: on the database that would hold it.
        schema: its name.
    """
    with session.transaction(f"reading the version of schema {schema}", READ_ONLY) as connection:
        return _version(connection, schema) > 0


def _steps(package: str) -> dict[int, str]:
    names = [entry.name for entry in files(package).joinpath("migrations").iterdir()]
    return {int(name.split("_")[0]): name for name in names if name.endswith(".sql")}


def _version(connection: psycopg.Connection[Any], schema: str) -> int:
    has_schema, has_table = _state(connection, schema)
    if not (has_schema and has_table):
        return 0
    newest = statement(__package__, "migrations_newest.sql", schema=schema)
    row = connection.execute(newest, {}).fetchone()
    return int(row[0]) if row else 0


def _state(connection: psycopg.Connection[Any], schema: str) -> tuple[bool, bool]:
    query = statement(__package__, "migrations_state.sql")
    row = connection.execute(query, {"schema": schema}).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return bool(row[0]), bool(row[1])


def _prepare(session: Session, connection: psycopg.Connection[Any], schema: str) -> None:
    has_schema, has_table = _state(connection, schema)
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
        connection.execute(script(__package__, "migrations_table.sql", schema=schema))
