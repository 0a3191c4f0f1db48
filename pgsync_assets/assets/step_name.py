"""Who is at work: the step that runs now, and the run in which its work began."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dagster as dg

RETRIES = ("dagster/retry_number", "dagster/is_resume_retry")
"""Tags of a run that does what another one left undone: by itself, or from where that failed."""


@dataclass(frozen=True)
class Step:
    """A step of a run.

    Args:
        name: of the asset or op, unique in its code location.
        partition: its partition key, or a range of them; empty for none.
        run: id of the run, or of the one that it retries.
    """

    name: str
    partition: str
    run: str


def current_step() -> Step | None:
    """The step that this code runs in; None outside of Dagster."""
    try:
        context: Any = dg.AssetExecutionContext.get()
    except dg.DagsterInvariantViolationError:
        return None
    # What is current in an op is the context of an op.
    op: dg.OpExecutionContext = getattr(context, "op_execution_context", context)
    return Step(str(op.op_handle), _partition(op), _first_run(op))


def _partition(context: dg.OpExecutionContext) -> str:
    if context.has_partition_key:
        return str(context.partition_key)
    if not context.has_partition_key_range:
        return ""
    keys = context.partition_key_range
    return f"{keys.start}...{keys.end}"


def _first_run(context: dg.OpExecutionContext) -> str:
    """A run that is executed anew on purpose delivers anew; one that retries does not."""
    run = context.run
    while run.parent_run_id and any(tag in run.tags for tag in RETRIES):
        parent = context.instance.get_run_by_id(run.parent_run_id)
        if parent is None:  # its record is gone
            return run.parent_run_id
        run = parent
    return run.run_id
