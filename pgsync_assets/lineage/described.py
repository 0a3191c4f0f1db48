"""A column as a server describes it, and where it comes from, without a run."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import Column
from .source import Origin


@dataclass(frozen=True)
class DescribedColumn(Column):
    """A column of a model or of a destination table.

    Args:
        comment: of COMMENT ON COLUMN; of a model's column, that of the column it is a copy of.
        origins: the columns that its value is made of.
    """

    comment: str | None = None
    origins: tuple[Origin, ...] = ()
