"""What a deleted row takes with it: rows of other tables, by foreign keys that cascade."""

from __future__ import annotations

from ..connect import READ_ONLY, Session
from ..sql import statement
from .target import Target

EFFECTS = {
    "c": "rows of {table} that refer to them",
    "n": "the references to them in {table}, which become NULL",
    "d": "the references to them in {table}, which get their default",
}


def cascades(session: Session, target: Target) -> tuple[str, ...]:
    """What a DELETE on a table does to others, however far it reaches (trap 42).

    Args:
        session: on the destination.
        target: the table.

    Returns:
        A part of a sentence for each foreign key, its name in brackets; empty where nothing else
        is touched.
    """
    stored = target.layers[-1]
    with session.transaction(f"looking at who refers to {target.name}", READ_ONLY) as connection:
        rows = connection.execute(
            statement(__package__ or "", "target_cascades.sql"),
            {"schema": stored.schema, "table": stored.table},
        ).fetchall()
    return tuple(f"{EFFECTS[effect].format(table=table)} ({name})" for table, name, effect in rows)
