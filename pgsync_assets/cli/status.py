"""`pgsync-assets status`: a line for each sync, and what needs somebody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from ..config import SyncConfig
from ..config.duration import written
from ..connect import Endpoint
from ..errors import PgsyncError
from ..project import Project, read_project
from ..steps.status import Standing, SyncStatus, standings
from .app import app, common_options
from .endpoints import ends_of
from .exit_code import ExitCode, exit_code_of
from .lengths import of_bytes, of_count, of_seconds
from .terminal import Terminal, counted, error_object, table

WORST_FIRST = (
    ExitCode.FAILED,
    ExitCode.USAGE,
    ExitCode.TRY_AGAIN,
    ExitCode.HELD,
    ExitCode.LATE,
    ExitCode.ROWS_REJECTED,
)
"""How the command ends where several things need somebody."""

_NAMES = 5  # of syncs, in a sentence
_HEADINGS = ("sync", "last run", "ago", "took", "next in", "waiting", "rejected", "rows", "size")


@dataclass(frozen=True)
class Need:
    """What needs somebody.

    Args:
        code: how the command ends because of it.
        what: a sentence.
    """

    code: ExitCode
    what: str


@dataclass(frozen=True)
class Report:
    """A sync, and what is to be said of it.

    Args:
        sync: its name.
        standing: what is known of it.
        next_run: by its `schedule`.
        needs: what needs somebody.
    """

    sync: str
    standing: Standing
    next_run: dt.datetime | None
    needs: tuple[Need, ...]


@app.command()
@click.argument("sync", nargs=-1)
@click.option("--partitions", is_flag=True, help="A line for each partition, too.")
@click.option("--quiet", is_flag=True, help="Only syncs that need somebody; else nothing.")
@common_options
@click.pass_context
def status(
    context: click.Context,
    sync: tuple[str, ...],
    partitions: bool,
    quiet: bool,
    defs: Path,
    as_json: bool,
) -> None:
    """Show how each SYNC (default: all) stands.

    Its last run, the next one, changes that wait (of a plan that is held or unfinished, and parked
    rows), rows that are rejected now, and what its state takes on disk. Nothing is written, and no
    destination is asked. The exit code says whether somebody is needed, for monitoring: of several
    the first of 1 (a run failed), 2, 5 (one was cut off, or a database is down), 6, 8 and 3.
    """
    terminal, project = Terminal(as_json), read_project(defs)
    chosen = [project.sync(name) for name in sync] or list(project.syncs.values())
    found = _found(project, chosen)
    asked_at = dt.datetime.now(dt.timezone.utc)
    reports = [_report(one, found[one.name], asked_at) for one in chosen]
    told = [one for one in reports if one.needs or not quiet]
    terminal.document({"syncs": [_object(one) for one in told]})
    rows = [cells for one in told for cells in _cells(one, asked_at, partitions)]
    if rows:
        terminal.show(table(*_HEADINGS, rows=rows, numbers=_HEADINGS[2:]))
    _tell(terminal, told)
    codes = {need.code for one in reports for need in one.needs}
    context.exit(next((code for code in WORST_FIRST if code in codes), ExitCode.OK))


def _found(project: Project, syncs: Sequence[SyncConfig]) -> dict[str, Standing]:
    homes: dict[str, tuple[SyncConfig, Endpoint]] = {}
    nowhere: dict[str, Standing] = {}
    for sync in syncs:
        try:
            homes[sync.name] = sync, ends_of(project, sync).planner_of(sync)[0]
        except PgsyncError as error:  # its engine needs a platform, and there is none
            nowhere[sync.name] = Standing(None, unseen=error)
    return nowhere | standings(homes)


def _report(sync: SyncConfig, standing: Standing, now: dt.datetime) -> Report:
    whole = standing.whole
    if whole is None:
        return Report(sync.name, standing, _next_run(sync, now), tuple(_unseen(standing)))
    needs = [*_of_last_run(whole), *_of_rows(whole), *_of_freshness(sync, whole, now)]
    return Report(sync.name, standing, _next_run(sync, now), tuple(needs))


def _next_run(sync: SyncConfig, now: dt.datetime) -> dt.datetime | None:
    if sync.schedule is None or sync.schedule.status != "RUNNING":
        return None
    from ..assets.sync_schedule import next_tick  # takes a second: Dagster

    return next_tick(sync.schedule, now)


def _unseen(standing: Standing) -> Iterator[Need]:
    error = standing.unseen
    if error is not None:
        yield Need(exit_code_of(error), f"not looked at: {error.message}")


def _of_last_run(whole: SyncStatus) -> Iterator[Need]:
    last, name = whole.last, whole.sync
    if last.ended == "failed":
        yield Need(ExitCode.FAILED, f"failed: {last.error}")
    elif last.ended == "unfinished":
        what = "was cut off; the next run goes on"
        yield Need(ExitCode.TRY_AGAIN, f"{what}: pgsync-assets run {name}")
    if whole.reason:
        plan = " and ".join(map(str, whole.held))
        yield Need(ExitCode.HELD, f"plan {plan} is held: {whole.reason}; pgsync-assets show {plan}")


def _of_rows(whole: SyncStatus) -> Iterator[Need]:
    counts = (whole.rejected, "rejected"), (whole.parked, "parked")
    told = ", ".join(f"{counted(number, 'row')} {word}" for number, word in counts if number)
    if told:
        yield Need(ExitCode.ROWS_REJECTED, f"{told}; pgsync-assets rejected {whole.sync}")


def _of_freshness(sync: SyncConfig, whole: SyncStatus, now: dt.datetime) -> Iterator[Need]:
    at, freshness = whole.last.success_at, sync.freshness
    if freshness is not None and at is not None and now - at >= freshness.within:
        since = of_seconds((now - at).total_seconds())
        yield Need(
            ExitCode.LATE, f"late: succeeded {since} ago, has to every {written(freshness.within)}"
        )


def _cells(report: Report, now: dt.datetime, partitions: bool) -> Iterator[tuple[str, ...]]:
    whole, parts = report.standing.whole, report.standing.partitions
    if whole is None:
        yield report.sync, "?", *["-"] * (len(_HEADINGS) - 2)
        return
    many = f" ({len(parts)} partitions)" if parts else ""
    yield report.sync + many, *_figures(whole, now, report.next_run)
    for part in parts if partitions else ():
        yield f"  {part.partition}", *_figures(part, now, None)


def _figures(line: SyncStatus, now: dt.datetime, next_run: dt.datetime | None) -> tuple[str, ...]:
    last = line.last
    return (
        last.ended,
        of_seconds((now - last.at).total_seconds()) if last.at else "-",
        of_seconds(last.seconds) if last.seconds is not None else "-",
        of_seconds((next_run - now).total_seconds()) if next_run else "-",
        *map(of_count, (line.waiting, line.rejected, line.rows)),
        of_bytes(line.bytes),
    )


def _tell(terminal: Terminal, reports: Sequence[Report]) -> None:
    """Says what needs somebody; of all syncs at once that have it in common."""
    syncs: dict[str, list[str]] = {}
    for one in reports:
        for need in one.needs:
            syncs.setdefault(need.what, []).append(one.sync)
    lines = [f"{_some(names)}: {what}" for what, names in syncs.items()]
    terminal.say(*([""] if lines else []), *lines)


def _some(names: Sequence[str]) -> str:
    """`a, b, c and 97 more`."""
    left = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {left:,} more" if left > 0 else "")


def _object(report: Report) -> dict[str, object]:
    """A sync as `--json` prints it."""
    standing = report.standing
    return {
        "sync": report.sync,
        "next_run": report.next_run,
        "needs": report.needs,
        "whole": standing.whole,
        "partitions": standing.partitions,
        "error": error_object(standing.unseen) if standing.unseen else None,
    }
