"""When a worker is taken for dead: it was looked at several times, and never beat in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

LOOKS = 3
"""At least so many: while Dagster's storage is away nobody can beat, and nobody looks either."""
FORGOTTEN_AFTER_S = 3600.0


@dataclass
class _Seen:
    beats: int
    since: float
    last: float
    looks: int = 1


class Watch:
    """What a daemon remembers of the workers of the runs that are on.

    Args:
        lost_after_s: a worker without a beat for so long is lost.
        clock: in seconds; this process's own.
    """

    def __init__(self, lost_after_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lost_after_s = lost_after_s
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def is_lost(self, run_id: str, beats: int) -> bool:
        """One look at a run.

        Args:
            run_id: of the run.
            beats: that its worker has counted so far.
        """
        now, seen = self._clock(), self._seen.get(run_id)
        if seen is None or seen.beats != beats:
            self._forget_ended(now)
            self._seen[run_id] = _Seen(beats, now, now)
            return False
        seen.looks += 1
        seen.last = now
        return seen.looks >= LOOKS and now - seen.since >= self._lost_after_s

    def _forget_ended(self, now: float) -> None:
        """Nobody tells when a run has ended; it is just not looked at any more."""
        kept = {one: s for one, s in self._seen.items() if now - s.last < FORGOTTEN_AFTER_S}
        self._seen = kept
