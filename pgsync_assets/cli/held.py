"""A held plan as text: its numbers, its changes, and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .. import sync as syncs
from ..outcome import PlanPreview
from ..plan import HeldPlan
from .export import export
from .outcomes import changes_table
from .plans import Located
from .terminal import Terminal, counted, table


def counts_of(preview: PlanPreview) -> str:
    """`1 added, 2 changed, 0 removed`."""
    counts = preview.counts
    return f"{counts.added:,} added, {counts.changed:,} changed, {counts.removed:,} removed"


def tell_plan(terminal: Terminal, one: Located) -> None:
    """Says what a plan would do, since when, and why it waits."""
    preview = one.preview
    terminal.say(f"{one.name}, plan {one.number}: {counts_of(preview)} into {one.sync.table}")
    if preview.planned_at:
        terminal.say(f"planned at {preview.planned_at.astimezone():%Y-%m-%d %H:%M:%S %Z}")
    tell_reason(terminal, preview)
    if preview.invalid:
        terminal.say(f"rows with a NULL or repeated key, which are rejected: {preview.invalid:,}")
    if preview.approved_at:
        terminal.say(f"approved by {preview.approved_by}")


def tell_reason(terminal: Terminal, preview: PlanPreview) -> None:
    """Says what the guard has against a plan."""
    if preview.reason:
        terminal.say(f"a guard stops it: {preview.reason}")


def tell_changes(terminal: Terminal, preview: PlanPreview) -> None:
    """Shows changes row by row, and how to go on."""
    if preview.changes:
        terminal.say("")
        terminal.show(changes_table(preview.changes))
    left = preview.counts.total - len(preview.changes)
    if left > 0:
        terminal.say("", f"and {left:,} more (--limit, or `show {preview.run_id} --export FILE`)")
    number = preview.run_id
    terminal.say(
        "",
        f"`pgsync-assets apply {number}` writes exactly these rows, as long as no run writes "
        "before; `discard` drops them",
    )


def show_held(terminal: Terminal, one: Located, limit: int, file: Path | None) -> PlanPreview:
    """Shows a held plan, and exports all of its changes where that is asked for.

    Args:
        terminal: where to.
        one: the plan.
        limit: changes to show.
        file: where all of them go, by its ending: `.csv` or `.json`.
    """
    with syncs.show_plan(
        one.sync,
        one.ends.source,
        one.ends.destination,
        one.number,
        platform=one.ends.platform,
    ) as shown:
        preview = replace(one.preview, changes=tuple(shown.changes(limit)))
        tell_plan(terminal, one)
        tell_changes(terminal, preview)
        if file is not None:
            written = export(file, shown.changes())
            terminal.say(f"{counted(written, 'change')} written to {file}")
    return preview


def show_waiting(terminal: Terminal, waiting: list[tuple[str, HeldPlan]]) -> None:
    """Lists the plans that wait for somebody."""
    if not waiting:
        return
    terminal.say("", "Held plans (`pgsync-assets show PLAN`, then `apply` or `discard`):")
    rows = [
        (
            str(held.run_id),
            f"{held.planned_at.astimezone():%m-%d %H:%M:%S}",
            f"{held.sync} {held.partition}".rstrip(),
            "approved" if held.approved_at else held.reason or "planned by hand",
        )
        for _, held in waiting
    ]
    terminal.show(table("plan", "planned", "sync", "why it waits", rows=rows, numbers=("plan",)))
