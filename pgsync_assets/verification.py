"""What a comparison of both ends found: plain values that every face shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .outcome import Counts

DifferenceKind = Literal["missing", "differs", "rejected", "pending"]


@dataclass(frozen=True)
class Difference:
    """A row that is not the same in the model, in the state and at the destination.

    Args:
        row_id: value of the key; a JSON array where the key has several columns.
        kind: `missing`: this sync wrote it, and the destination has it no more; `differs`: it is
            there, but not as this sync wrote it; `rejected`: the last run could not send it;
            `pending`: the model says something else than it did at the last run.
        operation: what the next run does about it: `added`, `changed` or `removed`; None where the
            model still says what this sync wrote: only a full resync sends that again.
        columns: of the model, that differ; empty where one side has no such row.
        reason: why it was rejected.
        model: values in the model, of the columns that differ or of all where the destination has
            no such row; None where they were not asked for, or the model has no such row.
        destination: the same of the destination.
    """

    row_id: str
    kind: DifferenceKind
    operation: str | None
    columns: tuple[str, ...] = ()
    reason: str | None = None
    model: Mapping[str, str | None] | None = None
    destination: Mapping[str, str | None] | None = None


@dataclass(frozen=True)
class Verification:
    """Whether the destination is in step with the model, row by row.

    Args:
        sync: name of the sync.
        partition: the slice, if it was one.
        rows: of the model.
        same: rows of which model, state and destination have the same.
        missing: rows that this sync wrote and that are gone.
        differs: rows that are not any more as this sync wrote them.
        rejected: rows that could not be sent; they are tried again by the next run.
        pending: what changed in the model since the last run, by operation.
        foreign: rows of the destination that are not this sync's.
        differences: the first ones of all but `foreign`, the worst first.
        problems: what does not agree in the bookkeeping, one sentence each.
        seconds: duration of each step and of all, `total`.
    """

    sync: str
    partition: str | None
    rows: int
    same: int
    missing: int
    differs: int
    rejected: int
    pending: Counts
    foreign: int
    differences: tuple[Difference, ...] = ()
    problems: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def in_step(self) -> bool:
        """Nobody has to act: what is not the same yet is rejected or pending, and known as such."""
        return not (self.missing or self.differs or self.problems)

    @property
    def total(self) -> int:
        """Rows that are not the same, for whatever reason."""
        return self.missing + self.differs + self.rejected + self.pending.total
