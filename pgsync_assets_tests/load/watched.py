"""Looks at a database again and again while runs are on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..fix_databases import Side

LOOK = Path(__file__).with_name("holds.sql").read_text()
TEMPORARY = "select temp_bytes from pg_stat_database where datname = current_database()"
EVERY_S = 0.1


@dataclass
class Held:
    """The most that was seen at one look.

    Args:
        looks: how many there were.
        sessions: of ours.
        seconds: for which one of them kept vacuum from its work.
        transactions: that others had begun by then.
        locks: modes of locks on tables of others that stop somebody.
        temporary_bytes: written to temporary files meanwhile.
    """

    looks: int = 0
    sessions: int = 0
    seconds: float = 0.0
    transactions: int = 0
    locks: set[str] = field(default_factory=set)
    temporary_bytes: int = 0


@contextmanager
def watched(side: Side) -> Iterator[Held]:
    """Watches a database for the length of the block.

    Args:
        side: the database.
    """
    held, over = Held(), threading.Event()
    before = side.rows(TEMPORARY)[0][0]

    def look() -> None:
        with side.connect() as connection:
            while not over.wait(EVERY_S):
                found = connection.execute(LOOK.encode()).fetchone()
                assert found is not None
                sessions, seconds, transactions, locks = found
                held.looks += 1
                held.sessions = max(held.sessions, sessions)
                held.seconds = max(held.seconds, seconds)
                held.transactions = max(held.transactions, transactions)
                held.locks |= set(locks or ())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield held
    finally:
        over.set()
        watcher.join()
        held.temporary_bytes = side.rows(TEMPORARY)[0][0] - before
