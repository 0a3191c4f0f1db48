"""The same again, where a failure may pass: what is in is found by reading the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ..errors import TransientError

Result = TypeVar("Result")
PAUSES_S = (1.0, 2.0, 4.0)
"""Seconds before the same again."""


def tried(once: Callable[[], Result]) -> Result:
    """Does it, and again after each pause where it failed in a way that may pass.

    Args:
        once: what to do; it begins where its last try came to.

    Raises:
        TransientError: the last try failed, too.
    """
    for pause in PAUSES_S:
        try:
            return once()
        except TransientError:
            time.sleep(pause)
    return once()
