"""The log is kept for a while: what is older goes, in small transactions."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

from ..connect import Session, is_migrated
from ..sql import statement

AT_ONCE = 10_000  # rows of a transaction
FILES = ("prune_log.sql", "prune_runs.sql")


def prune(
    session: Session,
    schema: str,
    kept: dt.timedelta,
    *,
    at_once: int = AT_ONCE,
    until: float | None = None,
) -> int:
    """Deletes events and runs that are older. Of each sync, or partition, stay the last run, the
    last that succeeded, and what is open, however old they are. Our role has to own the log.

    Args:
        session: on the destination.
        schema: of the log; nothing is done where there is none.
        kept: how long they are kept.
        at_once: rows of a transaction.
        until: by `time.monotonic`: no further transaction begins then; the next pass goes on.

    Returns:
        How many rows went.

    Raises:
        PrivilegeError: our role may not delete there.
    """
    if not is_migrated(session, schema):
        return 0
    total = 0
    for rows in _pruned(session, schema, {"kept": kept, "limit": at_once}):
        total += rows
        if until is not None and time.monotonic() >= until:
            break
    return total


def _pruned(session: Session, schema: str, values: dict[str, object]) -> Iterator[int]:
    """Rows that went in each transaction."""
    for file in FILES:
        query = statement(__package__ or "", file, log=schema)
        rows = 1
        while rows:
            with session.transaction("pruning the log") as connection:
                rows = connection.execute(query, values).rowcount
            yield rows
