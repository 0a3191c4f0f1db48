"""`pgsync-assets plan`: what a run would do now."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from .. import sync as syncs
from ..config import SyncConfig
from ..config.partition_kind import listed
from ..errors import ConfigurationError
from ..project import read_project
from .app import app, common_options, row_limit_option
from .endpoints import fresh
from .held import counts_of, tell_changes, tell_reason
from .outcomes import show_invalid_keys
from .terminal import Terminal


@app.command()
@click.argument("sync")
@click.option("--partition", metavar="KEY", help="Plan one partition, e.g. 2013-01-01.")
@click.option("--full-resync", is_flag=True, help="Plan to send every row again.")
@row_limit_option
@click.option(
    "--limit",
    type=click.IntRange(0, 10_000),
    default=20,
    show_default=True,
    help="Changes to show row by row.",
)
@common_options
def plan(
    sync: str,
    partition: str | None,
    full_resync: bool,
    row_limit: int | None,
    limit: int,
    defs: Path,
    as_json: bool,
) -> None:
    """Show what a run of SYNC would do now: counts, and rows before -> after.

    The destination is not touched. The plan is held under a number: `apply` writes it and nothing
    else, until a run writes or another plan replaces it. A later run plans anew.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    config = project.sync(sync)
    chosen = config.partition_named(partition) if partition is not None else None
    if config.partitions and chosen is None:
        raise _unnamed(config)
    config, ends = fresh(project, config)
    preview = syncs.plan(
        config,
        ends.source,
        ends.destination,
        platform=ends.platform,
        partition=chosen,
        full_resync=full_resync,
        row_limit=row_limit,
        limit=limit,
        known=ends.known,
    )
    terminal.document(preview)
    name = f"{preview.sync} {preview.partition}" if preview.partition else preview.sync
    terminal.say(
        f"{name}, plan {preview.run_id}: {counts_of(preview)}; "
        "nothing was written to the destination"
    )
    terminal.say(*(f"{name}: {note}" for note in preview.notes))
    tell_reason(terminal, preview)
    show_invalid_keys(terminal, preview.invalid_keys)
    tell_changes(terminal, preview)


def _unnamed(config: SyncConfig) -> ConfigurationError:
    names = [one.name for one in config.all_partitions(dt.datetime.now(dt.timezone.utc))]
    return ConfigurationError(
        f"the sync {config.name!r} is planned by partition",
        f"name one with --partition KEY: {listed(names) or 'none has begun yet'}",
    )
