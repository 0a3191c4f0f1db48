"""`pgsync-assets demo`: the whole product on real data, from nothing."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from rich.table import Table

from ..demo import Edits, Loaded, apply_edits, load
from ..demo.password_file import write_password_file
from ..embedded import Servers
from ..embedded.binaries import locate
from ..embedded.dagster_dev import make_dagster_home
from ..embedded.environment_file import write_environment_file
from ..outcome import Counts, Outcome
from ..project import read_project
from .app import app, debug_option, directory_option, json_option, port_option
from .beta_features import beta_features
from .progress import ProgressDisplay
from .served import refuse_taken, serve_until_ctrl_c
from .terminal import Terminal, lasting_stderr, short_path, table

DEMO_DEFS = Path(__file__).parent.parent / "demo" / "defs"


@dataclass(frozen=True)
class SyncTotals:
    """A sync of the demo, summed over its partitions."""

    sync: str
    succeeded: Counts
    rejected: int
    row_count: int
    seconds: float

    @property
    def rows_per_second(self) -> float:
        """Rows that the destination took, per second."""
        return self.succeeded.total / self.seconds if self.seconds else 0.0


@app.command()
@directory_option
@port_option
@click.option("--serve/--no-serve", "serves", default=True, help="Serve the Dagster UI at the end.")
@json_option
@debug_option
def demo(directory: Path, port: int, serves: bool, as_json: bool) -> None:
    """Sync real flights between two embedded databases, and serve the Dagster UI.

    Starts PostgreSQL in a folder, loads a year of flights, runs the demo's syncs, edits a few
    thousand rows and syncs again: only those travel. Ctrl-C stops everything; a second start goes
    on from what is there. With --json nothing is served.
    """
    terminal = Terminal(as_json)
    serves = serves and not as_json
    if serves:
        refuse_taken(port)
    began = time.monotonic()
    terminal.say(f"Starting PostgreSQL in {directory} ...")
    with Servers(directory) as servers:
        loaded = _load(terminal, servers)
        environment = servers.environment() | {"PGSYNC_DEFS": str(DEMO_DEFS)}
        home = make_dagster_home(servers.directory)
        os.environ.update(environment, DAGSTER_HOME=str(home))  # the assets run in this process
        terminal.say("", "Sync, as Dagster assets:")
        first = _sync_all(terminal)
        edits = apply_edits(servers)
        terminal.say("", "Now the source is edited:", *_told(edits), "", "Sync again:")
        second = _sync_all(terminal)
        _say_what_travelled(terminal, second)
        file = servers.directory / "demo.env"
        also = {"PGPASSFILE": str(write_password_file(servers)), "DAGSTER_HOME": str(home)}
        write_environment_file(file, environment | also)
        _say_where_to_look(terminal, servers, file, serves)
        seconds = round(time.monotonic() - began, 1)
        terminal.say("", f"The demo took {seconds} seconds.")
        terminal.document(_document(loaded, first, edits, second, seconds))
        if serves:
            serve_until_ctrl_c(terminal, environment, port, home)


def _load(terminal: Terminal, servers: Servers) -> Loaded:
    for cluster, what in (
        (servers.platform, "Dagster's storage"),
        (servers.demo, "the databases demo_source and demo_destination"),
    ):
        if cluster in servers.used:
            terminal.say(f"  {cluster.host}:{cluster.port}  {what}")
    loaded = load(servers, on_table=lambda name, rows: terminal.say(f"  nyc.{name}: {rows:,} rows"))
    if not loaded.rows:
        terminal.say("The demo's data is there already.")
    return loaded


def _sync_all(terminal: Terminal) -> list[SyncTotals]:
    """Runs every sync of the demo through its Dagster assets, and prints what each one did."""
    names = list(read_project(DEMO_DEFS).syncs)
    with (
        beta_features(),
        lasting_stderr() as console,
        ProgressDisplay(console, silent=terminal.as_json) as progress,
    ):
        from ..assets.materialize import materialize_syncs  # takes a second: Dagster

        outcomes = materialize_syncs(names, on_progress=progress)
    totals = [_totals(name, [one for one in outcomes if one.sync == name]) for name in names]
    terminal.show(_totals_table(totals))
    return totals


def _totals(sync: str, outcomes: list[Outcome]) -> SyncTotals:
    def summed(kind: str) -> int:
        return sum(getattr(outcome.succeeded, kind) for outcome in outcomes)

    return SyncTotals(
        sync=sync,
        succeeded=Counts(summed("added"), summed("changed"), summed("removed")),
        rejected=sum(outcome.rejected for outcome in outcomes),
        row_count=sum(outcome.row_count for outcome in outcomes),
        seconds=round(sum(outcome.seconds.get("total", 0.0) for outcome in outcomes), 3),
    )


def _totals_table(totals: list[SyncTotals]) -> Table:
    numbers = ("added", "changed", "removed", "rejected", "seconds", "rows/s")
    rows = [
        (
            one.sync,
            *(f"{n:,}" for n in (one.succeeded.added, one.succeeded.changed)),
            *(f"{n:,}" for n in (one.succeeded.removed, one.rejected)),
            f"{one.seconds:.1f}",
            f"{one.rows_per_second:,.0f}",
        )
        for one in totals
    ]
    return table("sync", *numbers, rows=rows, numbers=numbers)


def _told(edits: Edits) -> tuple[str, str]:
    return (
        f"  {edits.flights_updated:,} flights updated, {edits.flights_inserted:,} inserted, "
        f"{edits.flights_deleted:,} deleted",
        f"  {edits.planes_updated:,} planes and {edits.airports_updated:,} airports updated",
    )


def _say_what_travelled(terminal: Terminal, second: list[SyncTotals]) -> None:
    travelled = sum(one.succeeded.total for one in second)
    there = sum(one.row_count for one in second)
    terminal.say(
        f"Only {travelled:,} rows travelled; the other {there - travelled:,} stayed as they were.",
        "(Carriers are computed from flights: every airline with an edited one changed.)",
    )


def _say_where_to_look(terminal: Terminal, servers: Servers, file: Path, serves: bool) -> None:
    when = "now" if serves else "while `pgsync-assets demo` serves"
    address = f"-h {servers.demo.host} -p {servers.demo.port}"
    terminal.say(
        "",
        f"Where to look, in another shell, {when}:",
        f"  set -a; . {short_path(file)}; set +a",
        f"  {_psql()} {address} -U pgsync_destination demo_destination \\",
        '    -c "select * from app.carriers order by flights desc"',
        f"  {_psql()} {address} -U pgsync_source demo_source \\",
        '    -c "select row_id, failure_reason from hightouch_audit.sync_snapshot',
        "        where status = 'failed'\"",
        f"  {_ours()} show",
        f"  {_ours()} plan planes",
    )


def _ours() -> str:
    """How a shell calls this program; `make demo` puts nothing on the PATH."""
    name = "pgsync-assets"
    return name if shutil.which(name) else short_path(Path(sys.executable).with_name(name))


def _psql() -> str:
    """The system's psql, or the one beside the embedded server."""
    return "psql" if shutil.which("psql") else locate().program("psql")


def _document(
    loaded: Loaded,
    first: list[SyncTotals],
    edits: Edits,
    second: list[SyncTotals],
    seconds: float,
) -> Mapping[str, object]:
    return {
        "loaded": loaded.rows,
        "first": first,
        "edits": edits,
        "second": second,
        "seconds": seconds,
    }
