"""`pgsync-assets adopt`: take the destination as it is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from .. import operations
from ..config import Partition
from ..project import read_project
from .app import app, common_options
from .confirm import confirm, yes_option
from .endpoints import as_loaded
from .progress import ProgressDisplay
from .terminal import Terminal, table


@app.command()
@click.argument("sync")
@click.option("--partition", metavar="KEY", help="Only this partition; default: all of them.")
@yes_option
@common_options
def adopt(sync: str, partition: str | None, yes: bool, defs: Path, as_json: bool) -> None:
    """Take the destination of SYNC as it is: rows that are there as the model has them count as
    sent.

    Nothing is sent and nothing is removed. What is missing or differs is sent by the next run.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.sync(sync)
    slices: list[Partition | None] = [None]
    if partition is not None:
        slices = [config.partition_named(partition)]
    elif config.partitions is not None:
        slices = [*config.all_partitions(dt.datetime.now(dt.timezone.utc))]
    config, ends = as_loaded(project, config)
    confirm(f"Replace what is known of {sync!r} by what the destination has?", yes)
    with ProgressDisplay(terminal.progress_console, silent=as_json) as progress, ends.open():
        adopted = [
            operations.adopt(
                config,
                ends.source,
                ends.destination,
                platform=ends.platform,
                partition=one,
                on_progress=progress,
            )
            for one in slices
        ]
    terminal.document({"sync": sync, "adopted": adopted})
    for part in adopted:
        terminal.say(*(f"{part.partition or part.sync}: {note}" for note in part.notes))
    rows = [
        (part.partition or part.sync, f"{part.rows:,}", f"{part.adopted:,}") for part in adopted
    ]
    numbers = ("rows of the model", "taken as sent")
    terminal.show(table("", *numbers, rows=rows, numbers=numbers))
    left = sum(part.rows - part.adopted for part in adopted)
    terminal.say("", f"{left:,} rows are missing or differ; the next run sends them")
