"""Figures in words."""

from __future__ import annotations

from .result import Profile


def percent(share: float) -> str:
    """A share for people: `0%` and `100%` are none and all.

    Args:
        share: 0 to 1.
    """
    if 0 < share < 0.01:
        return "<1%"
    if 0.99 < share < 1:
        return ">99%"
    return f"{share:.0%}"


def distinct_of(column: Profile) -> str:
    """Its number of distinct values, and whether it is an estimate.

    Args:
        column: of a preview.
    """
    if column.distinct is None:
        return ""
    return f"about {column.distinct:,}" if column.is_estimate else f"{column.distinct:,}"
