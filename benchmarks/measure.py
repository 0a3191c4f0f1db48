"""The order of things: every contender in every case, interleaved repeats, each checked."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pgsync_assets.embedded import Cluster

from .contender import FIRST, NONE, Contender, Ends
from .counters import written
from .identity import verdict
from .meter import Taken, take
from .ours import ENGINES, engine
from .results import Report, Run
from .servers import fresh
from .tables import Shape, edit

MOST_SECONDS = 900.0  # of one case
SAID = 160  # letters of what a program that failed said last
Told = Callable[[Run], None]


def measure(
    source: Cluster,
    destination: Cluster,
    contenders: Sequence[Contender],
    shape: Shape,
    report: Report,
    folder: Path,
    told: Told = lambda _: None,
    most_seconds: float = MOST_SECONDS,
) -> None:
    """Runs everything into a report.

    Args:
        source: the server with the filled table.
        destination: the server that it goes to.
        contenders: who is measured, in this order in each repeat.
        shape: of the table.
        report: says rows and repeats; gets runs, scans and sizes of states.
        folder: for what contenders keep.
        told: is called with each run.
        most_seconds: of one case; what takes longer is ended.
    """
    _warm(source, destination, folder)
    for repeat in range(1, report.repeat + 1):
        for number, contender in enumerate(contenders):
            made = not contender.makes_table
            fresh(source, destination, report.rows, shape, made=made)
            if number == 0:
                report.scan.append(scan(source))
            own = folder / f"{number}-{repeat}"
            own.mkdir(parents=True)
            ends = Ends(source, destination, own)
            for case in contender.cases:
                run = _case(ends, contender, case, repeat, shape, report.rows, most_seconds)
                report.runs.append(run)
                told(run)
                if run.failed:
                    break
            if contender.name in ENGINES and not run.failed:
                size = _state_bytes(ends, contender.name) / report.rows
                report.state[contender.name] = size
            shutil.rmtree(own, ignore_errors=True)


def _warm(source: Cluster, destination: Cluster, folder: Path) -> None:
    """One small sync: our modules are compiled then, as those of installed programs are."""
    fresh(source, destination, 1)
    own = folder / "warm"
    own.mkdir(parents=True)
    take(engine("lightning").job(Ends(source, destination, own), FIRST), own, MOST_SECONDS)


def _case(
    ends: Ends,
    contender: Contender,
    case: str,
    repeat: int,
    shape: Shape,
    rows: int,
    most_seconds: float,
) -> Run:
    if case not in (FIRST, NONE):
        with ends.source.connect("bench") as connection:
            edit(connection, shape, rows, int(case.split()[0]))
    run = Run(contender.name, case, repeat)
    job = contender.job(ends, case)
    before = written(ends.source, ends.destination)
    taken = take(job, ends.folder, most_seconds)
    after = written(ends.source, ends.destination).since(before)
    if taken.code:
        run.failed = _why(taken, ends, most_seconds)
        return run
    run.seconds = run.process_seconds = taken.seconds
    run.client_cpu, run.machine_cpu = taken.client_cpu, taken.machine_cpu
    run.rss_mb, run.wire_mb = taken.rss_mb, taken.wire_mb
    run.wal_source, run.wal_destination = after.wal_source, after.wal_destination
    run.spilled = after.spilled
    for name, figure in contender.told(taken.output).items():
        setattr(run, name, figure)
    run.verdict = verdict(ends.source, ends.destination, contender.target)
    return run


def _why(taken: Taken, ends: Ends, most_seconds: float) -> str:
    """Why a program ended as it did, without the passwords and folders of this run."""
    if taken.seconds >= most_seconds:
        return f"ended after {most_seconds:.0f} s"
    said = taken.said
    for cluster in (ends.source, ends.destination):
        said = said.replace(cluster.password, "..")
    said = said.replace(str(ends.folder), "..")
    return f"exit code {taken.code}: {said[:SAID]}"


def scan(source: Cluster) -> float:
    """Seconds of a scan that hashes every row, in one process: the floor of finding changes."""
    with source.connect("bench") as connection:
        connection.execute("SET max_parallel_workers_per_gather = 0; SET jit = off")
        query = "SELECT count(hash_record_extended(c, 0)) FROM public.customers AS c"
        connection.execute(query)
        began = time.perf_counter()
        connection.execute(query)
        return time.perf_counter() - began


def _state_bytes(ends: Ends, engine: str) -> int:
    is_there = engine == "standard"
    cluster, database = (ends.destination, "platform") if is_there else (ends.source, "bench")
    with cluster.connect(database) as connection:
        connection.execute("VACUUM")
        query = "SELECT pg_total_relation_size('hightouch_planner.snapshot_1')"
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
