"""A run, and the plan that it made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..outcome import Counts
from .shape import Shape


@dataclass(frozen=True)
class Run:
    """A run whose plan may not be complete yet.

    Args:
        id: its number: `sync_run_id` in the audit.
        started_at: by the planner's clock.
        partition: the slice of the model that it is about; empty for all of it.
    """

    id: int
    started_at: dt.datetime
    partition: str = ""


@dataclass(frozen=True, kw_only=True)
class Batches:
    """Numbered rows, and how they are cut.

    Args:
        run: the run that writes them.
        batch_size: most rows of a destination transaction.
        counts: how many there are by operation; removals come first.
        is_full: rows are there whether they changed or not; else changes only.
        batch_ends: last row of each batch; None where batch k holds the rows
            `(k - 1) * batch_size < row <= k * batch_size`.
    """

    run: Run
    batch_size: int
    counts: Counts
    is_full: bool
    batch_ends: tuple[int, ...] | None = None

    @property
    def batches(self) -> int:
        """Number of batches; 0 where there is nothing to write."""
        if self.batch_ends is not None:
            return len(self.batch_ends)
        return -(-self.counts.total // self.batch_size)

    def rows_of(self, batch: int) -> tuple[int, int]:
        """Row numbers of a batch: (last row before it, its last row)."""
        if self.batch_ends is not None:
            return self.batch_ends[batch - 2] if batch > 1 else 0, self.batch_ends[batch - 1]
        first = (batch - 1) * self.batch_size
        return first, min(first + self.batch_size, self.counts.total)


@dataclass(frozen=True, kw_only=True)
class Plan(Batches):
    """A complete plan: `plan_<run id>` holds its rows, numbered from 1, removals first.

    Args:
        run: the run that it belongs to.
        is_full: it holds every row of the model and becomes the snapshot; else changes only.
        batch_size: see `Batches`.
        counts: rows in it by operation.
        fingerprint: of the configuration and destination that it was made for.
        shape: of its rows.
        invalid: rows of the model that are not in it: a NULL or repeated key, or another image
            when they were read again.
        base_run: last run of the state that it was compared with.
        cursor: where the comparison ended, as text; None without a cursor.
        is_whole: all of the model (or partition) was compared, not only what lies past a cursor.
        reason: why the guard holds it, where it does.
        content: fingerprint of its rows, where it is held.
        left_out: parked rows that it would hold else; known while it is made only.
        left: changes that it would hold else, and that the next run finds again: somebody asked
            for a part of them.
        is_streamed: it has no images: only the run that made it can write it (`streamed.py`).
    """

    fingerprint: str
    shape: Shape
    invalid: int
    base_run: int | None = None
    cursor: str | None = None
    is_whole: bool = True
    reason: str | None = None
    content: str | None = None
    left_out: int = 0
    left: Counts = Counts()
    is_streamed: bool = False

    @property
    def found(self) -> Counts:
        """All changes: those that it has, and those that are left to the next run."""
        return self.counts + self.left

    @property
    def tells_all(self) -> bool:
        """Nothing is to be done about a row that it has not."""
        return self.is_whole and not self.left.total

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Plan:
        """Reads the columns of `open_run.sql`, in their order."""
        return cls(
            run=Run(*row[:3]),
            is_full=row[3],
            fingerprint=row[4],
            shape=Shape.from_json(row[5]),
            batch_size=row[6],
            counts=Counts(*row[7:10]),
            invalid=row[10],
            base_run=row[11],
            cursor=row[12],
            is_whole=row[13],
            reason=row[14],
            content=row[15],
            batch_ends=None if row[16] is None else tuple(row[16]),
            left=Counts(*(row[17] or ())),
            is_streamed=row[18],
        )
