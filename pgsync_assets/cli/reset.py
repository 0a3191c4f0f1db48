"""`pgsync-assets reset`: forget what was sent."""

from __future__ import annotations

from pathlib import Path

import click

from .. import operations
from ..project import read_project
from .app import app, common_options
from .confirm import confirm, yes_option
from .endpoints import ends_of
from .terminal import Terminal, counted


@app.command()
@click.argument("sync")
@click.option("--partition", metavar="KEY", help="Only this partition; default: all of them.")
@yes_option
@common_options
def reset(sync: str, partition: str | None, yes: bool, defs: Path, as_json: bool) -> None:
    """Forget what SYNC has sent: its next run is a first one and sends every row.

    The destination is not touched. Rows that left the model since the last run stay there for
    good; `run --full-resync` sends everything again and removes those too.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.sync(sync)
    if partition is not None:
        config.partition_named(partition)
    ends = ends_of(project, config)
    confirm(f"Forget what {sync!r} has sent?", yes)
    with ends.open():
        forgotten = operations.reset(
            config, ends.source, ends.destination, platform=ends.platform, partition=partition
        )
    terminal.document(forgotten)
    terminal.say(
        f"{sync}: {counted(forgotten.rows, 'row')} forgotten; they stay at the destination, "
        "and the next run sends every row of the model"
    )
