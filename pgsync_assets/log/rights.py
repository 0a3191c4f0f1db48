"""What our role lacks to keep the log: of its own making, or another role's that writes here."""

from __future__ import annotations

from ..connect import Session, tables_problem

TABLES = {
    "migrations": "SELECT",
    "syncs": "SELECT, INSERT, UPDATE",
    "runs": "SELECT, INSERT, UPDATE",
    "log": "INSERT",
}


def log_problem(session: Session, schema: str) -> str | None:
    """The statements that an administrator has to run before the log can be written.

    Args:
        session: on the destination.
        schema: of the log.

    Returns:
        None where its tables are there and ours to write, or can be made.
    """
    return tables_problem(session, schema, TABLES)
