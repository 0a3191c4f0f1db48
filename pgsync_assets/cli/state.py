"""`pgsync-assets state`: all that is known of syncs, also of those that nobody has any more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ..connect import Endpoint, platform_endpoint
from ..frames import LeftFrame, left_frames
from ..project import Project, read_project
from ..steps.look_around import Unseen, look_around
from ..steps.states import ORPHANS, StateLine, folded, state_lines
from .app import app, common_options
from .exit_code import ExitCode, exit_code_of
from .terminal import Terminal, counted, error_object, table


@app.group(invoke_without_command=True)
@click.option("--partitions", is_flag=True, help="A line for each partition.")
@common_options
@click.pass_context
def state(context: click.Context, partitions: bool, defs: Path, as_json: bool) -> None:
    """Show what is known of syncs, in every database of the project.

    Also of syncs that the project does not have: renamed, deleted, or another project's in the same
    planner. `state move` and `state drop` say what becomes of them. Nothing is written.
    """
    if context.invoked_subcommand is not None:
        return
    terminal = Terminal(as_json)
    project = read_project(defs)
    seen, unseen = look_around(endpoints_of(project))
    lines = state_lines(seen, project.syncs)
    shown = lines if partitions else folded(lines)
    frames = frames_of(project, [one.connection for one in unseen])
    told = [{"connection": one.connection, "error": error_object(one.error)} for one in unseen]
    terminal.document({"states": shown, "loads": frames, "unreachable": told})
    _show(terminal, shown)
    terminal.say(*map(load_sentence, frames))
    tell_unseen(terminal, unseen)
    context.exit(exit_code_of(unseen[0].error) if unseen else ExitCode.OK)


def endpoints_of(project: Project) -> list[Endpoint]:
    """Every connection of a project, and the platform's server where the environment names it."""
    named = {name: Endpoint(name, config) for name, config in project.connections.items()}
    platform = platform_endpoint(project.connections)
    if platform is not None:
        named.setdefault(platform.name, platform)
    return list(named.values())


def orphans_of(project: Project) -> tuple[list[StateLine], list[LeftFrame]]:
    """What nobody in the project has, as far as its databases can be reached: states, and loads."""
    seen, unseen = look_around(endpoints_of(project))
    lines = folded(state_lines(seen, project.syncs))
    frames = frames_of(project, [one.connection for one in unseen])
    return [line for line in lines if line.verdict in ORPHANS], frames


def frames_of(project: Project, unseen: Sequence[str] = ()) -> list[LeftFrame]:
    """Loads of models that the project does not have, in the databases that can be reached."""
    reached = (one for one in endpoints_of(project) if one.name not in unseen)
    found = (load for one in reached for load in left_frames(one, project.all_models.keys()))
    # Two connections may lead to one planner.
    return list({(load.tables, load.loaded_at): load for load in found}.values())


def load_sentence(frame: LeftFrame) -> str:
    """What was loaded for a model that nobody has, and how to be rid of it."""
    tables = ", ".join(frame.tables)
    return (
        f"model {frame.model} ({counted(frame.rows, 'row')}) in {frame.planner}: no model of this "
        f"project has this name; its rows are in {tables}: "
        f"pgsync-assets state drop {frame.model} --model"
    )


def sentence(line: StateLine) -> str:
    """What is there that nobody has, and the command that does something about it."""
    place = line.planner or f"the ledger at {line.destination}"
    rows = f" ({counted(line.rows, 'row')})" if line.planner else ""
    return f"{line.sync}{rows} in {place}: {line.verdict}; {line.command}"


def tell_unseen(terminal: Terminal, unseen: Sequence[Unseen]) -> None:
    """Says which connections could not be looked at."""
    for one in unseen:
        terminal.complain(f"{one.connection} was not looked at: {one.error.message}")


def _show(terminal: Terminal, lines: Sequence[StateLine]) -> None:
    if not lines:
        terminal.say("Nothing is known of any sync.")
        return
    terminal.show(
        table(
            *("sync", "planner", "table", "rows", "kB", "last run", ""),
            rows=[_cells(line) for line in lines],
            numbers=("rows", "kB"),
        )
    )
    todo = [sentence(line) for line in lines if line.command]
    if todo:
        terminal.say(
            "", "No sync of this project has these (another one may, in the same planner):"
        )
        terminal.say(*todo)


def _cells(line: StateLine) -> tuple[str, ...]:
    many = f" ({line.states} partitions)" if line.partition is None and line.states > 1 else ""
    return (
        f"{line.sync} {line.partition or ''}".rstrip() + many,
        line.planner or "-",
        line.table or "",
        f"{line.rows:,}",
        f"{line.bytes // 1024:,}",
        f"{line.last_run.astimezone():%m-%d %H:%M}" if line.last_run else "never",
        ", ".join([line.verdict, *_waiting(line)]),
    )


def _waiting(line: StateLine) -> list[str]:
    held = [f"plan {number} held" for number in line.held]
    counts = (line.refused - line.parked, "rejected"), (line.parked, "parked")
    return held + [f"{number:,} {word}" for number, word in counts if number]
