"""`pgsync-assets state move`: a sync that was renamed goes on from the state of its old name."""

from __future__ import annotations

from pathlib import Path

import click

from .. import operations
from ..errors import ConfigurationError
from ..project import read_project
from .app import common_options
from .endpoints import ends_of
from .state import state
from .terminal import Terminal, counted


@state.command()
@click.argument("old")
@click.argument("new")
@common_options
def move(old: str, new: str, defs: Path, as_json: bool) -> None:
    """Give sync NEW what is known of OLD, a name that no sync has any more.

    Rows, rejected and parked ones, a held plan and an unfinished run move, in planner and ledger;
    the next run of NEW sends what has changed. `show --sync NEW` shows the runs of OLD, too.
    Interrupted, it is finished by doing it again.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.sync(new)
    if old in project.syncs:
        raise ConfigurationError(
            f"{old!r} is a sync of this project: its state is in use",
            "name the sync anew in the YAML, then move its state",
        )
    ends = ends_of(project, config)
    with ends.open():
        moved = operations.move(old, config, ends.source, ends.destination, platform=ends.platform)
    terminal.document(moved)
    if not moved.states:
        terminal.say(f"{old} was moved to {new} already")
        return
    terminal.say(
        f"{old} is {new} now: {counted(moved.states, 'state')} with {counted(moved.rows, 'row')} "
        f"in the planner of {moved.planner}; the next run sends what has changed"
    )
