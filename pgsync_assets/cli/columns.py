"""`pgsync-assets columns`: what Dagster shows of columns before anything has run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..project import read_project
from .app import app, common_options
from .beta_features import beta_features
from .exit_code import ExitCode
from .terminal import Terminal, error_object, table

if TYPE_CHECKING:
    from ..assets.refresh_columns import Refreshed


@app.command()
@common_options
@click.pass_context
def columns(context: click.Context, defs: Path, as_json: bool) -> None:
    """Look up the columns of all models and tables, for Dagster to show before the first run.

    Names, types, comments and where columns come from are kept with the Dagster instance, or in
    the project's folder (`PgColumnsComponent`); Dagster shows them once the code location is
    loaded again. No row is read. What is on a server that does not answer stays as it was.
    """
    terminal = Terminal(as_json)
    read_project(defs)  # what is wrong is told with file and line
    found = _refreshed(defs)
    names = sorted(found.entries)
    rows = [(name, str(len(found.entries[name].columns)), found.entries[name].at) for name in names]
    terminal.show(table("of", "columns", "looked up", rows=rows, numbers=("columns",)))
    terminal.document(
        {
            "columns": {name: found.entries[name] for name in names},
            "error": error_object(found.error) if found.error else None,
        }
    )
    terminal.say("", "Dagster shows them once it has loaded the code location again: Reload.")
    if found.error is not None:
        terminal.complain(found.error.message, found.error.remedy)
    context.exit(ExitCode.FAILED if found.error else ExitCode.OK)


def _refreshed(defs: Path) -> Refreshed:
    with beta_features():
        from ..assets.refresh_columns import refresh_columns  # takes a second: Dagster

        return refresh_columns(defs)
