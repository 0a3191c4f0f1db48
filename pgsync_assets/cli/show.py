"""`pgsync-assets show`: what runs did, from the audit; and what held plans would do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
from rich.table import Table

from ..connect import READ_ONLY, Endpoint, Session, platform_endpoint
from ..errors import ConfigurationError
from ..project import Project, read_project
from ..record import RunReport, RunRow, recent_runs, run_report
from ..sql import statement
from .app import app, common_options
from .export import check_file
from .held import show_held, show_waiting
from .plans import all_held, located, the_plan
from .terminal import Terminal, table

Read = TypeVar("Read")


@dataclass(frozen=True)
class Recorded:
    """A run, and the connection whose database recorded it."""

    connection: str
    run: RunRow


@dataclass(frozen=True)
class Report:
    """A run with its rejected rows, and the connection whose database recorded it."""

    connection: str
    report: RunReport


@app.command()
@click.argument("run", type=click.IntRange(min=1), required=False)
@click.option("--sync", metavar="SYNC", help="Only runs of this sync.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="Runs, or rejected rows, at the most.",
)
@click.option(
    "--export",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With the number of a held plan: all of its changes as .csv or .json.",
)
@common_options
def show(
    run: int | None,
    sync: str | None,
    limit: int,
    export: Path | None,
    defs: Path,
    as_json: bool,
) -> None:
    """Show recent runs and held plans, or one RUN.

    A run shows its rejected rows, from hightouch_audit; a held plan the changes that it would
    write, row by row, before -> after.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    if sync is not None:
        project.sync(sync)
    if run is None:
        _show_runs(terminal, project, sync, limit)
    elif not _show_plans(terminal, project, run, sync, limit, export):
        _show_run(terminal, project, run, limit)


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
        Recorded(name, run) for name, runs in _from_audits(project, newest).items() for run in runs
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
    def report(session: Session) -> RunReport | None:
        return run_report(session, session.config.schemas.audit, run, limit)

    # Runs are numbered by source database, so that several may have one of this number.
    found = [
        Report(name, one) for name, one in _from_audits(project, report).items() if one is not None
    ]
    if not found:
        raise ConfigurationError(f"no run has the number {run}", "`pgsync-assets show` lists them")
    terminal.document({"reports": found})
    for one in found:
        _show_report(terminal, one)


def _from_audits(project: Project, read: Callable[[Session], Read]) -> dict[str, Read]:
    """Asks the audit of every source, and the platform's; those without one are left out."""
    sources = sorted({sync.source for sync in project.syncs.values()})
    endpoints = [Endpoint(name, project.connections[name]) for name in sources]
    platform = platform_endpoint(project.connections)
    answers = {}
    for endpoint in (*endpoints, *([platform] if platform else [])):
        with endpoint.session("pgsync/show") as session:
            if _has_audit(session):
                answers[endpoint.name] = read(session)
    return answers


def _has_audit(session: Session) -> bool:
    query = statement(__package__ or "", "has_audit.sql")
    with session.transaction("looking for the audit", READ_ONLY) as connection:
        row = connection.execute(query, {"audit": session.config.schemas.audit}).fetchone()
    return bool(row and row[0])


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


def _show_report(terminal: Terminal, one: Report) -> None:
    run = one.report.run
    terminal.show(_runs_table([run]))
    seconds = (run.finished_at - run.started_at).total_seconds()
    terminal.say(
        "",
        f"into {run.table} in {seconds:.1f} s; {run.planned.total:,} changes were planned; "
        f"recorded in {one.connection}",
    )
    if run.error:
        terminal.say(f"error: {run.error}")
    if one.report.failed:
        terminal.say("")
        rows = [(row.row_id, row.operation, row.reason or row.status) for row in one.report.failed]
        terminal.show(table("row", "operation", "reason", rows=rows))
        left = run.failed - len(one.report.failed)
        if left > 0:
            terminal.say(f"and {left:,} more (--limit)")
    elif run.failed:
        terminal.say(f"{run.failed:,} rows were rejected; the sync's audit level keeps no rows")
