"""Reading what a run sent: its batches, and the statements of one."""

from __future__ import annotations

from typing import Any

import psycopg

from ..connect import READ_ONLY, Rows, Session
from ..sent import SentBatch, SentBatches, SentStatement
from ..sql import statement

Connection = psycopg.Connection[Any]


def sent_batches(session: Session, audit: str, run: int, limit: int) -> SentBatches:
    """The batches of a run.

    Args:
        session: on the database that holds the audit.
        audit: name of its schema; it may be of an older version.
        run: number of the run.
        limit: so many are shown, and those that were not committed.
    """
    with session.transaction("reading what was sent", READ_ONLY) as connection:
        if not batches_are_known(connection, audit):
            return SentBatches()
        return _shown(_rows(connection, audit, run, limit))


def shown_batches(session: Session, audit: str, run: int, limit: int) -> SentBatches:
    """As `sent_batches`, of an audit that this version has written: in two round trips.

    Args:
        session: see `sent_batches`.
        audit: see `sent_batches`.
        run: see `sent_batches`.
        limit: see `sent_batches`.
    """
    query = statement(__package__ or "", "batches_shown.sql", audit=audit)
    values = {"run": run, "limit": limit}
    return _shown(session.read("reading what was sent", query, values, READ_ONLY))


def _shown(rows: Rows) -> SentBatches:
    return SentBatches(rows[0][0] if rows else 0, tuple(SentBatch(*row[1:]) for row in rows))


def batches_of(connection: Connection, audit: str, run: int) -> tuple[SentBatch, ...]:
    """All batches of a run, every try of one.

    Args:
        connection: a transaction on the database that holds the audit.
        audit: name of its schema, which has batches.
        run: number of the run.
    """
    return tuple(SentBatch(*row[1:]) for row in _rows(connection, audit, run, None))


def sent_statements(
    session: Session, audit: str, run: int, batch: int
) -> tuple[tuple[SentBatch, ...], tuple[SentStatement, ...]]:
    """Every try of a batch, and what was sent in each.

    Args:
        session: on the database that holds the audit.
        audit: name of its schema; it may be of an older version.
        run: number of the run.
        batch: its number.
    """
    values = {"run": run, "batch": batch}
    with session.transaction("reading what was sent", READ_ONLY) as connection:
        if not batches_are_known(connection, audit):
            return (), ()
        attempts, sent = (
            connection.execute(statement(__package__ or "", name, audit=audit), values).fetchall()
            for name in ("batch_attempts.sql", "batch_statements.sql")
        )
    return tuple(SentBatch(*row) for row in attempts), tuple(SentStatement(*row) for row in sent)


def batches_are_known(connection: Connection, audit: str) -> bool:
    """Whether an audit has lines about what was sent; one of an older version has none.

    Args:
        connection: a transaction on its database.
        audit: name of its schema.
    """
    query = statement(__package__ or "", "batches_known.sql")
    row = connection.execute(query, {"audit": audit}).fetchone()
    return bool(row and row[0])


def _rows(connection: Connection, audit: str, run: int, limit: int | None) -> list[tuple[Any, ...]]:
    query = statement(__package__ or "", "batches_shown.sql", audit=audit)
    return connection.execute(query, {"run": run, "limit": limit}).fetchall()
