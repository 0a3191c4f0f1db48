"""Time windows of a partitioned sync, named as Dagster names its partitions. Pure.

Everything is UTC. The window that `until` falls into is one of them although it has not ended: what
is known of today has to travel today. In Dagster's words that is `end_offset=1`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ..errors import ConfigurationError
from .partitions import Partition, PartitionsConfig

KEY_FORMATS = {
    "hour": "%Y-%m-%d-%H:%M",
    "day": "%Y-%m-%d",
    "week": "%Y-%m-%d",
    "month": "%Y-%m-%d",
}
"""How Dagster writes partition keys (hourly, daily, weekly from Sunday, monthly)."""

_STEPS = {
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
    "week": dt.timedelta(weeks=1),
}


def all_partitions(config: PartitionsConfig, until: dt.datetime) -> list[Partition]:
    """All windows that have begun, oldest first.

    Args:
        config: the partitions of a sync.
        until: now, with its time zone.

    Returns:
        The partitions from `start` to the window of `until`, or to `end` if that comes first.
    """
    return [_partition(config, lower) for lower in _lower_bounds(config, until)]


def partition_named(config: PartitionsConfig, key: str) -> Partition:
    """The window of a partition key.

    Args:
        config: the partitions of a sync.
        key: as Dagster writes it, e.g. `2013-01-01`, or `2013-01-01-05:00` for an hour.

    Raises:
        ConfigurationError: the key is not written so, is not the beginning of a window, or is
            outside of `start` and `end`.
    """
    key_format = KEY_FORMATS[config.every]
    try:
        lower = dt.datetime.strptime(key, key_format).replace(tzinfo=dt.timezone.utc)
    except ValueError:
        lower = None
    if lower is None or lower.year == dt.MAXYEAR or lower.strftime(key_format) != key:
        example = _midnight(config.start).strftime(key_format)
        raise ConfigurationError(
            f"{key!r} is not the name of a partition", f"write it as in {example}"
        )
    if _window_start(config, lower) != lower:
        near = _window_start(config, lower).strftime(key_format)
        raise ConfigurationError(
            f"no {config.every} begins at {key}", f"the {config.every} around it is {near}"
        )
    if lower < _midnight(config.start) or (config.end and lower >= _midnight(config.end)):
        raise ConfigurationError(
            f"the partition {key} is outside of {config.start} to {config.end or 'now'}",
            "choose another one, or change partitions.start and partitions.end",
        )
    return _partition(config, lower)


def _lower_bounds(config: PartitionsConfig, until: dt.datetime) -> Iterator[dt.datetime]:
    lower = _midnight(config.start)
    while lower <= until and (config.end is None or lower < _midnight(config.end)):
        yield lower
        lower = _next(config, lower)


def _partition(config: PartitionsConfig, lower: dt.datetime) -> Partition:
    return Partition(
        name=lower.strftime(KEY_FORMATS[config.every]),
        column=config.column,
        lower=lower.isoformat(),
        upper=_next(config, lower).isoformat(),
    )


def _window_start(config: PartitionsConfig, moment: dt.datetime) -> dt.datetime:
    if config.every == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if config.every == "month":
        return midnight.replace(day=1)
    if config.every == "week":
        return midnight - dt.timedelta(days=midnight.isoweekday() % 7)
    return midnight


def _next(config: PartitionsConfig, lower: dt.datetime) -> dt.datetime:
    if config.every == "month":
        return (lower.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return lower + _STEPS[config.every]


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.timezone.utc)
