"""How runs of syncs went, in tables of a terminal, with a sparkline of the rows of each day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.table import Table
from rich.text import Text

from ..record import Trend
from .lengths import of_count, of_seconds
from .terminal import table

HEIGHTS = "▁▂▃▄▅▆▇█"
NONE = "·"  # no run ended on that day
MOST_MARKS = 14  # of a sparkline: more days are taken together
NOBODY = "-"


@dataclass(frozen=True)
class Stats:
    """How a sync went, by one audit; several have it where its engine was switched.

    Args:
        sync: its name.
        connection: whose audit says so; None: no run ended in these days.
        total: of all days; None: no run ended.
        days: every day that was asked for, oldest first; None: no run ended.
    """

    sync: str
    connection: str | None
    total: Trend | None
    days: Mapping[dt.date, Trend | None]


def stats_of(syncs: Sequence[str], days: int, audits: Mapping[str, Sequence[Trend]]) -> list[Stats]:
    """What the audits say, sync by sync.

    Args:
        syncs: names, in their order.
        days: so many, and today is the last of them.
        audits: what each says, by connection.
    """
    today = dt.datetime.now(dt.timezone.utc).date()
    dates = [today - dt.timedelta(days=ago) for ago in reversed(range(days))]
    found: dict[str, list[Stats]] = {sync: [] for sync in syncs}
    for connection, told in audits.items():
        for sync, rows in groupby(told, key=lambda one: one.sync):
            total, *daily = rows
            by_date = {one.day: one for one in daily}
            shown = {date: by_date.get(date) for date in dates}
            found[sync].append(Stats(sync, connection, total, shown))
    nothing = dict.fromkeys(dates)
    return [one for sync in syncs for one in found[sync] or [Stats(sync, None, None, nothing)]]


def by_sync(found: Sequence[Stats]) -> Table:
    """A line for each sync.

    Args:
        found: how they went.
    """
    numbers = ("runs", "failed", "sent", "rejected", "rows/s", "took", "worst", "lag")
    repeated = {one.sync for one in found if sum(o.sync == one.sync for o in found) > 1}
    return table(
        *("sync", *numbers, "a day"),
        rows=[_line(one, is_repeated=one.sync in repeated) for one in found],
        numbers=numbers,
    )


def by_day(one: Stats) -> Table:
    """A line for each day on which a run ended, and one for all of them.

    Args:
        one: how the sync went.
    """
    numbers = (
        *("runs", "failed", "added", "changed", "removed", "rejected"),
        *("rows/s", "took", "lag"),
    )
    lines = [(f"{day:%m-%d}", trend) for day, trend in one.days.items() if trend is not None]
    return table(
        *("day", *numbers),
        rows=[
            (name, *_runs(trend), *_operations(trend), *_measures(trend))
            for name, trend in [*lines, *([("all", one.total)] if one.total else [])]
        ],
        numbers=numbers,
    )


def sparkline(one: Stats) -> Text:
    """The rows of each day as heights; red where a run failed.

    Args:
        one: how a sync went.
    """
    days = list(one.days.values())
    size = -(-len(days) // MOST_MARKS)
    first = len(days) % size  # the last mark has as many days as the others
    cuts = [days[:first]] if first else []
    marks = cuts + [days[at : at + size] for at in range(first, len(days), size)]
    ran = [[day for day in mark if day is not None] for mark in marks]
    sent = [sum(day.sent for day in mark) for mark in ran]
    most = max(sent, default=0) or 1
    line = Text()
    for mark, rows in zip(ran, sent, strict=True):
        height = HEIGHTS[-(-rows * (len(HEIGHTS) - 1) // most)] if mark else NONE
        line.append(height, "red" if any(day.failed for day in mark) else "")
    return line


def _line(one: Stats, *, is_repeated: bool) -> tuple[str | Text, ...]:
    name = f"{one.sync} ({one.connection})" if is_repeated else one.sync
    if one.total is None:
        return (name, "0", *[NOBODY] * 7, sparkline(one))
    total = one.total
    *measures, lag = _measures(total)
    worst = _duration(total.worst_seconds)
    return (name, *_runs(total), of_count(total.sent), *measures, worst, lag, sparkline(one))


def _runs(trend: Trend) -> tuple[str, str]:
    return f"{trend.runs:,}", f"{trend.failed:,}"


def _operations(trend: Trend) -> tuple[str, ...]:
    return of_count(trend.added), of_count(trend.changed), of_count(trend.removed)


def _measures(trend: Trend) -> tuple[str, ...]:
    rate, lag = trend.rows_per_second, trend.lag_seconds
    return (
        _share(trend.rejected_share) if trend.attempted else NOBODY,
        NOBODY if rate is None else of_count(round(rate)),
        _duration(trend.seconds),
        NOBODY if lag is None else of_seconds(lag),
    )


def _share(share: float) -> str:
    return "0%" if share == 0 else "<0.1%" if share < 0.001 else f"{share:.1%}"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f}s" if seconds < 10 else of_seconds(seconds)
