"""10,000 syncs to 200 destinations: the tables that come from the simulation."""

from __future__ import annotations

import json
from functools import lru_cache
from statistics import mean, median

from . import fit, points, queued
from .dagster_cost import (
    fitted_location,
    measured_growth,
    measured_location,
    start_seconds,
)
from .population import (
    DESTINATIONS,
    INTERVALS,
    SEED,
    SHARE_CHANGED,
    SOURCES,
    SYNCS,
    Member,
    as_syncs,
    members,
)
from .queueing import workers_for
from .simulation import Outcome, Settings, Simulation, Sync, most_of, spread

DAY, HOURS = 86_400.0, 3
IN_ONE = 100
"""Syncs in one code location, where nothing else is said."""

SPLITS = (10, 50, 100, 500, 2500, 10_000)
MOST_WAIT = 5.0
SLOTS = 4
FULL_HOUR, SPREAD = "at the full hour", "spread"
FOUR, ONE = 4, 1
"""Runs that Dagster puts into its queue at the same time."""

TRIED = (
    (8, SLOTS, FOUR, FULL_HOUR),
    (8, SLOTS, FOUR, SPREAD),
    (32, SLOTS, FOUR, SPREAD),
    (64, SLOTS, FOUR, FULL_HOUR),
    (64, SLOTS, FOUR, SPREAD),
    (64, 1, FOUR, SPREAD),
    (256, SLOTS, FOUR, FULL_HOUR),
    (64, SLOTS, ONE, SPREAD),
)


@lru_cache(maxsize=1)
def _members() -> tuple[Member, ...]:
    return tuple(members())


@lru_cache
def _syncs(in_one: int = IN_ONE) -> tuple[Sync, ...]:
    start = start_seconds(measured_growth(), fitted_location(measured_location()), in_one)
    return tuple(as_syncs(list(_members()), fit.kept(), start, points.load()))


@lru_cache
def simulated(workers: int, slots: int, at_once: int, when: str) -> Outcome:
    """Some hours of the example.

    Args:
        workers: runs at once.
        slots: of a destination.
        at_once: runs that are put into the queue at the same time.
        when: `SPREAD`, or `FULL_HOUR`.
    """
    syncs = list(_syncs())
    if when == SPREAD:
        syncs = spread(syncs, SEED)
    settings = Settings(workers, slots, queued_seconds() / at_once)
    return Simulation(syncs, settings, HOURS * 3600.0).run()


def queued_seconds() -> float:
    """CPU of daemon and code server to put one run into the queue, measured."""
    return float(json.loads(queued.KEPT.read_text())["cpu_s_a_run"])


def told() -> str:
    """What the example is."""
    found = _members()
    rows = [one.work.rows for one in found]
    seconds = [one.seconds for one in _syncs()]
    a_day = sum(DAY / one.every for one in found)
    intervals = ", ".join(f"{share:.0%} every {every / 60:.0f} min" for every, share in INTERVALS)
    return (
        f"{SYNCS:,} syncs from {SOURCES} sources to {DESTINATIONS} destinations (a fifth of them "
        f"gets half), drawn with seed {SEED}: median {median(rows):,.0f} rows, mean "
        f"{mean(rows):,.0f}, largest {max(rows):,}, {SHARE_CHANGED:.0%} changed from run to run; "
        f"{intervals}: {a_day:,.0f} runs a day. A run takes {median(seconds):.1f} s of CPU "
        f"(median; mean {mean(seconds):.1f}, longest {max(seconds):,.0f}), of which "
        f"{start_seconds(measured_growth(), fitted_location(measured_location()), IN_ONE):.1f} are "
        f"Dagster's and Python's start, with {IN_ONE} syncs in a code location.\n"
    )


def splits() -> str:
    """The same syncs in more or fewer code locations."""
    place = fitted_location(measured_location())
    head = "| syncs in one | code locations | their memory, GB | start of a run, CPU s "
    lines = [f"{head}| workers for the mean | of them with waits below {MOST_WAIT:.0f} s |\n"]
    lines.append("|---|---|---|---|---|---|\n")
    for in_one in SPLITS:
        count = SYNCS // in_one
        memory = count * place.of("megabytes", in_one) / 1000
        start = start_seconds(measured_growth(), place, in_one)
        syncs = _syncs(in_one)
        arrivals = sum(1 / one.every for one in syncs)
        seconds = sum(one.seconds / one.every for one in syncs) / arrivals
        needed = workers_for(arrivals, seconds, MOST_WAIT)
        lines.append(
            f"| {in_one:,} | {count:,} | {memory:,.0f} | {start:.1f} "
            f"| {arrivals * seconds:,.0f} | {needed:,} |\n"
        )
    return "".join(lines)


def waits() -> str:
    """Queues and connections by settings."""
    lines = [
        "| workers | slots | queued at once | runs | asked for | left out "
        "| wait: median, 99 %, s | most waiting "
        "| most at once | to a destination: sessions, pooled | from a source: sessions, pooled "
        "| platform: sessions, pooled |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n"
    ]
    for workers, slots, at_once, when in TRIED:
        one = simulated(workers, slots, at_once, when)
        ends = [
            f"{most_of(one, f'sessions {end}')}, {most_of(one, f'busy {end}')}"
            for end in ("to", "from", "of the platform")
        ]
        lines.append(
            f"| {workers} | {slots} | {at_once} | {when} | {one.asked:,} | {one.left_out:,} "
            f"| {one.wait(0.5):,.0f}, {one.wait(0.99):,.0f} | {one.queue:,} "
            f"| {one.most['runs']} | {' | '.join(ends)} |\n"
        )
    lines.append(
        f"\nSimulated: {HOURS} hours from midnight, and until the queue is empty. To put one run "
        f"into the queue takes daemon and code server {queued_seconds():.2f} s of CPU, measured; "
        "*queued at once*: that several do not slow each other down is assumed.\n"
    )
    return "".join(lines)


def days() -> str:
    """Growth of Dagster's storage in the example."""
    kept = measured_growth()
    rows_of_one = kept["events"]["one run"]["rows"]
    share = rows_of_one / kept["tables"]["event_logs"]["rows"]  # others there had partitions
    a_run = share * sum(one["bytes"] for one in kept["tables"].values())
    a_day = sum(DAY / one.every for one in _members())
    rows = [
        f"| {keep} | {a_day * keep:,.0f} | {a_day * keep * rows_of_one / 1e6:,.0f} "
        f"| {a_day * keep * a_run / 1e9:,.0f} |\n"
        for keep in (1, 7, 30, 90)
    ]
    head = "| days | runs | rows of event_logs, million | all tables, GB |\n|---|---|---|---|\n"
    return "".join([head, *rows])
