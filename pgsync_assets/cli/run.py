"""`pgsync-assets run`: runs a sync, the same way as its Dagster asset does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from .. import sync as syncs
from ..config import Partition, SyncConfig
from ..errors import ConfigurationError, PgsyncError
from ..outcome import Listener, Outcome
from ..project import Project, read_project
from .app import app, common_options, row_limit_option
from .endpoints import ends_of, fresh, somebody
from .exit_code import ExitCode, exit_code_of
from .jobs import MOST_JOBS, Opened, Run, check_jobs, run_all
from .outcomes import name_of, outcomes_table, rejections_table, show_invalid_keys
from .progress import ProgressDisplay
from .terminal import Terminal, error_object

SAMPLE = 20


class Choices(NamedTuple):
    """What was chosen for a run."""

    full_resync: bool
    compare_all: bool
    row_limit: int | None
    only_rejected: bool


@app.command()
@click.argument("sync")
@click.option(
    "--partition", metavar="KEY", help="Run one partition; default: all of them, oldest first."
)
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    default=1,
    show_default=True,
    help="Partitions to run at once; each takes three connections.",
)
@click.option("--full-resync", is_flag=True, help="Send every row again, not only changed ones.")
@click.option("--compare-all", is_flag=True, help="Compare the whole model, whatever the cursor.")
@row_limit_option
@click.option("--only-rejected", is_flag=True, help="Send only rows that are rejected now.")
@common_options
@click.pass_context
def run(
    context: click.Context,
    sync: str,
    partition: str | None,
    jobs: int,
    full_resync: bool,
    compare_all: bool,
    row_limit: int | None,
    only_rejected: bool,
    defs: Path,
    as_json: bool,
) -> None:
    """Run SYNC: send the rows that changed since its last run."""
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.sync(sync)
    partitions = _chosen(config, partition)
    check_jobs(config, jobs)
    done: list[Outcome] = []
    error: PgsyncError | None = None
    choices = Choices(full_resync, compare_all, row_limit, only_rejected)
    config, _ = fresh(project, config)
    try:
        names = [one.name if one else None for one in partitions]
        display = ProgressDisplay(terminal.progress_console, as_json, names)
        with display as progress:
            for outcome in run_all(partitions, jobs, _opened(project, config, choices), progress):
                done.append(outcome)
    except PgsyncError as raised:
        if not done:
            raise
        error = raised
    done.sort(key=lambda outcome: names.index(outcome.partition))
    show_outcomes(terminal, done)
    if error:
        terminal.fail(error_object(error), sync=sync, outcomes=done)
        context.exit(exit_code_of(error))
    terminal.document({"sync": sync, "outcomes": done})
    is_complete = all(outcome.is_complete for outcome in done)
    context.exit(ExitCode.OK if is_complete else ExitCode.ROWS_REJECTED)


def _chosen(config: SyncConfig, name: str | None) -> list[Partition | None]:
    """The partition that was named, or all of them; `[None]` is the whole of a sync without."""
    if name is not None:
        return [config.partition_named(name)]
    if config.partitions is None:
        return [None]
    found = config.all_partitions(dt.datetime.now(dt.timezone.utc))
    if not found:
        raise ConfigurationError(
            f"the sync {config.name!r} has no partition yet", "partitions.start lies ahead"
        )
    return [*found]


def _opened(project: Project, config: SyncConfig, choices: Choices) -> Opened:
    """Opens the databases for one job; its tunnels stay open from partition to partition."""

    @contextmanager
    def opened(listener: Listener) -> Iterator[Run]:
        ends = ends_of(project, config)

        def run(partition: Partition | None) -> Outcome:
            return syncs.run(
                config,
                ends.source,
                ends.destination,
                platform=ends.platform,
                partition=partition,
                full_resync=choices.full_resync,
                compare_all=choices.compare_all,
                row_limit=choices.row_limit,
                only_rejected=choices.only_rejected,
                known=ends.known,
                by=f"{somebody()}, pgsync-assets run",
                on_progress=listener,
            )

        with ends.open():
            yield run

    return opened


def show_outcomes(terminal: Terminal, outcomes: list[Outcome]) -> None:
    """Says what runs did, and which rows were refused."""
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
    terminal.say("", f"Rejected rows ({len(sample):,} of {total:,}):")
    terminal.show(rejections_table(sample))
    runs = ", ".join(str(outcome.run_id) for outcome in outcomes)
    terminal.say(
        "",
        f"`pgsync-assets show RUN` shows all of them; RUN: {runs}. "
        f"`pgsync-assets rejected {outcomes[0].sync}` says how often each was tried, and whether "
        "the next run tries it",
    )
