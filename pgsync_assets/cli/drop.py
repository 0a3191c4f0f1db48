"""`pgsync-assets drop`: remove a sync from planner and ledger."""

from __future__ import annotations

from pathlib import Path

import click

from .. import operations
from ..config import SyncConfig
from ..project import Project, read_project
from ..steps.books import left_behind
from .app import app, common_options
from .confirm import confirm, yes_option
from .endpoints import ends_of
from .terminal import Terminal, counted


@app.command()
@click.argument("sync")
@click.option("--source", metavar="NAME", help="Its connection, if SYNC is not defined any more.")
@click.option("--destination", metavar="NAME", help="The other one.")
@yes_option
@common_options
def drop(
    sync: str,
    source: str | None,
    destination: str | None,
    yes: bool,
    defs: Path,
    as_json: bool,
) -> None:
    """Remove SYNC with its state from planner and ledger, as if it had never run.

    The destination table is not touched, and the audit keeps what happened. Take the sync out of
    the YAML too, or its next run is a first one.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = _config(project, sync, source, destination)
    ends = ends_of(project, config)
    confirm(f"Remove {sync!r} with its state?", yes)
    with ends.open():
        dropped = operations.drop(config, ends.source, ends.destination, platform=ends.platform)
    terminal.document(dropped)
    terminal.say(
        f"{sync}: {counted(dropped.states, 'state')} with {counted(dropped.rows, 'row')} removed; "
        "the rows stay at the destination"
    )


def _config(project: Project, name: str, source: str | None, destination: str | None) -> SyncConfig:
    """The sync as it is defined, or as much of it as has to be known."""
    if source is None or destination is None:
        return project.sync(name)
    for connection in (source, destination):
        project.connection(connection)  # it has to be one
    return left_behind(name, source, destination)
