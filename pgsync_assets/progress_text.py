"""Where a run is, in words: the same ones on a terminal and in Dagster's log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .outcome import Progress

DOING = {
    "connect": "connecting",
    "recover": "looking for an unfinished run",
    "plan": "planning",
    "guard": "planned",
    "write": "writing",
    "advance": "advancing",
    "model": "reading the model",
    "destination": "reading the destination",
    "compare": "comparing",
    "done": "done",
}


def doing(progress: Progress) -> str:
    """What the run does now."""
    return DOING.get(progress.step, progress.step)


def numbers(progress: Progress) -> str:
    """How far it is, how fast, and for how long still; empty where nothing of it is known."""
    return ", ".join(_numbers(progress))


def rejected(progress: Progress) -> str:
    """How many rows were refused; empty for none."""
    return f"{progress.rejected:,} rejected" if progress.rejected else ""


def name_of(progress: Progress, partitions: Sequence[str | None] = ()) -> str:
    """The sync, its partition, and which one of how many that is.

    Args:
        progress: of the run.
        partitions: names of all that are run.
    """
    names = [progress.sync, *([progress.partition] if progress.partition else [])]
    if len(partitions) > 1 and progress.partition in partitions:
        number = list(partitions).index(progress.partition) + 1
        names.append(f"({number:,} of {len(partitions):,})")
    return " ".join(names)


def duration(seconds: float) -> str:
    """A time in two units at most: `9 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def _numbers(progress: Progress) -> Iterator[str]:
    if progress.rows_total:
        yield f"{progress.rows_done:,} of {progress.rows_total:,} rows"
    elif progress.rows_done:
        yield f"{progress.rows_done:,} rows"
    if progress.rate:
        yield f"{progress.rate:,.0f} rows/s"
    if progress.seconds_left is not None:
        yield f"{duration(progress.seconds_left)} left"
