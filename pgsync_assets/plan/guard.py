"""Stops a plan that looks like an accident before its first row is written."""

from __future__ import annotations

from ..config import GuardConfig
from ..errors import GuardError
from .run import Plan
from .state import State


def guard(plan: Plan, state: State, config: GuardConfig) -> None:
    """Compares what a plan would remove with what the destination holds.

    Args:
        plan: complete, nothing of it written.
        state: rows that this sync has at the destination.
        config: what is allowed.

    Raises:
        GuardError: the model is empty, or too many rows would be removed. The plan stays in the
            planner until the next run.
    """
    removed, before = plan.counts.removed, state.row_count
    if not removed or not before:
        return
    left = before - removed + plan.counts.added + plan.invalid
    if left == 0 and not config.allow_empty_model:
        raise GuardError(
            f"sync {state.sync!r}: the model is empty; all {before} rows would be removed",
            "is its build broken? If it is meant: guard: {allow_empty_model: true}",
        )
    percent = 100 * removed / before
    if percent > config.max_removed_percent and not (left == 0 and config.allow_empty_model):
        raise GuardError(
            f"sync {state.sync!r}: {removed} of {before} rows ({percent:.1f} %) would be removed, "
            f"max_removed_percent is {config.max_removed_percent:g}",
            f"if it is meant: guard: {{max_removed_percent: {min(100, int(percent) + 1)}}}",
        )
