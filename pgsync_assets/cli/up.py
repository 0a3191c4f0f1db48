"""`pgsync-assets up`: serves the user's own configuration in the Dagster UI."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from ..embedded import Servers
from ..embedded.dagster_dev import make_dagster_home
from ..embedded.environment_file import write_environment_file
from ..embedded.workers import Workers
from ..errors import ConfigurationError
from ..project import read_project
from .app import app, debug_option, defs_option, directory_option, json_option, port_option
from .brokers import BROKER, broker_place, restarted
from .served import refuse_taken, serve_until_ctrl_c
from .terminal import Terminal, counted, short_path


@app.command()
@directory_option
@port_option
@defs_option
@click.option(
    "--workers",
    "count",
    metavar="N",
    type=click.IntRange(0, 64),
    help="Runs are done by so many Celery workers, started beside the UI; 0: by those of "
    "`pgsync-assets worker` elsewhere.",
)
@json_option
@debug_option
def up(directory: Path, port: int, defs: Path, count: int | None, as_json: bool) -> None:
    """Serve your own configuration in the Dagster UI, until Ctrl-C.

    Dagster's storage is an embedded PostgreSQL, or yours where DAGSTER_PG_HOST is set.
    A file in the state folder tells commands in other shells where that is; engine standard keeps
    its state there. With --json the address is printed once the UI answers.
    """
    terminal = Terminal(as_json)
    refuse_taken(port)
    try:
        project = read_project(defs)
        terminal.say(
            f"{defs}: {counted(len(project.connections), 'connection')}, "
            f"{counted(len(project.syncs), 'sync')}"
        )
    except ConfigurationError as error:
        # The UI shows it too, and goes on with the right files once it is mended.
        terminal.complain(error.message, error.remedy)
    with Servers(directory, demo=False) as servers:
        environment = servers.environment() | {"PGSYNC_DEFS": str(defs.absolute())}
        home = make_dagster_home(servers.directory, count)
        if servers.used:
            file = servers.directory / "up.env"
            more = {name: os.environ[name] for name in (BROKER,) if name in os.environ}
            write_environment_file(file, environment | more | {"DAGSTER_HOME": str(home)})
            terminal.say(f"Commands in another shell: set -a; . {short_path(file)}; set +a")
        with _workers(terminal, count, environment | {"DAGSTER_HOME": str(home)}, home):
            serve_until_ctrl_c(terminal, environment, port, home)


@contextmanager
def _workers(
    terminal: Terminal, count: int | None, environment: Mapping[str, str], home: Path
) -> Iterator[None]:
    """Workers beside the UI, for the length of the block."""
    if count is None:
        yield
        return
    os.environ.update(environment)
    terminal.say(f"Runs wait for a worker at the broker: {broker_place(terminal)}")
    if count == 0:
        yield
        return
    log = home / "workers.log"
    terminal.say(f"{counted(count, 'worker')}: what they do is in {short_path(log)}")
    with Workers(count, environment, log=log, on_restart=restarted(terminal)):
        yield
