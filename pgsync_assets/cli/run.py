"""`pgsync-assets run`: runs a sync, the same way as its Dagster asset does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from .. import sync as syncs
from ..config import Partition, SyncConfig
from ..config.windows import all_partitions
from ..errors import PgsyncError
from ..outcome import Outcome
from ..project import Project, read_project
from .app import app, common_options
from .endpoints import ends_of, partition_of
from .exit_code import ExitCode, exit_code_of
from .outcomes import name_of, outcomes_table, rejections_table, show_invalid_keys
from .progress import ProgressDisplay
from .terminal import Terminal, error_object

SAMPLE = 20


class Choices(NamedTuple):
    """What was chosen for a run."""

    full_resync: bool
    compare_all: bool


@app.command()
@click.argument("sync")
@click.option(
    "--partition", metavar="KEY", help="Run one partition; default: all of them, oldest first."
)
@click.option("--full-resync", is_flag=True, help="Send every row again, not only changed ones.")
@click.option("--compare-all", is_flag=True, help="Compare the whole model, whatever the cursor.")
@common_options
@click.pass_context
def run(
    context: click.Context,
    sync: str,
    partition: str | None,
    full_resync: bool,
    compare_all: bool,
    defs: Path,
    as_json: bool,
) -> None:
    """Run SYNC: send the rows that changed since its last run."""
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.sync(sync)
    chosen = partition_of(config, partition)
    outcomes: list[Outcome] = []
    error: PgsyncError | None = None
    choices = Choices(full_resync, compare_all)
    try:
        with ProgressDisplay(terminal.progress_console, silent=as_json) as progress:
            for outcome in _runs(project, config, chosen, choices, progress):
                outcomes.append(outcome)
    except PgsyncError as raised:
        if not outcomes:
            raise
        error = raised
    _show(terminal, outcomes)
    if error:
        terminal.fail(error_object(error), sync=sync, outcomes=outcomes)
        context.exit(exit_code_of(error))
    terminal.document({"sync": sync, "outcomes": outcomes})
    rejected = any(outcome.rejected for outcome in outcomes)
    context.exit(ExitCode.ROWS_REJECTED if rejected else ExitCode.OK)


def _runs(
    project: Project,
    config: SyncConfig,
    chosen: Partition | None,
    choices: Choices,
    progress: ProgressDisplay,
) -> Iterator[Outcome]:
    """Runs what was asked for, one after another; the tunnels stay open in between."""
    partitions: list[Partition | None] = [chosen]
    if chosen is None and config.partitions:
        partitions = [*all_partitions(config.partitions, dt.datetime.now(dt.timezone.utc))]
    ends = ends_of(project, config)
    with ends.open():
        for partition in partitions:
            yield syncs.run(
                config,
                ends.source,
                ends.destination,
                platform=ends.platform,
                partition=partition,
                full_resync=choices.full_resync,
                compare_all=choices.compare_all,
                on_progress=progress,
            )


def _show(terminal: Terminal, outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.carried is not None:
            terminal.say(
                f"{name_of(outcome)}: the engine was switched; what was known of "
                f"{outcome.carried:,} rows was carried over, none of them is sent again"
            )
        terminal.say(*(f"{name_of(outcome)}: {note}" for note in outcome.notes))
        if outcome.recovered:
            settled = outcome.recovered
            terminal.say(
                f"{name_of(outcome)}: the unfinished run {settled.run_id} was settled first, "
                f"with {settled.succeeded.total:,} rows"
            )
    terminal.show(outcomes_table(outcomes))
    for outcome in outcomes:
        show_invalid_keys(terminal, outcome.invalid_keys)
    _show_rejections(terminal, [outcome for outcome in outcomes if outcome.rejected])


def _show_rejections(terminal: Terminal, outcomes: list[Outcome]) -> None:
    if not outcomes:
        return
    sample = [one for outcome in outcomes for one in outcome.rejections][:SAMPLE]
    total = sum(outcome.rejected for outcome in outcomes)
    terminal.say("", f"Rejected rows ({len(sample):,} of {total:,}), sent again next time:")
    terminal.show(rejections_table(sample))
    runs = ", ".join(str(outcome.run_id) for outcome in outcomes)
    terminal.say("", f"`pgsync-assets show RUN` shows all of them; RUN: {runs}")
