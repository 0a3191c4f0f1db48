"""What a run sent, as it is shown: its batches, and the statements of one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class SentBatch:
    """A transaction of the destination; one that was tried again is one more of the same number.

    Args:
        batch: its number, from 1; 0 has what came before the first one.
        attempt: which try it is, from 1.
        started_at: by the planner's clock.
        seconds: that it took, with its COMMIT.
        first_row: it has the rows `first_row < row <= last_row` of the plan.
        last_row: see `first_row`.
        rows: that travelled, removals among them.
        removals: of those.
        rejected: rows that were refused.
        bytes: of rows that were sent, as often as they were.
        status: committed, rolled_back, or unknown where the answer to its COMMIT was lost.
        sqlstate: of the error that ended it.
        error: that ended it.
        statements: how many were sent, those that are not kept among them.
    """

    batch: int
    attempt: int
    started_at: dt.datetime
    seconds: float
    first_row: int
    last_row: int
    rows: int
    removals: int
    rejected: int
    bytes: int
    status: str
    sqlstate: str | None
    error: str | None
    statements: int

    @property
    def rows_per_second(self) -> float | None:
        """None where nothing travelled."""
        return self.rows / self.seconds if self.rows and self.seconds else None


@dataclass(frozen=True)
class SentBatches:
    """Batches of a run.

    Args:
        total: how many there are, every try of one counted.
        shown: the first ones, the last ones, those that took longest, those with most refused
            rows, and all that were not committed.
    """

    total: int = 0
    shown: tuple[SentBatch, ...] = ()


@dataclass(frozen=True)
class Sent:
    """What writing a plan came to.

    Args:
        bytes: of rows.
        batches: of the run, those of its earlier tries among them.
        notes: what a person should know about it, in sentences.
    """

    bytes: int = 0
    batches: SentBatches = SentBatches()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SentStatement:
    """A statement of a batch.

    Args:
        attempt: of the batch.
        step: its place among them, from 1.
        action: what it is for, in a word.
        first_row: it is about the rows `first_row < row <= last_row` of the plan.
        last_row: see `first_row`.
        rows: as PostgreSQL counted them; None where it counts none.
        bytes: of rows that were sent with it; None for none.
        started_at: by the planner's clock.
        seconds: that it took.
        sqlstate: of its refusal.
        error: why it was refused.
        text: as it was sent, without values; None where it is not kept any more.
    """

    attempt: int
    step: int
    action: str
    first_row: int
    last_row: int
    rows: int | None
    bytes: int | None
    started_at: dt.datetime
    seconds: float
    sqlstate: str | None
    error: str | None
    text: str | None
