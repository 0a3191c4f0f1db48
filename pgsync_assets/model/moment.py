"""Whether everything that was read is of one moment: tables that are replaced are not.

A snapshot (REPEATABLE READ) holds rows still, not names: `dbt build` swaps a finished table in by
renaming, TRUNCATE gives a table other files. Who then reads it by an older snapshot finds it empty,
or half of a join, without an error.
"""

from __future__ import annotations

from typing import Any

import psycopg

from ..errors import Contention
from ..sql import statement


def check_moment(connection: psycopg.Connection[Any], name: str) -> None:
    """Looks whether a table was replaced between the transaction's snapshot and its reading.

    Args:
        connection: a REPEATABLE READ transaction that has read everything.
        name: of the connection, for the message.

    Raises:
        Contention: one was; a new transaction reads the new table.
    """
    row = connection.execute(statement(__package__ or "", "replaced.sql"), {}).fetchone()
    if row and row[0]:
        raise Contention(
            f"{name}: reading the model: {row[0]} was replaced or truncated meanwhile",
            "the next try reads the new table; where it is replaced all the time, run the sync "
            "after that",
        )
