"""A log that cannot be written fails nobody: the rows are in."""

from __future__ import annotations

import logging

import psycopg

from ..errors import PgsyncError

_log = logging.getLogger(__name__)


def untold(name: str, problem: PgsyncError) -> str:
    """What is said, and logged, where the log was not told how a run ended.

    Args:
        name: of the sync.
        problem: what was in the way.
    """
    told = f"the log of the destination was not told how the run ended ({problem.message})"
    _log.warning("%s: %s; the next run tells it", name, told)
    return f"{told}; the next run tells it"


def sqlstate_of(error: BaseException | None) -> str | None:
    """What PostgreSQL answered, where that is why; its words are never repeated.

    Args:
        error: one of ours, raised while one of psycopg's was handled.
    """
    while error is not None:
        if isinstance(error, psycopg.Error) and error.sqlstate:
            return error.sqlstate
        error = error.__context__
    return None
