"""In which slices a sync is compared as a whole."""

from __future__ import annotations

import datetime as dt

from .partition import Partition
from .sync import SyncConfig


def slices_to_verify(sync: SyncConfig, until: dt.datetime) -> list[Partition | None]:
    """Every slice that has a state of its own; None is the whole model.

    Partitions that share a state are compared at once: only so it is known which rows left the
    model, and which only moved.

    Args:
        sync: as configured.
        until: now, with its time zone.
    """
    return [*sync.all_partitions(until)] if sync.partitions_run_at_once else [None]
