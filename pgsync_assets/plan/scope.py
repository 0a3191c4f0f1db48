"""Which rows of model and snapshot a run compares, and what it does with them."""

from __future__ import annotations

from dataclasses import dataclass

from .part import Part


@dataclass(frozen=True)
class Scope:
    """What is compared.

    Args:
        is_full: the plan holds every row of the model and becomes the snapshot.
        sends_all: rows that did not change are sent, too.
        label: partition whose rows are compared, where partitions share one snapshot; else None.
        is_whole: all of the model (or partition) is compared; else only what lies past a cursor,
            where a row that is not there says nothing.
        cursor: the column that such a comparison goes by.
        only_new: a key that was sent once is neither sent nor removed again.
        has_refused: earlier runs were refused rows that this one has to know of.
        part: which of the changes are planned.
    """

    is_full: bool
    sends_all: bool
    label: str | None = None
    is_whole: bool = True
    cursor: str | None = None
    only_new: bool = False
    has_refused: bool = False
    part: Part = Part()

    @property
    def finds_removals(self) -> bool:
        """Whether a row that is not there any more means something."""
        return self.is_whole and not self.only_new
