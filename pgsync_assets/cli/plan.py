"""`pgsync-assets plan`: what a run would do now."""

from __future__ import annotations

from pathlib import Path

import click

from .. import sync as syncs
from ..errors import ConfigurationError
from ..outcome import PlanPreview
from ..project import read_project
from .app import app, common_options
from .endpoints import ends_of, partition_of
from .outcomes import changes_table, show_invalid_keys
from .terminal import Terminal


@app.command()
@click.argument("sync")
@click.option("--partition", metavar="KEY", help="Plan one partition, e.g. 2013-01-01.")
@click.option(
    "--limit",
    type=click.IntRange(0, 10_000),
    default=20,
    show_default=True,
    help="Changes to show row by row.",
)
@common_options
def plan(sync: str, partition: str | None, limit: int, defs: Path, as_json: bool) -> None:
    """Show what a run of SYNC would do now: counts, and rows before -> after.

    The destination is not touched; a later run plans anew.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.sync(sync)
    if config.partitions and partition is None:
        raise ConfigurationError(
            f"the sync {sync!r} is planned by partition", "name one with --partition KEY"
        )
    ends = ends_of(project, config)
    preview = syncs.plan(
        config,
        ends.source,
        ends.destination,
        platform=ends.platform,
        partition=partition_of(config, partition),
        limit=limit,
    )
    terminal.document(preview)
    _show(terminal, preview)


def _show(terminal: Terminal, preview: PlanPreview) -> None:
    counts = preview.counts
    name = f"{preview.sync} {preview.partition}" if preview.partition else preview.sync
    terminal.say(
        f"{name}: {counts.added:,} added, {counts.changed:,} changed, "
        f"{counts.removed:,} removed; nothing was written to the destination"
    )
    terminal.say(*(f"{name}: {note}" for note in preview.notes))
    show_invalid_keys(terminal, preview.invalid_keys)
    if preview.changes:
        terminal.say("")
        terminal.show(changes_table(preview.changes))
    left = counts.total - len(preview.changes)
    if left > 0:
        terminal.say("", f"and {left:,} more (--limit)")
