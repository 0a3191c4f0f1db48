"""How runs ended, for those who were not there: the log of the destination."""

from __future__ import annotations

from ..connect import Session
from ..log import Ended, Known
from ..sql import statement

MOST = 1_000
"""Runs that a log is told at once, where it could not be told for a while."""


def ended_runs(
    session: Session, audit: str, sync: str, partition: str, known: Known
) -> list[Ended]:
    """Runs whose end the log does not know, oldest first; the last one, where it knows of none.

    Args:
        session: on the database that holds the audit.
        audit: name of its schema.
        sync: its name.
        partition: only this one's; empty: all.
        known: what the log knows.
    """
    values = {
        "sync": sync,
        "partition": partition,
        "runs": list(known.open),
        "run": known.newest or 0,
        "limit": 1 if known.newest is None else MOST,
    }
    query = statement(__package__ or "", "ended_runs.sql", audit=audit)
    rows = session.at_once("reading the audit", [query], values)
    return [Ended(*row) for row in rows]
