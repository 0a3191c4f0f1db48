"""What is usual for a sync: the median of its earlier runs, of the same partition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import dagster as dg

from .events import Written
from .records import SyncRun, history

LOOK_BACK = 20
"""Runs that say what is usual."""

ENOUGH = 5
"""With fewer of them nothing is usual yet."""


@dataclass(frozen=True)
class Usual:
    """What is usual.

    Args:
        median: of earlier runs.
        runs: how many those are.
    """

    median: float
    runs: int


def usual(
    instance: dg.DagsterInstance,
    run: SyncRun,
    partition: str | None,
    figure: Callable[[Written], float],
) -> Usual | None:
    """The median of a figure; None where too few runs are known.

    Args:
        instance: of Dagster.
        run: that is compared; it counts neither itself, nor what came later.
        partition: its key, if any.
        figure: of one materialisation.
    """
    # A range of partitions writes each of them once: one run, one materialisation of each.
    found = history(instance, run.sync, partition, run.run.run_id, LOOK_BACK)
    earlier = [written for written in found if not _is_first(written)]
    if len(earlier) < ENOUGH:
        return None
    return Usual(median(map(figure, earlier)), len(earlier))


def is_full(run: SyncRun, written: Written) -> bool:
    """Whether all rows were sent on purpose: a first sync, or a full resync.

    Args:
        run: of the sync.
        written: what it has written.
    """
    ops: Any = run.run.run_config.get("ops", {}) if isinstance(run.run.run_config, dict) else {}
    config = ops.get(run.sync.step, {}).get("config", {}) or {}
    return bool(config.get("full_resync")) or _is_first(written)


def _is_first(written: Written) -> bool:
    """Nothing was known before: every row of the state is new in it."""
    return written.sent > 0 and written.count("rows_added") == written.sent == written.rows
