"""Listening to syncs that run as assets in this very process, as `pgsync-assets demo` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from ..outcome import Outcome, Progress


def _ignore(_told: object) -> None:
    return None


@dataclass(frozen=True)
class Listener:
    """Who wants to know.

    Args:
        on_progress: is called with each `Progress` of a sync, several times a second.
        on_outcome: is called with the `Outcome` of each sync and partition that is through.
    """

    on_progress: Callable[[Progress], None] = _ignore
    on_outcome: Callable[[Outcome], None] = _ignore


_NOBODY = Listener()
_current: ContextVar[Listener] = ContextVar("pgsync_listener", default=_NOBODY)


def current_listener() -> Listener:
    """Who listens to this step; somebody who ignores everything, by default."""
    return _current.get()


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tells the listener about every sync that runs in this thread inside the block.

    Args:
        listener: is called by the thread that runs the step.
    """
    token = _current.set(listener)
    try:
        yield
    finally:
        _current.reset(token)
