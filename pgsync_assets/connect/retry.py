"""The same again, where a failure may pass: what is in is found by reading the ledger."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..errors import TransientError

_log = logging.getLogger(__name__)

Result = TypeVar("Result")
PAUSES_S = (1.0, 2.0, 4.0)
"""Seconds before the same again, half as long or half as much longer by chance: of many runs that
failed at one moment (a server that was full), not all come back at one moment."""


def tried(
    once: Callable[[], Result],
    pauses: Sequence[float] | None = None,
    on_failure: Callable[[TransientError], None] | None = None,
) -> Result:
    """Does it, and again after each pause where it failed in a way that may pass.

    Args:
        once: what to do; it begins where its last try came to.
        pauses: in seconds, default `PAUSES_S`; there is one try more than these.
        on_failure: is told of each failure that is followed by another try.

    Raises:
        TransientError: the last try failed, too.
    """
    for pause in PAUSES_S if pauses is None else pauses:
        try:
            return once()
        except TransientError as error:
            if on_failure is not None:
                on_failure(error)
            waits = pause * random.uniform(0.5, 1.5)  # noqa: S311 - nothing secret
            _log.warning("%s; tried again in %.1f s", error.message, waits)
            time.sleep(waits)
    return once()
