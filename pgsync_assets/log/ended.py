"""A run that has ended, as the log is told of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ended:
    """How a run ended. What is None was not found out, and stays as its batches have told it.

    Args:
        run: its number.
        partition: the slice that it was about; empty for all.
        status: succeeded, failed or held.
        began_s_ago: seconds since it began, by the clock of who tells it.
        ended_s_ago: seconds since it ended.
        batches: of its plan.
        planned: rows that it was to write.
        written: rows that the table took.
        added: of these, rows that are new.
        changed: of these, rows that were sent before.
        removed: rows that left the model.
        rejected: rows that were refused.
        row_count: rows that are known to be there since.
        error: why it failed or is held.
        sqlstate: what PostgreSQL answered, where that is why.
    """

    run: int
    partition: str
    status: str
    began_s_ago: float | None = None
    ended_s_ago: float | None = None
    batches: int | None = None
    planned: int | None = None
    written: int | None = None
    added: int | None = None
    changed: int | None = None
    removed: int | None = None
    rejected: int | None = None
    row_count: int | None = None
    error: str | None = None
    sqlstate: str | None = None
