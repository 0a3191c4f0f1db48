"""How far a sync is, told to Dagster while it runs: rarely, because every event costs a write."""

from __future__ import annotations

import time
from collections.abc import Sequence

import dagster as dg

from ..outcome import Progress
from ..progress_text import doing, duration, name_of, numbers, rejected
from .listener import current_listener

INTERVAL_S = 2.0
"""Seconds between two events: an observation costs Dagster's storage about 10 ms."""


class ProgressLog:
    """Writes one log line and one observation every two seconds at most.

    Args:
        context: of the step.
        key: the destination table, which the observations are about.
        partitions: names of all that the step runs, one after the other.
    """

    def __init__(
        self,
        context: dg.AssetExecutionContext | dg.OpExecutionContext,
        key: dg.AssetKey,
        partitions: Sequence[str | None] = (),
    ) -> None:
        self._context = context
        self._key = key
        self._partitions = partitions
        self._listener = current_listener()
        self._told_at = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Takes one report of a sync; most of them are only passed on to the listener.

        Args:
            progress: how far the sync is.
        """
        self._listener.on_progress(progress)
        now = time.monotonic()
        if now - self._told_at >= INTERVAL_S:
            self._told_at = now
            self._tell(progress)

    def _tell(self, progress: Progress) -> None:
        name = name_of(progress, self._partitions)
        told = (numbers(progress), rejected(progress), f"{duration(progress.seconds)} so far")
        self._context.log.info(f"{name}: {doing(progress)}, {', '.join(filter(None, told))}")
        pace = {
            "pgsync/rows_per_second": progress.rate and round(progress.rate, 1),
            "pgsync/seconds_left": progress.seconds_left and round(progress.seconds_left, 1),
        }
        self._context.log_event(
            dg.AssetObservation(
                self._key,
                partition=progress.partition,
                metadata={
                    "pgsync/step": progress.step,
                    "pgsync/rows_done": progress.rows_done,
                    "pgsync/rows_total": progress.rows_total,
                    "pgsync/rows_rejected": progress.rejected,
                    "pgsync/seconds": progress.seconds,
                    **{name: known for name, known in pace.items() if known is not None},
                },
            )
        )
