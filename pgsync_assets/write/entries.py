"""What a ledger knows of all syncs, whether a project has them or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from ..connect import READ_ONLY, Session, is_migrated
from ..sql import statement
from .deliveries import NO_PLANNER
from .ledger import MIGRATIONS


@dataclass(frozen=True)
class LedgerEntry:
    """A row of a ledger, as it is found by who does not know its sync.

    Args:
        installation: who wrote.
        sync: its name.
        partition: empty for a whole sync.
        run: that wrote last.
        at: when it did, by the clock of the ledger.
    """

    installation: UUID
    sync: str
    partition: str
    run: int
    at: dt.datetime


def ledger_entries(session: Session, schema: str) -> list[LedgerEntry] | None:
    """What the ledger in a schema knows of syncs; None where there is none. Nothing is written.

    Args:
        session: on the database that holds the ledger's tables.
        schema: in which they are.
    """
    if not is_migrated(session, schema, MIGRATIONS):
        return None
    query = statement(__package__ or "", "ledger_entries.sql", ledger=schema)
    with session.transaction("reading the ledger", READ_ONLY) as connection:
        rows = connection.execute(query, {"installation": NO_PLANNER}).fetchall()
    return [LedgerEntry(*row) for row in rows]


def drop_entries(session: Session, schema: str, entries: Iterable[LedgerEntry]) -> None:
    """The ledger forgets syncs; whatever they wrote stays in its table.

    Args:
        session: on the database that holds the ledger's tables.
        schema: in which they are.
        entries: which.
    """
    query = statement(__package__ or "", "ledger_drop.sql", ledger=schema)
    with session.transaction("forgetting the sync") as connection:
        for entry in entries:
            connection.execute(query, vars(entry))
