"""`pgsync-assets show`: what runs did, from the audit; and what held plans would do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
from rich.table import Table

from ..connect import Session
from ..errors import ConfigurationError
from ..project import Project, read_project
from ..record import (
    RunReport,
    RunRow,
    recent_runs,
    run_report,
    sent_batches,
    sent_statements,
)
from ..sent import SentBatches
from .app import app, common_options
from .audits import from_audits
from .export import check_file
from .held import show_held, show_waiting
from .plans import all_held, located, the_plan
from .report_html import write_report
from .show_batches import Tries, show_batch, show_batches
from .terminal import Terminal, table


@dataclass(frozen=True)
class Recorded:
    """A run, and the connection whose database recorded it."""

    connection: str
    run: RunRow


@dataclass(frozen=True)
class Report:
    """A run with its rejected rows and batches, and the connection whose database recorded it.

    Args:
        connection: its name.
        report: None while the run is under way, or unfinished.
        batches: that it sent so far.
    """

    connection: str
    report: RunReport | None
    batches: SentBatches


@app.command()
@click.argument("run", type=click.IntRange(min=1), required=False)
@click.option("--sync", metavar="SYNC", help="Only runs of this sync.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="Runs, rejected rows, or batches, at the most.",
)
@click.option(
    "--batch",
    metavar="NUMBER",
    type=click.IntRange(min=0),
    help="What this batch of RUN sent, statement by statement; 0: before the first.",
)
@click.option(
    "--export",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With the number of a held plan: all of its changes as .csv or .json.",
)
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With the number of a RUN: all about it as a page that stands by itself.",
)
@common_options
def show(
    run: int | None,
    sync: str | None,
    limit: int,
    batch: int | None,
    export: Path | None,
    html: Path | None,
    defs: Path,
    as_json: bool,
) -> None:
    """Show recent runs and held plans, or one RUN.

    A run shows its rejected rows and its batches, from hightouch_audit; a held plan the changes
    that it would write, row by row, before -> after.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    if sync is not None:
        project.sync(sync)
    if html is not None:
        write_report(terminal, project, _numbered(run, "--html FILE"), sync, limit, html)
    elif batch is not None:
        _show_batch(terminal, project, _numbered(run, "--batch NUMBER"), batch)
    elif run is None:
        _show_runs(terminal, project, sync, limit)
    elif not _show_plans(terminal, project, run, sync, limit, export):
        _show_run(terminal, project, run, limit)


def _numbered(run: int | None, option: str) -> int:
    if run is None:
        name = option.split()[0]
        raise ConfigurationError(f"{name} is about one run", f"pgsync-assets show RUN {option}")
    return run


def _show_plans(
    terminal: Terminal,
    project: Project,
    number: int,
    sync: str | None,
    limit: int,
    export: Path | None,
) -> bool:
    """Shows held plans of a number; whether there were any."""
    if export is not None:
        check_file(export)
        chosen = [the_plan(project, number, sync)]
    else:
        found = located(project, number, sync)
        chosen = [one for one in found if one.record.status == "held"]
    plans = [show_held(terminal, one, limit, export) for one in chosen]
    if plans:
        terminal.document({"plans": plans})
    return bool(plans)


def _show_runs(terminal: Terminal, project: Project, sync: str | None, limit: int) -> None:
    def newest(session: Session) -> list[RunRow]:
        return recent_runs(session, session.config.schemas.audit, sync, limit)

    found = [
        Recorded(name, run) for name, runs in from_audits(project, newest).items() for run in runs
    ]
    found = sorted(found, key=lambda one: one.run.started_at, reverse=True)[:limit]
    waiting = all_held(project, sync)
    terminal.document(
        {"runs": found, "plans": [{"connection": name, "plan": held} for name, held in waiting]}
    )
    if not found:
        terminal.say("Nothing has run yet.")
        show_waiting(terminal, waiting)
        return
    terminal.show(_runs_table([one.run for one in found]))
    failed = [one.run for one in found if one.run.error]
    terminal.say(*([""] if failed else []), *(f"run {r.run_id}: {r.error}" for r in failed))
    show_waiting(terminal, waiting)


def _show_run(terminal: Terminal, project: Project, run: int, limit: int) -> None:
    def report(session: Session) -> tuple[RunReport | None, SentBatches]:
        audit = session.config.schemas.audit
        return run_report(session, audit, run, limit), sent_batches(session, audit, run, limit)

    # Runs are numbered by source database, so that several may have one of this number.
    found = [
        Report(name, *one)
        for name, one in from_audits(project, report).items()
        if one[0] or one[1].total
    ]
    if not found:
        raise ConfigurationError(f"no run has the number {run}", "`pgsync-assets show` lists them")
    terminal.document({"reports": found})
    for one in found:
        if one.report is None:
            terminal.say(f"run {run} has not ended; recorded in {one.connection}")
        else:
            _show_report(terminal, one.connection, one.report)
        show_batches(terminal, run, one.batches)


def _show_batch(terminal: Terminal, project: Project, run: int, batch: int) -> None:
    def sent(session: Session) -> Tries:
        return sent_statements(session, session.config.schemas.audit, run, batch)

    show_batch(terminal, run, batch, from_audits(project, sent))


def _runs_table(runs: list[RunRow]) -> Table:
    numbers = ("run", "added", "changed", "removed", "rejected")
    return table(
        *("run", "started", "sync", "status"),
        *numbers[1:],
        rows=[_run_cells(run) for run in runs],
        numbers=numbers,
    )


def _run_cells(run: RunRow) -> tuple[str, ...]:
    counts = (run.succeeded.added, run.succeeded.changed, run.succeeded.removed, run.failed)
    return (
        str(run.run_id),
        f"{run.started_at.astimezone():%m-%d %H:%M:%S}",
        f"{run.sync} {run.partition}".rstrip(),
        "ok" if run.status == "succeeded" else run.status,
        *(f"{count:,}" for count in counts),
    )


def _show_report(terminal: Terminal, connection: str, report: RunReport) -> None:
    run = report.run
    terminal.show(_runs_table([run]))
    seconds = (run.finished_at - run.started_at).total_seconds()
    terminal.say(
        "",
        f"into {run.table} in {seconds:.1f} s; {run.planned.total:,} changes were planned; "
        f"recorded in {connection}",
    )
    if run.error:
        terminal.say(f"error: {run.error}")
    if report.failed:
        terminal.say("")
        rows = [(row.row_id, row.operation, row.reason or row.status) for row in report.failed]
        terminal.show(table("row", "operation", "reason", rows=rows))
        left = run.failed - len(report.failed)
        if left > 0:
            why = "not kept any longer, or --limit" if run.pruned_at else "--limit"
            terminal.say(f"and {left:,} more ({why})")
    elif run.failed and run.pruned_at is None:
        terminal.say(f"{run.failed:,} rows were rejected; the sync's audit level keeps no rows")
    if run.pruned_at is not None:
        terminal.say(
            "",
            f"rows of this run in the log were kept until {run.pruned_at.astimezone():%Y-%m-%d} "
            "(retention); the counts stay",
        )
