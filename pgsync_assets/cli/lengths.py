"""Times, sizes and counts in a few characters, for a column of a table."""

from __future__ import annotations

from collections.abc import Sequence

_TIMES = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_SIZES = ((2**40, "TB"), (2**30, "GB"), (2**20, "MB"), (2**10, "kB"))
_COUNTS = ((10**9, "G"), (10**6, "M"), (10**3, "k"))


def of_seconds(seconds: float) -> str:
    """A length of time, as in `45s`, `3m`, `26h`, `12d`: rounded down, and two of a unit at least.

    Args:
        seconds: less than none is none.
    """
    size, unit = next(((s, u) for s, u in _TIMES if seconds >= 2 * s), _TIMES[-1])
    return f"{max(0, int(seconds // size))}{unit}"


def of_duration(seconds: float) -> str:
    """A length of time where parts of a second matter, as in `0.4ms`, `85ms`, `1.5s`, `3m`.

    Args:
        seconds: not less than none.
    """
    if seconds < 0.9995:
        return f"{seconds * 1000:.{1 if seconds < 0.00995 else 0}f}ms"
    return f"{seconds:.1f}s" if seconds < 99.95 else of_seconds(seconds)


def of_bytes(number: int) -> str:
    """A size, as in `16 kB`, `1.2 GB`."""
    return _short(number, _SIZES, " ") if number >= 1024 else f"{number} B"


def of_count(number: int) -> str:
    """A count, as in `9,999`, `12k`, `1.2M`."""
    return _short(number, _COUNTS, "") if number >= 10_000 else f"{number:,}"


def _short(number: int, units: Sequence[tuple[int, str]], gap: str) -> str:
    size, unit = next(one for one in units if number >= one[0])
    value = number / size
    return f"{value:.1f}{gap}{unit}" if value < 9.95 else f"{value:,.0f}{gap}{unit}"
