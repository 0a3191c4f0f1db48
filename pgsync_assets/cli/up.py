"""`pgsync-assets up`: serves the user's own configuration in the Dagster UI."""

from __future__ import annotations

from pathlib import Path

from ..embedded import Servers
from ..embedded.dagster_dev import make_dagster_home
from ..embedded.environment_file import write_environment_file
from ..errors import ConfigurationError
from ..project import read_project
from .app import app, debug_option, defs_option, directory_option, json_option, port_option
from .served import refuse_taken, serve_until_ctrl_c
from .terminal import Terminal, counted, short_path


@app.command()
@directory_option
@port_option
@defs_option
@json_option
@debug_option
def up(directory: Path, port: int, defs: Path, as_json: bool) -> None:
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
        if servers.used:
            file = servers.directory / "up.env"
            home = str(make_dagster_home(servers.directory))
            write_environment_file(file, environment | {"DAGSTER_HOME": home})
            terminal.say(f"Commands in another shell: set -a; . {short_path(file)}; set +a")
        serve_until_ctrl_c(terminal, environment, port, servers.directory)
