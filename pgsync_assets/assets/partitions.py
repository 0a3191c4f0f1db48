"""Partitions of a sync in Dagster's words. `config/windows.py` has the same windows without it."""

from __future__ import annotations

import dagster as dg

from ..config import PartitionsConfig
from ..config.windows import KEY_FORMATS

_CRON = {"hour": "0 * * * *", "day": "0 0 * * *", "week": "0 0 * * 0", "month": "0 0 1 * *"}


def partitions_definition(config: PartitionsConfig | None) -> dg.PartitionsDefinition | None:  # type: ignore[type-arg]
    """Dagster's definition of the time windows of a sync, in UTC; None for a sync without.

    Args:
        config: the `partitions` of a sync.
    """
    if config is None:
        return None
    key_format = KEY_FORMATS[config.every]
    midnight = {"start": config.start, "end": config.end}
    bounds = {
        name: day.strftime("%Y-%m-%d" if config.every != "hour" else "%Y-%m-%d-00:00")
        for name, day in midnight.items()
        if day is not None
    }
    return dg.TimeWindowPartitionsDefinition(
        cron_schedule=_CRON[config.every],
        fmt=key_format,
        timezone="UTC",
        end_offset=1,  # the window that has not ended yet is one too: today's rows travel today
        **bounds,
    )
