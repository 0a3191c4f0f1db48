"""What a session says about itself: how encrypted, what our role may do, which schemas it may
write. What may be written is tried, too: in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from ..sql import relation, statement
from .session import Session


def schema_problem(session: Session, schema: str) -> str | None:
    """The statement that an administrator has to run before a schema of ours can be used.

    Args:
        session: on the database that holds it, or will.
        schema: its name.

    Returns:
        None where it is there and writable, or can be created.
    """
    user, _, is_there, may_create, may_write = _schema_rights(session, schema)
    if may_write or (not is_there and may_create):
        return None
    template = (
        sql.SQL("GRANT USAGE, CREATE ON SCHEMA {} TO {};")
        if is_there
        else sql.SQL("CREATE SCHEMA {} AUTHORIZATION {};")
    )
    return template.format(sql.Identifier(schema), sql.Identifier(user)).as_string(None)


def tables_problem(session: Session, schema: str, wanted: Mapping[str, str]) -> str | None:
    """The statements that an administrator has to run before tables of ours can be used.

    Args:
        session: on the database that holds them, or will.
        schema: its name.
        wanted: name of each table, and what our role does with it.

    Returns:
        None where they are there and ours to use, or can be made.
    """
    asked = {"schema": schema, "tables": list(wanted), "each": list(wanted.values())}
    tables = _rows(session, "tables_rights.sql", asked)
    if len(tables) < len(wanted):
        return schema_problem(session, schema)
    grants = [
        sql.SQL("GRANT {} ON {} TO {};").format(
            sql.SQL(rights), relation(schema, table), sql.Identifier(user)
        )
        for user, _, table, rights, is_enough in tables
        if not is_enough
    ]
    if not tables[0][1]:
        template = sql.SQL("GRANT USAGE ON SCHEMA {} TO {};")
        user = sql.Identifier(tables[0][0])
        grants.insert(0, template.format(sql.Identifier(schema), user))
    return " ".join(grant.as_string(None) for grant in grants) or None


def try_schema(session: Session, schema: str) -> bool:
    """Makes a table with a row in a schema of ours, and the schema where it is missing; takes all
    of it back. Where `schema_problem` finds nothing this should work, and says why it does not.

    Args:
        session: on the database that holds it, or will.
        schema: its name.

    Returns:
        Whether the schema is there.

    Raises:
        PgsyncError: a table cannot be made or written there.
    """
    is_there: bool = _schema_rights(session, schema)[2]
    with session.transaction(f"trying schema {schema}") as connection:
        files = ["try_table.sql"] if is_there else ["try_schema.sql", "try_table.sql"]
        for file in files:
            connection.execute(statement(__package__ or "", file, schema=schema), {})
        raise psycopg.Rollback
    return is_there


def try_temporary(session: Session) -> None:
    """Makes a temporary table with a row, and takes it back.

    Args:
        session: on the destination.

    Raises:
        PrivilegeError: our role may not.
        PgsyncError: it does not work for another reason.
    """
    with session.transaction("trying a temporary table") as connection:
        connection.execute(statement(__package__ or "", "try_temporary.sql"), {})
        raise psycopg.Rollback


def excess_rights(session: Session) -> list[str]:
    """What our role may do beyond what any sync needs: attributes and memberships.

    Args:
        session: on any database of the server.
    """
    return [row[0] for row in _rows(session, "excess_rights.sql", {})]


def visible_tables(session: Session, rights: str) -> tuple[int, int, list[str]]:
    """Tables and views that our role may use: how many, in how many schemas, and a few names.

    Args:
        session: on the database.
        rights: any of these will do, as in `INSERT, UPDATE`.
    """
    asked = {"rights": rights, "schemas": _own_schemas(session)}
    ((tables, schemas, names),) = _rows(session, "visible_tables.sql", asked)
    return tables, schemas, names or []


def may_create(session: Session) -> tuple[str, bool, list[str]]:
    """The database, whether our role may make schemas in it, and the schemas for its tables.

    Args:
        session: on the database.
    """
    (row,) = _rows(session, "may_create.sql", {"schemas": _own_schemas(session)})
    return row[0], row[1], row[2]


def tls_of(session: Session) -> tuple[str, str] | None:
    """Version and cipher of TLS as the server sees it; None where it sees none.

    Behind a pooler that is the pooler's own connection.

    Args:
        session: whose connection it is.
    """
    found = _rows(session, "tls.sql", {})
    return (found[0][1], found[0][2]) if found and found[0][0] else None


def _schema_rights(session: Session, schema: str) -> tuple[Any, ...]:
    (row,) = _rows(session, "schema_rights.sql", {"schema": schema})
    return row


def _own_schemas(session: Session) -> list[str]:
    own = session.config.schemas
    return [name for name in (own.planner, own.audit, own.ledger, own.log) if name]


def _rows(session: Session, file: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
    return session.at_once("looking at our rights", [statement(__package__ or "", file)], values)
