"""`pgsync-assets test-connection`: everything that can be in the way of it, one line each."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from .. import sync as syncs
from ..config import Mode, UsedAs
from ..connect import Endpoint
from ..errors import ConfigurationError
from ..project import read_project
from ..steps.asked import TableUse, asked_of
from .app import app, common_options
from .checked import show_checked
from .endpoints import connection_or_platform, to_look_at
from .exit_code import ExitCode
from .terminal import Terminal


@app.command("test-connection")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["source", "destination"]),
    help="What it is for.  [default: what the syncs use it for]",
)
@click.option("--sync", "sync", help="Try the model or the table of this sync, too.")
@click.option("--table", "table", help="Try this table (SCHEMA.TABLE), where no sync has it yet.")
@click.option(
    "--mode",
    type=click.Choice(get_args(Mode)),
    default="upsert",
    show_default=True,
    help="How --table is to be written.",
)
@common_options
@click.pass_context
def test_connection(
    context: click.Context,
    name: str,
    role: UsedAs | None,
    sync: str | None,
    table: str | None,
    mode: Mode,
    defs: Path,
    as_json: bool,
) -> None:
    """Test the connection NAME: the way there, the server, our role, and what it is for.

    What is written to see whether it can be written is taken back.
    """
    terminal = Terminal(as_json)
    project = read_project(defs)
    endpoint = Endpoint(name, connection_or_platform(project, name))
    if sync is not None and table is not None:
        raise ConfigurationError("--sync and --table name two tables", "leave one of them out")
    chosen, source = None, None
    if sync is not None:
        chosen, ends, _ = to_look_at(project, project.sync(sync))
        source = ends.source
    asked = asked_of(
        name,
        list(project.syncs.values()),
        role=role,
        sync=chosen,
        source=source,
        table=TableUse(table, mode) if table is not None else None,
    )
    results = syncs.try_connection(endpoint, asked)
    passed = all(one.passed for one in results)
    terminal.document(
        {"connection": name, "roles": asked.roles, "lines": results, "passed": passed}
    )
    show_checked(terminal, f"connection {name}, as {' and '.join(asked.roles)}", results)
    context.exit(ExitCode.OK if passed else ExitCode.FAILED)
