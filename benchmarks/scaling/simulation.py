"""A day's hours of many syncs, event by event: who waits, for how long, and what is open at most.

Time is simulated; the same seed gives the same hours. A run waits in Dagster's queue until there is
room: a slot of the instance (a worker) and one of its destination. Those that a full destination
holds back are passed by. A sync whose last run has not ended is left out, as schedules do.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

ARRIVES, ENDS = 1, 0  # what ends at a moment makes room for what arrives then
EPSILON = 1e-9


@dataclass(frozen=True)
class Sync:
    """One of many.

    Args:
        source: number of its source.
        destination: number of its destination.
        every: seconds from run to run.
        phase: seconds after the full interval at which it runs.
        seconds: that a run takes, with its start.
        sessions: connections that a run opens to source, destination and platform.
        busy: of them in transactions at once: what a pooler has to hold.
    """

    source: int
    destination: int
    every: float
    phase: float
    seconds: float
    sessions: tuple[int, int, int]
    busy: tuple[int, int, int]


@dataclass(frozen=True)
class Settings:
    """What bounds the runs.

    Args:
        workers: runs at once, of the whole instance.
        slots: runs at once that write to one destination.
        launches: seconds from one run that begins to the next, at least.
    """

    workers: int
    slots: int
    launches: float


@dataclass
class Outcome:
    """What happened.

    Args:
        asked: runs that were asked for.
        left_out: of them, as the last run of the sync had not ended.
        ended: of the others.
        waits: seconds in the queue, of each run that began.
        busy: seconds of workers in which a run had one.
        most: what was open at once at most, by name.
        queue: runs that waited at once at most.
        over: seconds that all of it took, until the last run had ended.
    """

    asked: int = 0
    left_out: int = 0
    ended: int = 0
    waits: list[float] = field(default_factory=list)
    busy: float = 0.0
    most: Counter[str] = field(default_factory=Counter)
    queue: int = 0
    over: float = 0.0

    def wait(self, share: float) -> float:
        """Seconds that this share of the runs waited at the most."""
        ordered = sorted(self.waits)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


class Simulation:
    """Runs syncs for some hours, and then what is left in the queue.

    Args:
        syncs: all of them.
        settings: what bounds them.
        seconds: in which runs are asked for.
    """

    def __init__(self, syncs: Sequence[Sync], settings: Settings, seconds: float) -> None:
        self._syncs, self._settings = syncs, settings
        self._count = itertools.count()
        self._events: list[tuple[float, int, int, int]] = []
        self._waiting: dict[int, deque[tuple[float, int, int]]] = {}
        self._ready: list[tuple[float, int, int]] = []  # heads of destinations that have room
        self._under_way: set[int] = set()
        self._open: Counter[str] = Counter()
        self._queued = 0
        self._next_launch = 0.0
        self.outcome = Outcome()
        for number, sync in enumerate(syncs):
            if sync.phase < seconds:
                self._later(sync.phase, ARRIVES, number)
        self._until = seconds

    def run(self) -> Outcome:
        """What happened until the last run had ended."""
        while self._events:
            now, kind, _, number = heapq.heappop(self._events)
            if kind == ARRIVES:
                self._arrives(now, number)
            else:
                self._ends(now, number)
            if not self._events or self._events[0][0] > now + EPSILON:
                self._begin_what_can(now)
        return self.outcome

    def _later(self, at: float, kind: int, number: int) -> None:
        heapq.heappush(self._events, (at, kind, next(self._count), number))

    def _arrives(self, now: float, number: int) -> None:
        sync = self._syncs[number]
        self.outcome.asked += 1
        if now + sync.every < self._until:
            self._later(now + sync.every, ARRIVES, number)
        if number in self._under_way:
            self.outcome.left_out += 1
            return
        self._under_way.add(number)
        line = self._waiting.setdefault(sync.destination, deque())
        line.append((now, next(self._count), number))
        if len(line) == 1 and self._has_room(sync.destination):
            heapq.heappush(self._ready, line[0])
        self._queued += 1
        self.outcome.queue = max(self.outcome.queue, self._queued)

    def _ends(self, now: float, number: int) -> None:
        sync = self._syncs[number]
        self._under_way.discard(number)
        had_room = self._has_room(sync.destination)
        self._open.subtract(_needs(sync))
        line = self._waiting.get(sync.destination)
        if line and not had_room:
            heapq.heappush(self._ready, line[0])
        self.outcome.ended += 1
        self.outcome.over = now

    def _begin_what_can(self, now: float) -> None:
        """In the order in which they were asked for, past those whose destination is full."""
        while self._ready and self._open["runs"] < self._settings.workers:
            asked_at, _, number = heapq.heappop(self._ready)
            sync = self._syncs[number]
            line = self._waiting[sync.destination]
            line.popleft()
            self._queued -= 1
            begins = max(now, self._next_launch)
            self._next_launch = begins + self._settings.launches
            for name, needed in _needs(sync).items():
                self._open[name] += needed
                self.outcome.most[name] = max(self.outcome.most[name], self._open[name])
            self.outcome.waits.append(begins - asked_at)
            self.outcome.busy += sync.seconds
            self._later(begins + sync.seconds, ENDS, number)
            if line and self._has_room(sync.destination):
                heapq.heappush(self._ready, line[0])

    def _has_room(self, destination: int) -> bool:
        return self._open[f"runs to {destination}"] < self._settings.slots


def _needs(sync: Sync) -> dict[str, int]:
    """What a run has open."""
    needs = {"runs": 1, f"runs to {sync.destination}": 1}
    for word, (source, destination, platform) in (("sessions", sync.sessions), ("busy", sync.busy)):
        needs |= {
            f"{word} from {sync.source}": source,
            f"{word} to {sync.destination}": destination,
            f"{word} of the platform": platform,
        }
    return needs


def most_of(outcome: Outcome, kind: str) -> int:
    """The most of any source or destination.

    Args:
        outcome: of a simulation.
        kind: as `sessions to`.
    """
    return max((n for name, n in outcome.most.items() if name.startswith(kind)), default=0)


def spread(syncs: Iterable[Sync], seed: int) -> list[Sync]:
    """The same syncs, each at a moment of its own in its interval.

    Args:
        syncs: all of them.
        seed: of the moments.
    """
    chosen = random.Random(seed)  # noqa: S311 - no secret
    return [Sync(**(vars(sync) | {"phase": chosen.uniform(0, sync.every)})) for sync in syncs]
