"""What our role lacks to keep a ledger: of its own making, or made ready by somebody else."""

from __future__ import annotations

from psycopg import sql

from ..connect import READ_ONLY, Session, schema_problem
from ..sql import relation, statement

TABLES = 4


def ledger_problem(session: Session, schema: str) -> str | None:
    """The statements that an administrator has to run before the ledger can be used.

    Args:
        session: on the database that holds it, or will.
        schema: its name.

    Returns:
        None where its tables are there and ours to write, or can be made.
    """
    with session.transaction("looking at the ledger", READ_ONLY) as connection:
        query = statement(__package__ or "", "ledger_rights.sql")
        tables = connection.execute(query, {"schema": schema}).fetchall()
    if len(tables) < TABLES:
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
