"""What runs came to day by day: throughput, failures and lag, as `sync_runs` has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from ..connect import READ_ONLY, Session
from ..sql import statement
from .former_names import former_names

EVER = 2**63 - 1  # every run has a smaller number


@dataclass(frozen=True)
class Trend:
    """The runs of a sync that ended on one day, or on all days that were asked for.

    Args:
        sync: its name now.
        day: of UTC; None: all of them.
        runs: how many ended.
        failed: of those; held ones are not.
        added: rows that the destination took.
        changed: rows that the destination took.
        removed: rows that the destination took.
        attempted: rows that were tried.
        rejected: of those, rows that were refused.
        rows_per_second: median of the runs that sent any; None: none did.
        seconds: median duration, from the start or from the approval of the plan.
        worst_seconds: the longest.
        lag_seconds: how old the rows of the destination were at worst, when a run ended and before
            it; None: no run had brought all that had changed.
    """

    sync: str
    day: dt.date | None
    runs: int
    failed: int
    added: int
    changed: int
    removed: int
    attempted: int
    rejected: int
    rows_per_second: float | None
    seconds: float
    worst_seconds: float
    lag_seconds: float | None

    @property
    def sent(self) -> int:
        """Rows that the destination took."""
        return self.added + self.changed + self.removed

    @property
    def rejected_share(self) -> float:
        """Of the rows that were tried, those that were refused: 0 to 1."""
        return self.rejected / self.attempted if self.attempted else 0.0


def trends(session: Session, audit: str, syncs: Sequence[str], days: int) -> list[Trend]:
    """What runs came to: of each sync in all, and then day by day; nothing where none ended.

    Args:
        session: on the database that holds the audit.
        audit: name of its schema; it may be of an older version.
        syncs: names; runs that they had under former names are theirs.
        days: so many, and today is the last of them.
    """
    query = statement(__package__ or "", "trend.sql", audit=audit)
    with session.transaction("reading the audit", READ_ONLY) as connection:
        known = [(sync, sync, EVER) for sync in syncs] + [
            (sync, name, until)
            for sync in syncs
            for name, until in former_names(connection, audit, sync).items()
        ]
        values = {
            "syncs": [sync for sync, _, _ in known],
            "names": [name for _, name, _ in known],
            "runs": [until for _, _, until in known],
            "days": days,
        }
        return [Trend(*row) for row in connection.execute(query, values)]
