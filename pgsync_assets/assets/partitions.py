"""Partitions of a sync in Dagster's words; the config room has the same ones without Dagster."""

from __future__ import annotations

import datetime as dt

import dagster as dg

from ..config import PartitionKind, StaticKind, SyncConfig, TimeWindows
from ..config.windows import KEY_FORMATS, Every

_CRON: dict[Every, str] = {
    "hour": "0 * * * *",
    "day": "0 0 * * *",
    "week": "0 0 * * 0",
    "month": "0 0 1 * *",
    "quarter": "0 0 1 1,4,7,10 *",
    "year": "0 0 1 1 *",
}


def partitions_definition(sync: SyncConfig) -> dg.PartitionsDefinition | None:
    """Dagster's definition of the partitions of a sync; None for a sync without.

    Args:
        sync: with `partitions` of any kind.
    """
    kind: PartitionKind | None = sync.partitions
    if isinstance(kind, TimeWindows):
        return dg.TimeWindowPartitionsDefinition(
            cron_schedule=_CRON[kind.every],
            fmt=KEY_FORMATS[kind.every],
            start=_midnight(kind.start),
            end=_midnight(kind.end) if kind.end else None,
            timezone=kind.time_zone,
            end_offset=1,  # the window that has not ended is one too: today's rows travel today
        )
    if isinstance(kind, StaticKind):
        return dg.StaticPartitionsDefinition(kind.names)
    return None


def _midnight(day: dt.date) -> dt.datetime:
    """Without a zone: Dagster puts its own one in."""
    return dt.datetime(day.year, day.month, day.day)
