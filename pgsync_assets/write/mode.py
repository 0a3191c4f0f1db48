"""What a mode does at the destination, as data: the road of a batch is the same for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import sql

from .into import Into

Statement = Callable[[Into], sql.Composed]


@dataclass(frozen=True)
class WriteMode:
    """How the rows of a batch get into the table.

    Args:
        rights: that our role needs on every mapped column.
        inserts: new rows come into being: every column without a default has to be mapped.
        write: writes the staged rows that are not removals; None: rows are not staged but copied
            straight into the table, and no index has to find them.
        lock: locks the rows that `write` will change; None: it does so itself.
        unmatched: takes staged rows that have no counterpart out of the stage, and returns their
            numbers; None: every row finds its place.
    """

    rights: tuple[str, ...]
    inserts: bool
    write: Statement | None
    lock: Statement | None = None
    unmatched: Statement | None = None

    @property
    def upserts(self) -> bool:
        """Whether a row is inserted unless it is there already."""
        return self.inserts and self.finds_rows

    @property
    def finds_rows(self) -> bool:
        """Whether a unique index has to find the row of a key."""
        return self.write is not None
