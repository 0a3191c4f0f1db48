"""`pgsync-assets stats`: throughput, failures and lag of syncs, day by day."""

from __future__ import annotations

from pathlib import Path

import click

from ..connect import Session
from ..project import read_project
from ..record import Trend, trends
from .app import app, common_options
from .audits import from_audits
from .export import write
from .stats_picture import picture
from .stats_shown import by_day, by_sync, stats_of
from .terminal import Terminal


@app.command()
@click.argument("syncs", nargs=-1, metavar="[SYNC]...")
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=7,
    show_default=True,
    help="Days of UTC; today is the last.",
)
@click.option(
    "--svg",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a plot of it to FILE.",
)
@common_options
def stats(syncs: tuple[str, ...], days: int, file: Path | None, defs: Path, as_json: bool) -> None:
    """Show how runs went, day by day: rows, failures, speed and lag, of all syncs or of some.

    Lag is how old the rows of the destination were at worst, when a run ended and before it. It is
    all in hightouch_audit.sync_runs; one SYNC by itself is shown day by day.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    names = list(dict.fromkeys(project.sync(name).name for name in syncs)) or list(project.syncs)

    def read(session: Session) -> list[Trend]:
        return trends(session, session.config.schemas.audit, names, days)

    found = stats_of(names, days, from_audits(project, read))
    terminal.document({"days": days, "syncs": found})
    if file is not None:
        write(file, [picture(found)])
    if len(names) == 1 and syncs:
        for one in found:
            terminal.show(by_day(one))
    else:
        terminal.show(by_sync(found))
