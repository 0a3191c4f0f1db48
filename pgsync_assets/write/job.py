"""What writing needs to know, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from ..config import SyncConfig, exceeds
from ..errors import TooManyRejectedRows
from ..log import Done, Refused, RunLog
from ..model import ColumnMapping
from ..plan import Batches, State
from .arbiter import find_arbiter, nullable
from .into import Into
from .ledger import Ledger, Reject
from .mode import WriteMode
from .modes import mode_of
from .remove import REMOVALS, Removal
from .rows import Rows
from .soft_delete import mark_of
from .stage import Stage
from .stamps import stamped, values
from .target import Target
from .trace import Trace


@dataclass(frozen=True)
class Job:
    """A plan and where it goes.

    Args:
        sync: mode, delete behaviour and limits.
        rows: of the plan, wherever they are.
        ledger: of the destination.
        state: as claimed.
        plan: how the rows are numbered and cut.
        target: the destination table.
        mapping: which column goes where.
        log: is told of each batch; None where the destination keeps no log.
        trace: is told what is sent.
    """

    sync: SyncConfig
    rows: Rows
    ledger: Ledger
    state: State
    plan: Batches
    target: Target
    mapping: ColumnMapping
    log: RunLog | None = None
    trace: Trace = field(default_factory=Trace)

    @property
    def mode(self) -> WriteMode:
        """How rows get into the table."""
        return mode_of(self.sync.mode, self.target.kind)

    @property
    def removal(self) -> Removal | None:
        """What is done about rows that left the model; None for nothing."""
        return REMOVALS[self.sync.delete_behavior]

    @cached_property
    def into(self) -> Into:
        """Where they go."""
        mark = mark_of(self.sync, self.target)
        stamps = stamped(self.sync)
        stage = Stage(self.target.stage_schema, self.ledger.session.connection.info.backend_pid)
        arbiter = find_arbiter(self.sync, self.mapping, self.target)
        return Into(
            self.target,
            self.mapping.targets,
            self.mapping.match,
            stamps,
            mark,
            stage,
            arbiter.predicate if arbiter else None,
            nullable(arbiter, self.target),
        )

    def stamps(self, now: str) -> tuple[str, ...]:
        """What the columns get that say when and by which run.

        Args:
            now: the time, as the destination writes it.
        """
        return values(self.sync, now, self.plan.run.id)

    @property
    def may_copy(self) -> bool:
        """Whether a first sync may copy straight into the table, where its mode would stage rows.

        The destination tells a row that is there already by its unique index, and COPY not whether
        a row is in a partial one. A column that is not copied gets its default, or NULL, which may
        not be what marks a row as present.
        """
        mark = self.into.mark
        is_null = mark is None or (
            mark.is_null_when_present and not self.target.columns[mark.name].has_default
        )
        is_full = self.into.predicate is None
        takes_copy = self.target.kind.road == "copy" and is_null and is_full
        return self.mode.upserts and self.state.shape is None and takes_copy

    @property
    def may_meet_equals(self) -> bool:
        """Whether rows of the plan may be in the table already as they are (trap 13).

        Not asked where looking a row up means to read the other server's table.
        """
        return self.plan.is_full and self.mode.finds_rows and self.target.kind.has_indexes

    def removals_between(self, first: int, last: int) -> int:
        """How many of the rows `first < row <= last` are removals: they come first in a plan."""
        return max(0, min(last, self.plan.counts.removed) - first)

    def refused_between(self, first: int, last: int) -> list[Reject]:
        """Those of the rows `first < row <= last` that were refused before they could travel."""
        return self.rows.refused(first, last)

    def done(self, batch: int, rejects: list[Reject], sent: int) -> Done:
        """What a batch did, for the log.

        Args:
            batch: its number.
            rejects: rows of it that were refused.
            sent: bytes.
        """
        first, last = self.plan.rows_of(batch)
        removals = self.removals_between(first, last)
        stayed = sum(one.plan_row <= self.plan.counts.removed for one in rejects)
        return Done(
            batch,
            written=last - first - removals - (len(rejects) - stayed),
            removed=removals - stayed,
            refused=[Refused(one.sqlstate, one.constraint, one.column) for one in rejects],
            bytes=sent,
        )

    def exceeds(self, rejected: int) -> bool:
        """Whether more rows were refused than the sync allows."""
        return exceeds(rejected, self.sync.max_rejected_rows, self.plan.counts.total)

    def too_many(self, reason: str) -> TooManyRejectedRows:
        """The error for a run where every row seems to be poison."""
        return TooManyRejectedRows(
            f"sync {self.sync.name!r}: {self.target.name} refused more rows than "
            f"{self.sync.max_rejected_rows} (max_rejected_rows); the last one: {reason}",
            "the batch was rolled back; mend the model or the table, or raise max_rejected_rows",
        )
