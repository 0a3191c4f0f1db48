"""Waiting for what no page shows: rows in a database."""

from __future__ import annotations

import time
from collections.abc import Callable

TIMEOUT_S = 240
"""Dagster's daemon looks at sensors and backfills every half a minute, and starts a process for
each run."""


def until(met: Callable[[], bool]) -> None:
    """Waits until something is so.

    Args:
        met: is asked a few times a second.
    """
    deadline = time.monotonic() + TIMEOUT_S
    while not met():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)
