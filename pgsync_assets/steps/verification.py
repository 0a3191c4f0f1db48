"""Whether the destination is in step with the model: `pgsync-assets verify`."""

from __future__ import annotations

from ..config import Partition, SyncConfig
from ..connect import Endpoint
from ..errors import AlreadyRunning
from ..outcome import Listener
from ..verification import Verification
from .ends import Ends
from .progress import Reporter, silent
from .verify import verify as verified
from .work import opened


def verify(
    sync: SyncConfig,
    source: Endpoint,
    destination: Endpoint,
    *,
    platform: Endpoint | None = None,
    partition: Partition | None = None,
    limit: int = 20,
    values: bool = False,
    on_progress: Listener = silent,
) -> Verification:
    """Compares the destination with the model, row by row. Changes nothing; no run goes on beside.

    Args:
        sync: what the user wrote, with the model's SQL loaded.
        source: where the model is read.
        destination: where the table is.
        platform: see `sync.run`.
        partition: only this slice of the model.
        limit: differences to list at the most.
        values: list values of the rows that differ; else none leaves its server.
        on_progress: is told where the comparison is.

    Raises:
        AlreadyRunning: a run is under way.
        PgsyncError: see `sync.run`.
    """
    reporter = Reporter(sync.name, partition.name if partition else None, on_progress)
    try:
        ends = Ends(source, destination, platform)
        with (
            reporter.pulsing(),
            opened(sync, ends, partition, reporter, records_refusal=False) as work,
        ):
            return verified(work, limit=limit, with_values=values)
    except AlreadyRunning:
        raise AlreadyRunning(
            f"{sync.name}: a run is under way", "verify it when that has ended"
        ) from None
