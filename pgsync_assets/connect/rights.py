"""What a session says about itself: who, where, how encrypted, and which schemas it may write."""

from __future__ import annotations

from psycopg import sql

from ..sql import statement
from .session import READ_ONLY, Session


def schema_problem(session: Session, schema: str) -> str | None:
    """The statement that an administrator has to run before a schema of ours can be used.

    Args:
        session: on the database that holds it, or will.
        schema: its name.

    Returns:
        None where it is there and writable, or can be created.
    """
    with session.transaction("looking at a schema", READ_ONLY) as connection:
        row = connection.execute(
            statement(__package__ or "", "schema_rights.sql"), {"schema": schema}
        ).fetchone()
    assert row is not None  # noqa: S101 - VALUES has a row
    user, _, is_there, may_create, may_write = row
    if may_write or (not is_there and may_create):
        return None
    template = (
        sql.SQL("GRANT USAGE, CREATE ON SCHEMA {} TO {};")
        if is_there
        else sql.SQL("CREATE SCHEMA {} AUTHORIZATION {};")
    )
    return template.format(sql.Identifier(schema), sql.Identifier(user)).as_string(None)


def login_of(session: Session) -> str:
    """Who is logged in where, and how the connection is encrypted, in one line."""
    with session.transaction("looking at the connection", READ_ONLY) as connection:
        tls = connection.execute(statement(__package__ or "", "tls.sql"), {}).fetchone()
        info = connection.info
        version = f"PostgreSQL {info.server_version // 10_000}"
        encryption = f"{tls[1]}" if tls and tls[0] else "not encrypted"
        return f"{info.user} at {info.host}:{info.port}/{info.dbname}, {version}, {encryption}"
