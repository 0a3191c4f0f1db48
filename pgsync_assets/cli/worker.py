"""`pgsync-assets worker`: does runs on this machine that a Dagster elsewhere has queued."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import click

from ..embedded.dagster_dev import make_dagster_home
from ..embedded.servers import STORAGE_HOST
from ..embedded.workers import Workers
from ..errors import ConfigurationError
from ..project import read_project
from .app import app, debug_option, defs_option, directory_option, json_option
from .brokers import broker_place, restarted
from .terminal import Terminal, counted


@app.command()
@click.option(
    "--count",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Workers on this machine: so many runs at once.",
)
@click.option(
    "--queue",
    "queues",
    metavar="NAME",
    multiple=True,
    default=("dagster",),
    show_default=True,
    help="Queue to take runs from; may be repeated.",
)
@directory_option
@defs_option
@json_option
@debug_option
def worker(count: int, queues: tuple[str, ...], directory: Path, defs: Path, as_json: bool) -> None:
    """Do the runs of a Dagster on this or another machine, until Ctrl-C.

    Needs the environment of that Dagster: DAGSTER_PG_* for its storage, which is the broker too
    unless PGSYNC_BROKER names a Redis, and what the connections read. At Ctrl-C no more runs are
    taken and those that are on are finished; a second one interrupts them, and another worker
    does them again.
    """
    terminal = Terminal(as_json)
    if not (os.environ.get(STORAGE_HOST) or os.environ.get("DAGSTER_HOME")):
        raise ConfigurationError(
            f"{STORAGE_HOST} is not set: where is the Dagster whose runs are to be done?",
            "set DAGSTER_PG_* as there; where `up` runs: set -a; . .pgsync/up.env; set +a",
        )
    read_project(defs)
    home = os.environ.get("DAGSTER_HOME") or str(make_dagster_home(directory, workers=0))
    os.environ.update(DAGSTER_HOME=home, PGSYNC_DEFS=str(defs.absolute()))
    place = broker_place(terminal)
    with Workers(count, {}, queues=queues, on_restart=restarted(terminal)) as workers:
        said = f"{counted(count, 'worker')} of queue {', '.join(queues)}, broker {place}"
        terminal.say(f"{said}; Ctrl-C finishes what is on and stops.")
        terminal.document({"workers": count, "queues": queues, "broker": place})
        try:
            signal.pause()
        except KeyboardInterrupt:
            terminal.say("Taking no more runs ... (Ctrl-C again interrupts those that are on)")
        try:
            workers.finish()
        except KeyboardInterrupt:
            terminal.say("Interrupting ...")
