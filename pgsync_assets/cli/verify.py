"""`pgsync-assets verify`: is the destination in step with the model, row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import click

from .. import sync as syncs
from ..config import Partition, SyncConfig
from ..config.slices import slices_to_verify
from ..project import Project, read_project
from ..verification import Verification
from .app import app, common_options
from .endpoints import as_loaded
from .exit_code import ExitCode
from .export import check_file
from .progress import ProgressDisplay
from .terminal import Terminal, counted
from .verified import differences_table, export_differences, name_of, numbers_table


@app.command()
@click.argument("sync")
@click.option(
    "--partition", metavar="KEY", help="Compare one partition; default: all of them, oldest first."
)
@click.option(
    "--limit",
    type=click.IntRange(0, 100_000),
    default=20,
    show_default=True,
    help="Differences to list, and to export.",
)
@click.option("--values", is_flag=True, help="Show what the columns hold, model -> destination.")
@click.option(
    "--export",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the listed differences to FILE, as .csv or .json.",
)
@common_options
@click.pass_context
def verify(
    context: click.Context,
    sync: str,
    partition: str | None,
    limit: int,
    values: bool,
    file: Path | None,
    defs: Path,
    as_json: bool,
) -> None:
    """Compare the destination of SYNC with its model, row by row; writes nothing there.

    Missing and differing rows were changed by somebody else; rejected and pending ones are the
    next run's. Rows of the destination that SYNC did not write are counted, and are none of its
    business.
    """
    terminal = Terminal(as_json)
    if file is not None:
        check_file(file)
    project = read_project(defs)
    config = project.sync(sync)
    chosen = config.partition_named(partition) if partition is not None else None
    with ProgressDisplay(terminal.progress_console, silent=as_json) as progress:
        found = list(_verified(project, config, chosen, limit, values, progress))
    exported = export_differences(file, found) if file else 0
    terminal.document({"sync": sync, "verifications": found})
    _show(terminal, found, values)
    if file is not None:
        terminal.say(f"{file}: {counted(exported, 'difference')}")
    context.exit(_exit_code(found))


def _verified(
    project: Project,
    config: SyncConfig,
    chosen: Partition | None,
    limit: int,
    values: bool,
    progress: ProgressDisplay,
) -> Iterator[Verification]:
    """Compares what was asked for, one after another; `limit` is for all of it together."""
    now = dt.datetime.now(dt.timezone.utc)
    config, ends = as_loaded(project, config)
    with ends.open():
        for partition in [chosen] if chosen else slices_to_verify(config, now):
            found = syncs.verify(
                config,
                ends.source,
                ends.destination,
                platform=ends.platform,
                partition=partition,
                limit=limit,
                values=values,
                on_progress=progress,
            )
            limit -= len(found.differences)
            yield found


def _show(terminal: Terminal, found: list[Verification], values: bool) -> None:
    terminal.show(numbers_table(found))
    differences = [one for part in found for one in part.differences]
    if differences:
        terminal.say("")
        terminal.show(differences_table(differences, with_values=values))
    left = sum(part.total for part in found) - len(differences)
    if left > 0:
        terminal.say("", f"and {left:,} more (--limit)")
    problems = [f"{name_of(part)}: {problem}" for part in found for problem in part.problems]
    if problems:
        terminal.say("", "The bookkeeping does not agree:", *problems)
    terminal.say("", _verdict(found))


def _verdict(found: list[Verification]) -> str:
    changed = sum(part.missing + part.differs for part in found)
    if changed:
        return (
            f"Not in step: {counted(changed, 'row')} changed by somebody else. A run sends only "
            f"what the model changes; `pgsync-assets run {found[0].sync} --full-resync` sends all."
        )
    if any(part.problems for part in found):
        return "Not in step: the bookkeeping does not agree."
    waiting = sum(part.rejected + part.pending.total for part in found)
    if waiting:
        return f"In step, but for {counted(waiting, 'row')} that the next run tries."
    return "In step."


def _exit_code(found: list[Verification]) -> ExitCode:
    if not all(part.in_step for part in found):
        return ExitCode.NOT_IN_STEP
    rejected = any(part.rejected for part in found)
    return ExitCode.ROWS_REJECTED if rejected else ExitCode.OK
