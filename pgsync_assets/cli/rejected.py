"""`pgsync-assets rejected`: which rows a sync is refused now, and trying parked ones again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from .. import operations
from ..plan import Chosen, RefusedReason, RefusedRow, refused_rows
from ..printable import cut
from ..privacy import Privacy
from ..project import read_project
from .app import app, common_options
from .endpoints import ends_of
from .terminal import Terminal, counted, table

SAMPLE_WIDTH = 24  # characters of a key below a reason


@app.command()
@click.argument("sync")
@click.option("--partition", metavar="KEY", help="Only rows of this partition; default: all.")
@click.option(
    "--key",
    "keys",
    metavar="KEY",
    multiple=True,
    help="Only the row with this key, as it is listed here; may be given several times.",
)
@click.option(
    "--reason",
    metavar="NAME",
    help="Only rows of this SQLSTATE, or of the constraint or column of this name.",
)
@click.option(
    "--limit",
    type=click.IntRange(0, 100_000),
    default=20,
    show_default=True,
    help="Rows to list, at the most.",
)
@click.option("--retry", is_flag=True, help="Release parked rows: the next run tries them.")
@common_options
def rejected(
    sync: str,
    partition: str | None,
    keys: tuple[str, ...],
    reason: str | None,
    limit: int,
    retry: bool,
    defs: Path,
    as_json: bool,
) -> None:
    """Show the rows that the destination of SYNC refuses now: why, how often, since when.

    Waiting rows are tried by the next run; parked ones (`retry_rejected: false`) when --retry
    releases them. Keys are shown as `audit: values:` of the sync says, values never.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.sync(sync)
    if partition is not None:
        config.partition_named(partition)
    chosen = Chosen(partition, keys, reason)
    ends = ends_of(project, config)
    home, _ = ends.planner_of(config)
    if retry:
        with ends.open():
            released = operations.retry(
                config, ends.source, ends.destination, platform=ends.platform, chosen=chosen
            )
        terminal.document(released)
        terminal.say(f"{sync}: {counted(released.rows, 'row')} released; the next run tries them")
        return
    privacy = Privacy.of(config)
    with home.session("pgsync/rejected") as session:
        found = refused_rows(session, home.config.schemas.planner, privacy, chosen, limit)
    terminal.document({"sync": sync, "reasons": found[0], "rows": found[1]})
    _show(terminal, sync, *found)


def _show(
    terminal: Terminal, sync: str, reasons: Sequence[RefusedReason], rows: Sequence[RefusedRow]
) -> None:
    if not reasons:
        terminal.say(f"{sync}: no row is rejected")
        return
    numbers = ("rows", "parked")
    terminal.show(
        table(
            *(*numbers, "sqlstate", "reason"),
            rows=[cells for one in reasons for cells in _reason_cells(one)],
            numbers=numbers,
        )
    )
    if rows:
        terminal.say("")
        names = ("row", "operation", "attempts", "first", "last", "")
        listed = [_cells(row) for row in rows]
        terminal.show(table(*names, rows=listed, numbers=("attempts",)))
    left = sum(one.rows for one in reasons) - len(rows)
    if left:
        terminal.say(f"and {left:,} more (--limit)")
    parked = sum(one.parked for one in reasons)
    if parked:
        terminal.say("", f"{counted(parked, 'row')} parked: --retry lets the next run try them")


def _reason_cells(one: RefusedReason) -> Iterator[tuple[str, ...]]:
    yield f"{one.rows:,}", f"{one.parked:,}", one.sqlstate or "", one.reason
    more = ["..."] if one.rows > len(one.sample) else []
    keys = (cut(key, SAMPLE_WIDTH) for key in one.sample)
    yield "", "", "", f"  {', '.join([*keys, *more])}"


def _cells(row: RefusedRow) -> tuple[str, ...]:
    return (
        f"{row.partition} {row.row_id}".lstrip(),
        row.operation,
        f"{row.attempts:,}",
        f"{row.first_at.astimezone():%m-%d %H:%M}",
        f"{row.last_at.astimezone():%m-%d %H:%M}",
        "parked" if row.parked else "waiting",
    )
