"""What our role lacks to keep a ledger: of its own making, or made ready by somebody else."""

from __future__ import annotations

from ..connect import Session, tables_problem

TABLES = {
    "pgsync_identity": "SELECT",
    "pgsync_migrations": "SELECT",
    "pgsync_ledger": "SELECT, INSERT, UPDATE, DELETE",
    "pgsync_rejects": "SELECT, INSERT, DELETE",
}


def ledger_problem(session: Session, schema: str) -> str | None:
    """The statements that an administrator has to run before the ledger can be used.

    Args:
        session: on the database that holds it, or will.
        schema: its name.

    Returns:
        None where its tables are there and ours to write, or can be made.
    """
    return tables_problem(session, schema, TABLES)
