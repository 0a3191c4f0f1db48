"""The example that is planned: 10,000 syncs to 200 destinations, drawn by one seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .fit import Figures, predicted
from .points import CHANGED, Point
from .simulation import Sync
from .work import Work

SEED = 20
SYNCS, DESTINATIONS, SOURCES = 10_000, 200, 20
MEDIAN_ROWS, SPREAD, MOST_ROWS = 20_000, 2.0, 20_000_000
ROW_BYTES, KEY_BYTES = 205.0, 8.0
SHARE_CHANGED = 0.01
INTERVALS = ((900.0, 0.1), (3600.0, 0.6), (86_400.0, 0.3))
"""Seconds between runs, and the share of syncs that have them."""

ENGINES = (("lightning", 0.7), ("standard", 0.3))
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Member:
    """One sync of the example.

    Args:
        work: of each of its runs.
        source: its number.
        destination: its number.
        every: seconds between runs.
    """

    work: Work
    source: int
    destination: int
    every: float


def members(seed: int = SEED, syncs: int = SYNCS) -> list[Member]:
    """The syncs: sizes log-normal, destinations of unequal weight (the first fifth has half).

    Args:
        seed: of all that is drawn.
        syncs: how many.
    """
    chosen = random.Random(seed)  # noqa: S311 - no secret
    busy = DESTINATIONS // 5
    found = []
    for _ in range(syncs):
        rows = round(chosen.lognormvariate(0, SPREAD) * MEDIAN_ROWS)
        rows = max(100, min(rows, MOST_ROWS))
        engine = _one_of(chosen, ENGINES)
        changed = round(rows * SHARE_CHANGED)
        work = Work(engine, CHANGED, rows, changed, ROW_BYTES, KEY_BYTES)
        where = chosen.randrange(busy if chosen.random() < 0.5 else DESTINATIONS)
        every = _one_of(chosen, INTERVALS)
        found.append(Member(work, chosen.randrange(SOURCES), where, every))
    return found


def _one_of(chosen: random.Random, among: Sequence[tuple[Kind, float]]) -> Kind:
    return chosen.choices([one for one, _ in among], [share for _, share in among])[0]


def sessions(found: Iterable[Point], what: str) -> dict[str, tuple[int, int, int]]:
    """Connections that a run opens at most, to source, destination and platform, by engine.

    Args:
        found: measured points.
        what: `sessions`, or `busy`: those in a statement or a transaction, which is what a pooler
            of transactions has to hold.
    """
    most: dict[str, tuple[int, int, int]] = {}
    for point in found:
        now = [int(point.cost[f"{end}_{what}"]) for end in ("source", "destination", "platform")]
        before = most.get(point.engine, (0, 0, 0))
        most[point.engine] = tuple(map(max, zip(now, before, strict=True)))  # type: ignore[assignment]
    return most


def seconds_of(work: Work, figures: dict[str, Figures]) -> float:
    """Seconds of a run: the CPU of client and servers, one after the other.

    They work beside each other in fact, and wait for disks and networks: neither is in it.

    Args:
        work: of the run.
        figures: of the model.
    """
    told = predicted(work, figures)
    return sum(value for name, value in told.items() if name.endswith("_cpu"))


def as_syncs(
    found: list[Member], figures: dict[str, Figures], start: float, measured: list[Point]
) -> list[Sync]:
    """What the simulation runs, all at the full interval.

    Args:
        found: the example.
        figures: of the model.
        start: seconds of a run beside its sync.
        measured: points, which say how many connections a run has.
    """
    opened, busy = (sessions(measured, what) for what in ("sessions", "busy"))
    return [
        Sync(
            one.source,
            one.destination,
            one.every,
            0.0,
            start + seconds_of(one.work, figures),
            opened[one.work.engine],
            busy[one.work.engine],
        )
        for one in found
    ]
