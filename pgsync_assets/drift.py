"""How both ends of a sync differ from what they were: plain values that every face shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

End = Literal["model", "table"]


@dataclass(frozen=True)
class ColumnChange:
    """A column that is not as it was at the last run that succeeded.

    Args:
        end: where it is: in the model, or in the destination table.
        column: its name.
        before: its type then; None: it was not there.
        after: its type now; None: it is not there any more.
        fate: what the sync does with it now, in a few words.
    """

    end: End
    column: str
    before: str | None
    after: str | None
    fate: str

    @property
    def change(self) -> str:
        """What happened to it: `added`, `removed` or `other type`."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "other type"


@dataclass(frozen=True)
class Drift:
    """What is other at both ends, and what of them is not in the sync at all.

    Args:
        changes: since the last run that succeeded; the model's first, by name.
        unsent: columns of the model that go nowhere.
        unwritten: columns of the table that the sync does not write.
        is_known: False: there is nothing to compare with, as no run has noted it yet.
    """

    changes: tuple[ColumnChange, ...] = ()
    unsent: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    is_known: bool = False
