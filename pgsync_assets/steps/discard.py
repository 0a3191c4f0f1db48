"""Drops a held plan that nobody wants."""

from __future__ import annotations

from ..config import Partition, SyncConfig
from ..connect import Endpoint
from ..errors import StalePlan
from .ends import Ends
from .held import ending, found
from .progress import Reporter, silent
from .recover import refuse_unfinished
from .work import opened


def discard(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    plan_id: int,
    *,
    platform: Endpoint | None = None,
    partition: Partition | None = None,
    by: str | None = None,
) -> None:
    """Drops a held plan. Writes nothing anywhere but in the planner.

    Args:
        sync: whose plan it is, with the model's SQL loaded.
        source: where the model is read.
        destination: where the table is; its ledger tells whether some of the plan is in.
        plan_id: its number.
        platform: where engine standard keeps its state.
        partition: that it is about.
        by: who discards it; is told to who asks for the plan later.

    Raises:
        StalePlan: there is no such plan to discard.
        UnfinishedRun: it was applied, and interrupted: it has to be finished.
        PgsyncError: see `pgsync_assets.sync.run`.
    """
    reporter = Reporter(sync.name, partition.name if partition else None, silent)
    with opened(sync, Ends(source, destination, platform), partition, reporter) as work:
        refuse_unfinished(work)
        record = found(work.planner, plan_id)
        over = ending(record)
        if over or (record.sync, record.run.partition) != (sync.name, work.slice):
            told = over or f"it is of {record.sync} {record.run.partition}".rstrip()
            raise StalePlan(f"plan {plan_id} cannot be discarded: {told}")
        because = f"it was discarded by {by}" if by else "it was discarded"
        work.planner.drop(work.state, record.run, "superseded", because)
