"""What writing needs to know, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import sql

from ..config import Mode, SyncConfig
from ..errors import TooManyRejectedRows
from ..model import ColumnMapping
from ..plan import Plan, Planner, State
from ..sql import column, column_list
from .ledger import Ledger
from .remove import REMOVALS, Removal
from .target import Target
from .upsert import upsert

MODES: dict[Mode, Callable[[Target, tuple[str, ...], tuple[str, ...]], sql.Composed]] = {
    "upsert": upsert
}


@dataclass(frozen=True)
class Job:
    """A plan and where it goes.

    Args:
        sync: mode, delete behaviour and limits.
        planner: where the plan is read.
        ledger: of the destination.
        state: as claimed.
        plan: complete.
        target: the destination table.
        mapping: which column goes where.
    """

    sync: SyncConfig
    planner: Planner
    ledger: Ledger
    state: State
    plan: Plan
    target: Target
    mapping: ColumnMapping

    @property
    def removal(self) -> Removal | None:
        """What is done about rows that left the model; None for nothing."""
        return REMOVALS[self.sync.delete]

    def apply_statement(self) -> sql.Composed:
        """Writes the staged rows that are not removals, by the sync's mode."""
        return MODES[self.sync.mode](self.target, self.mapping.targets, self.mapping.match)

    def removals_between(self, first: int, last: int) -> int:
        """How many of the rows `first < row <= last` are removals: they come first in a plan."""
        return max(0, min(last, self.plan.counts.removed) - first)

    def rows_between(self, first: int, last: int, *extra: str) -> sql.Composed:
        """The rows `first < row <= last` of the plan, in the destination's column order."""
        return sql.SQL("SELECT {} FROM {} AS p WHERE p.{row} > {} AND p.{row} <= {}").format(
            column_list((*extra, *self.mapping.sources), "p"),
            self.planner.plan_table(self.plan.run),
            sql.Literal(first),
            sql.Literal(last),
            row=column("_pgsync_row"),
        )

    def too_many(self, reason: str) -> TooManyRejectedRows:
        """The error for a run where every row seems to be poison."""
        return TooManyRejectedRows(
            f"sync {self.sync.name!r}: {self.target.name} refused more than "
            f"{self.sync.max_rejected_rows} rows (max_rejected_rows); the last one: {reason}",
            "the batch was rolled back; mend the model or the table, or raise max_rejected_rows",
        )
