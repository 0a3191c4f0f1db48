"""Who holds the lock that a batch waited for in vain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..connect import READ_ONLY, Session
from ..errors import Contention, PgsyncError
from ..sql import statement
from .target import Target

LOCK_TIMEOUT = "55P03"


@contextmanager
def naming_holders(session: Session, target: Target) -> Iterator[None]:
    """Says whose locks are on the table where a wait for one of them took too long.

    Args:
        session: on the destination; its transaction is over when the block is left.
        target: the table.

    Raises:
        Contention: as it came, and with the sessions that hold locks there now, if any.
    """
    try:
        yield
    except Contention as error:
        if error.sqlstate != LOCK_TIMEOUT:
            raise
        told = ""
        with suppress(PgsyncError):  # what went wrong first counts
            told = _holders(session, target)
        named = Contention(f"{error.message}{told}", error.remedy)
        named.sqlstate = error.sqlstate
        raise named from None


def _holders(session: Session, target: Target) -> str:
    values = {"relations": [layer.oid for layer in target.layers]}
    with session.transaction("looking for who holds the lock", READ_ONLY) as connection:
        query = statement(__package__ or "", "holders.sql")
        found = connection.execute(query, values).fetchall()
    names = [
        f"pid {pid} ({', '.join(filter(None, (user, application)))})"
        for pid, user, application in found
    ]
    return f"; locks on it are held by {', '.join(names)}" if names else ""
