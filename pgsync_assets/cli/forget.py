"""`pgsync-assets forget`: what is known of one row, as that of a person, is removed."""

from __future__ import annotations

from pathlib import Path

import click

from .. import operations
from ..config import SyncConfig
from ..outcome import RowForgotten
from ..project import Project, read_project
from ..record.asked_key import texts_of
from .app import app, common_options
from .confirm import confirm, yes_option
from .endpoints import ends_of, somebody
from .exit_code import ExitCode
from .key_option import key_option
from .terminal import Terminal, counted, table


@app.command()
@click.argument("syncs", metavar="SYNC...", nargs=-1, required=True)
@key_option
@click.option("--also-state", is_flag=True, help="The sync forgets that the row was sent, too.")
@click.option("--by", metavar="NAME", help="Who wants it; default: your login name.")
@yes_option
@common_options
def forget(
    syncs: tuple[str, ...],
    keys: tuple[str, ...],
    also_state: bool,
    by: str | None,
    yes: bool,
    defs: Path,
    as_json: bool,
) -> int:
    """Remove one row, as that of a person, from the audit, held plans and refused rows of SYNC.

    Lines of the log stay, without name and values, as runs have counted them. Source and
    destination are not touched: delete the row at the source and run the sync first. Says what
    was removed, and where the row still is; ends with 1 where nothing was known of it.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    configs = [project.sync(name) for name in dict.fromkeys(syncs)]
    for config in configs:
        texts_of(config.model.key, keys)  # a key of other columns is refused at once
    confirm(f"Forget this row of {', '.join(one.name for one in configs)}?", yes)
    found = [_forgotten(project, one, keys, also_state, somebody(by)) for one in configs]
    terminal.document(found)
    for one in found:
        _show(terminal, one)
    return ExitCode.OK if any(one.is_found for one in found) else ExitCode.FAILED


def _forgotten(
    project: Project, sync: SyncConfig, keys: tuple[str, ...], also_state: bool, by: str
) -> RowForgotten:
    ends = ends_of(project, sync)
    with ends.open():
        return operations.forget_row(
            sync,
            ends.source,
            ends.destination,
            platform=ends.platform,
            key=keys,
            also_state=also_state,
            by=by,
        )


def _show(terminal: Terminal, found: RowForgotten) -> None:
    if found.removed:
        terminal.say(f"{found.sync}: {counted(sum(found.removed.values()), 'row')} forgotten")
        cells = [(name, f"{rows:,}") for name, rows in found.removed.items()]
        terminal.show(table("in", "rows", rows=cells, numbers=("rows",)))
    elif not found.is_found:
        terminal.say(f"{found.sync}: nothing is known of this row")
    for told in (*found.still, *found.notes):
        terminal.say(f"{found.sync}: {told}")
