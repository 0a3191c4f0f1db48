"""`pgsync-assets prune`: what the audits keep for too long goes, for who has no daemon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from ..config import KEPT, RetentionConfig
from ..project import read_project
from ..steps.retention import DatabasePass, Retention
from .app import app, common_options
from .exit_code import ExitCode, exit_code_of
from .lengths import of_bytes
from .state import endpoints_of
from .terminal import Terminal, counted, error_object, table

_HEADINGS = ("database", "table", "deleted", "left", "size", "oldest run")


@app.command()
@click.option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@common_options
@click.pass_context
def prune(context: click.Context, dry_run: bool, defs: Path, as_json: bool) -> None:
    """Delete what the audits have kept for long enough.

    In every database of the project, as `audit: {keep: ..}` of a sync says, or `audit:` of
    PgMaintenanceComponent: runs, rows of runs, and what was sent. What an open plan or a refused
    row needs stays, and the last runs of each sync. PgMaintenanceComponent does the same by a
    schedule.
    """
    terminal, project = Terminal(as_json), read_project(defs)
    syncs = list(project.syncs.values())
    kept = project.retention
    found = list(Retention(syncs, kept, lambda _: None, dry_run).over(endpoints_of(project)))
    told = kept.model_dump(mode="json")
    terminal.document({"dry_run": dry_run, "kept": told, "databases": [*map(_object, found)]})
    rows = list(_rows(found))
    if rows:
        terminal.show(table(*_HEADINGS, rows=rows, numbers=_HEADINGS[2:5]))
    terminal.say(*([""] if rows else []), _sentence(found, dry_run), _times(kept))
    for one in found:
        if one.log_deleted:
            terminal.say(f"{one.connection}: {counted(one.log_deleted, 'row')} of its log deleted")
        if one.pruned is not None and not one.pruned.is_done:
            terminal.say(f"{one.connection}: the time was up (at_most); the next pass goes on")
        if one.error is not None:
            terminal.complain(f"not pruned: {one.error.message}", one.error.remedy)
    failed = [one.error for one in found if one.error is not None]
    context.exit(exit_code_of(failed[0]) if failed else ExitCode.OK)


def _sentence(found: Sequence[DatabasePass], dry_run: bool) -> str:
    deleted = sum(one.pruned.deleted for one in found if one.pruned is not None)
    return f"{counted(deleted, 'row')} {'would be deleted' if dry_run else 'deleted'}"


def _times(kept: RetentionConfig) -> str:
    told = kept.model_dump(mode="json")
    shown = ", ".join(f"{name} {'for ever' if told[name] == -1 else told[name]}" for name in KEPT)
    return f"kept, where a sync does not say it: {shown}"


def _rows(found: Sequence[DatabasePass]) -> Iterator[tuple[str, ...]]:
    for one in found:
        tables = one.pruned.tables if one.pruned is not None else ()
        for part in (part for part in tables if part.deleted or part.left):
            oldest = f"{part.oldest:%Y-%m-%d}" if part.oldest else ""
            cells = f"{part.deleted:,}", f"{part.left:,}", of_bytes(part.bytes), oldest
            yield one.connection, part.name.rpartition(".")[2], *cells  # 80 columns


def _object(one: DatabasePass) -> dict[str, object]:
    error = error_object(one.error) if one.error is not None else None
    return {
        "connection": one.connection,
        "pruned": one.pruned,
        "log": one.log_deleted,
        "error": error,
    }
