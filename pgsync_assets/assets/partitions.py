"""Partitions of a sync in Dagster's words. `config/windows.py` has the same windows without it."""

from __future__ import annotations

import datetime as dt

import dagster as dg

from ..config import PartitionsConfig
from ..config.windows import KEY_FORMATS

_CRON = {"hour": "0 * * * *", "day": "0 0 * * *", "week": "0 0 * * 0", "month": "0 0 1 * *"}


def partitions_definition(config: PartitionsConfig | None) -> dg.PartitionsDefinition | None:
    """Dagster's definition of the time windows of a sync, in UTC; None for a sync without.

    Args:
        config: the `partitions` of a sync.
    """
    if config is None:
        return None
    return dg.TimeWindowPartitionsDefinition(
        cron_schedule=_CRON[config.every],
        fmt=KEY_FORMATS[config.every],
        start=_midnight(config.start),
        end=_midnight(config.end) if config.end else None,
        timezone="UTC",
        end_offset=1,  # the window that has not ended yet is one too: today's rows travel today
    )


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.timezone.utc)
