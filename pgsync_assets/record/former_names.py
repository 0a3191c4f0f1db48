"""Under which names a sync ran before: its history keeps them, and is found under the new one."""

from __future__ import annotations

from typing import Any

import psycopg

from ..sql import statement


def former_names(
    connection: psycopg.Connection[Any], audit: str, sync: str | None
) -> dict[str, int]:
    """The former names of a sync, and the last run that it had under each.

    Args:
        connection: in a transaction on the database that holds the audit.
        audit: name of its schema; it may be of an older version.
        sync: its name now; None: no sync is asked for.
    """
    if sync is None or not names_are_known(connection, audit):
        return {}
    query = statement(__package__ or "", "former_names.sql", audit=audit)
    return dict(connection.execute(query, {"sync": sync}).fetchall())


def names_are_known(connection: psycopg.Connection[Any], audit: str) -> bool:
    """Whether an audit remembers former names: one of an older version does not.

    Args:
        connection: in a transaction on the database that holds the audit.
        audit: name of its schema.
    """
    query = statement(__package__ or "", "former_names_known.sql")
    known = connection.execute(query, {"audit": audit}).fetchone()
    return bool(known and known[0])


def add_former_name(
    connection: psycopg.Connection[Any], audit: str, former: str, sync: str
) -> None:
    """The history of one name is that of another from here on, and how its rows stand.

    Args:
        connection: the transaction that renames the state.
        audit: name of the audit's schema, of this version.
        former: the name until now.
        sync: the new one; nothing is known of rows of it.
    """
    for name, values in (
        ("snapshot_dropped.sql", {"sync": sync}),
        ("snapshot_renamed.sql", {"sync": former, "name": sync}),
        ("former_names_add.sql", {"sync": former, "name": sync}),
    ):
        connection.execute(statement(__package__ or "", name, audit=audit), values)
