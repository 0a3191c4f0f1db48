"""Tells a plan that looks like an accident, before its first row is written."""

from __future__ import annotations

from ..config import GuardConfig, exceeds
from .run import Plan
from .state import State


def accident(plan: Plan, state: State, config: GuardConfig, *, resync: bool) -> str | None:
    """Compares what a plan would do with what the destination holds of this sync.

    Changes that are left to the next run count as well: an accident is one in small parts, too.

    Args:
        plan: complete, nothing of it written.
        state: rows that this sync has at the destination.
        config: what is allowed, resolved.
        resync: every row is sent again because somebody asked for it.

    Returns:
        Why a person has to look at the plan first; None where it is within its limits.
    """
    counts, before = plan.found, state.row_count
    left = before - counts.removed + counts.added + plan.invalid + plan.left_out
    if counts.removed and before and left == 0:
        if config.allow_empty_model:
            return None  # written by somebody who knows: that many removals are meant
        if config.allow_empty_model is False:
            return f"sync {state.sync!r}: the model is empty; all {before} rows would be removed"
    limits = {
        "removed": config.max_removed,
        "changed": None if resync else config.max_changed,
        "added": config.max_added,
    }
    for done, limit in limits.items():
        count = getattr(counts, done)
        if exceeds(count, limit, before):
            share = f" ({100 * count / before:.1f} %)" if before else ""
            return (
                f"sync {state.sync!r}: {count} of {before} rows{share} would be {done}, "
                f"max_{done} is {limit}"
            )
    return None
