"""Where the time of a sync goes: steps, the client's CPU by function, statements at both servers.

    python -m benchmarks.profile [--rows 1000000] [--engine lightning] [--plans]

A first sync, and one with 1 % changed. The client is sampled by py-spy (in an environment of its
own; cProfile where it cannot be had), the servers tell their statements by pg_stat_statements and
their plans by auto_explain. All of it costs a few percent: shares are true, seconds are not.
"""

from __future__ import annotations

import argparse
import json
import pstats
import subprocess  # noqa: S404 - measures child processes
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pgsync_assets.embedded import Cluster

from .contender import FIRST, ONE, NotToBeHad
from .ours import ENGINES
from .peers.installed import environment
from .servers import clusters, fresh, sync_environment
from .tables import SHAPES, edit

PY_SPY = "py-spy==0.4.1"
RATE = 100  # samples a second
SLOW = "100ms"  # from here on a plan is logged
WATCHED = {
    "shared_preload_libraries": "auto_explain,pg_stat_statements",
    "auto_explain.log_min_duration": SLOW,
    "auto_explain.log_verbose": "off",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",  # a clock at each row of each node would be most of it
    "auto_explain.log_buffers": "on",
}
STATEMENTS = (
    "SELECT total_exec_time / 1000, calls, rows, wal_bytes / 1e6, temp_blks_written, query"
    " FROM pg_stat_statements WHERE query !~ 'pg_stat_statements'"
    " ORDER BY total_exec_time DESC LIMIT %s"
)
# Where Python starts, as py-spy names it, and where the sync does.
START, WORK = "_run_module_as_main (", "main (benchmarks/one_sync.py"
LETTERS = 100  # of a statement
Rows = Iterable[tuple[object, ...]]


@dataclass(frozen=True)
class Client:
    """What the client did.

    Args:
        by: the program that watched it.
        unit: of the figures.
        own: by function, without what it called.
    """

    by: str
    unit: str
    own: Counter[str]


def main() -> None:
    """Profiles both cases and prints Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=list(ENGINES), default="lightning")
    parser.add_argument("--table", choices=list(SHAPES), default="customers")
    parser.add_argument("--top", type=int, default=12, help="functions and statements")
    parser.add_argument("--plans", action="store_true", help="the slowest plan of each server")
    options = parser.parse_args()
    with clusters(WATCHED) as (source, destination), tempfile.TemporaryDirectory() as folder:
        fresh(source, destination, options.rows, SHAPES[options.table])
        for cluster in (source, destination):
            with cluster.connect("postgres") as connection:
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        for case in (FIRST, ONE):
            if case == ONE:
                with source.connect("bench") as connection:
                    edit(connection, SHAPES[options.table], options.rows, 1)
            print(f"\n## {options.engine}, {case}, {options.rows:,} rows")
            _profile(source, destination, options, Path(folder))


def _profile(
    source: Cluster, destination: Cluster, options: argparse.Namespace, folder: Path
) -> None:
    ends = {"source": source, "destination": destination}
    logged = {name: _forget(cluster) for name, cluster in ends.items()}
    told = sync_environment(source, destination, ENGINES[options.engine])
    steps, client = _watched(told, folder)
    total = steps.pop("total")
    shares = ((name, f"{one:.2f}", f"{one / total:.0%}") for name, one in steps.items())
    _table(("step", "s", "share"), [*shares, ("total", f"{total:.2f}", "")])
    _functions(client, options.top)
    for name, cluster in ends.items():
        _statements(name, cluster, options.top, total)
        if options.plans:
            _plan(name, cluster, logged[name])


def _forget(cluster: Cluster) -> int:
    """Forgets the statements so far; returns where the log ends."""
    with cluster.connect("postgres") as connection:
        connection.execute("SELECT pg_stat_statements_reset()")
    return cluster.log.stat().st_size


def _watched(told: dict[str, str], folder: Path) -> tuple[dict[str, float], Client]:
    """Runs the sync under a profiler."""
    kept = folder / "profile"
    try:
        spy = str(environment("py-spy", PY_SPY) / "bin" / "py-spy")
        # It does not stop the process for a look: threads that end meanwhile would end py-spy, too.
        watch = [spy, "record", "--nonblocking", "--format", "raw", "--rate", str(RATE)]
        watch += ["--output", str(kept), "--", sys.executable]
    except NotToBeHad as why:
        print(f"py-spy: {why}; cProfile instead", file=sys.stderr)
        spy, watch = "", [sys.executable, "-m", "cProfile", "-o", str(kept)]
    done = subprocess.run(  # noqa: S603 - programs that we chose
        [*watch, "-m", "benchmarks.one_sync"], env=told, check=True, stdout=subprocess.PIPE
    )
    figures = next(line for line in done.stdout.splitlines() if line.startswith(b"{"))
    return json.loads(figures)["steps"], _sampled(kept) if spy else _counted(kept)


def _sampled(raw: Path) -> Client:
    """Samples of py-spy: `outer;inner;innermost count` in each line; the start is left out."""
    own: Counter[str] = Counter()
    for line in raw.read_text().splitlines():
        stack, count = line.rsplit(" ", 1)
        if not stack or (START in stack and WORK not in stack):
            continue
        function, _, place = stack.rsplit(";", 1)[-1].partition(" (")
        file = place.split(":")[0].rstrip(")")
        own[f"{function} ({file})"] += int(count)
    return Client("py-spy", f"samples of 1/{RATE} s", own)


def _counted(kept: Path) -> Client:
    """Times of cProfile, which count waiting, too."""
    own: Counter[str] = Counter()
    for (file, _, function), figures in pstats.Stats(str(kept)).stats.items():  # type: ignore[attr-defined]
        own[f"{function} ({Path(file).name})"] += round(figures[2] * 1000)
    return Client("cProfile", "ms, waiting included", own)


def _functions(client: Client, top: int) -> None:
    total = client.own.total() or 1
    print(f"\nClient, {client.by}: {total:,} {client.unit}.")
    rows = ((name, count, f"{count / total:.0%}") for name, count in client.own.most_common(top))
    _table(("function", client.unit, "share"), rows)


def _statements(name: str, cluster: Cluster, top: int, total: float) -> None:
    with cluster.connect("postgres") as connection:
        found = connection.execute(STATEMENTS, [top]).fetchall()
    print(f"\nStatements at the {name}, by their time:")
    rows = (
        (
            f"{seconds:.2f}",
            f"{seconds / total:.0%}",
            calls,
            sent,
            f"{wal:.0f}",
            pages,
            "`" + " ".join(query.split())[:LETTERS].replace("|", "\\|") + "`",
        )
        for seconds, calls, sent, wal, pages, query in found
        if seconds >= 0.005
    )
    _table(("s", "of the run", "calls", "rows", "WAL MB", "temp pages", "statement"), rows)


def _plan(name: str, cluster: Cluster, since: int) -> None:
    with cluster.log.open("rb") as file:
        file.seek(since)
        text = file.read().decode("utf-8", "replace")
    plans = sorted(_plans(text), reverse=True)
    if plans:
        milliseconds, plan = plans[0]
        print(f"\nSlowest plan at the {name}, {milliseconds:,.0f} ms:\n\n```\n{plan}\n```")


def _plans(text: str) -> Iterator[tuple[float, str]]:
    """Durations in milliseconds, and plans, of what auto_explain logged."""
    for part in text.split("LOG:  duration: ")[1:]:
        head, *lines = part.split("\n")
        plan = [line[1:] for line in lines if line.startswith("\t")]
        yield float(head.split(" ", 1)[0]), "\n".join(plan)


def _table(heads: tuple[str, ...], rows: Rows) -> None:
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")


if __name__ == "__main__":
    main()
