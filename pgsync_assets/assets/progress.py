"""How far a sync is, told to Dagster while it runs: rarely, because every event costs a write."""

from __future__ import annotations

import time

import dagster as dg

from ..outcome import Progress
from .listener import current_listener

INTERVAL_S = 2.0
"""Seconds between two events: an observation costs Dagster's storage about 10 ms."""


class ProgressLog:
    """Writes one log line and one observation every two seconds at most.

    Args:
        context: of the step.
        key: the destination table, which the observations are about.
    """

    def __init__(
        self, context: dg.AssetExecutionContext | dg.OpExecutionContext, key: dg.AssetKey
    ) -> None:
        self._context = context
        self._key = key
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
        slice_ = f" [{progress.partition}]" if progress.partition else ""
        self._context.log.info(
            f"{progress.sync}{slice_}: {progress.step}, "
            f"{progress.rows_done:,} of {progress.rows_total:,} rows, {progress.rejected:,} refused"
        )
        self._context.log_event(
            dg.AssetObservation(
                self._key,
                partition=progress.partition,
                metadata={
                    "pgsync/step": progress.step,
                    "pgsync/rows_done": progress.rows_done,
                    "pgsync/rows_total": progress.rows_total,
                    "pgsync/seconds": progress.seconds,
                },
            )
        )
