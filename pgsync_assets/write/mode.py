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
        finds_rows: the row of a key is looked for, by a unique index where there can be one.
        write: write the staged rows that are not removals; what they count is added up. None
            at all: rows are not staged but copied straight into the table.
        lock: locks the rows that `write` will change and counts them; None: it does so itself.
        mark: says in the stage which rows are there, where `write` does not look for itself.
        ambiguous: takes staged rows that meet several of the table's out of the stage, and returns
            their numbers; None: a unique index rules that out.
        unmatched: takes staged rows that have no counterpart out of the stage, and returns their
            numbers; None: every row finds its place.
        shown: how many of the rows that were written are seen there; None: all are, by nature.
    """

    rights: tuple[str, ...]
    inserts: bool
    finds_rows: bool
    write: tuple[Statement, ...]
    lock: Statement | None = None
    mark: Statement | None = None
    ambiguous: Statement | None = None
    unmatched: Statement | None = None
    shown: Statement | None = None

    @property
    def upserts(self) -> bool:
        """Whether a row is inserted unless it is there already."""
        return self.inserts and self.finds_rows

    @property
    def is_staged(self) -> bool:
        """Whether rows land in a temporary table first."""
        return bool(self.write)

    @property
    def needs_statistics(self) -> bool:
        """Whether the stage is joined with the table."""
        return self.lock is not None or self.mark is not None
