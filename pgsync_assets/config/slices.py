"""In which slices a sync is compared as a whole."""

from __future__ import annotations

import datetime as dt

from .partitions import Partition
from .sync import SyncConfig
from .windows import all_partitions


def slices_to_verify(sync: SyncConfig, until: dt.datetime) -> list[Partition | None]:
    """Every slice that has a state of its own; None is the whole model.

    Partitions that share a state are compared at once: only so it is known which rows left the
    model, and which only moved.

    Args:
        sync: as configured.
        until: now, with its time zone.
    """
    if sync.partitions is None:
        return [None]
    found = all_partitions(sync.partitions, until)
    return [*found] if all(one.is_of_key for one in found) else [None]
