"""What each level of the audit costs: seconds of a run beside those of the same run with `off`.

    python -m benchmarks.audit [--rows 1000000] [--repeat 3]

`first`: a first sync of all rows. `10 %`: a run that finds a tenth of them changed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from typing import Any, get_args

from rich.console import Console
from rich.table import Table

from pgsync_assets.config import AuditLevel
from pgsync_assets.embedded import Cluster

from .servers import clusters, fresh, sync

LEVELS = get_args(AuditLevel)
ENGINES: dict[str, dict[str, Any]] = {
    "lightning": {"engine": "lightning"},
    "digest": {"engine": "lightning", "state": "digest"},
    "standard": {"engine": "standard"},
}
CHANGED = "UPDATE customers SET balance = balance + 1 WHERE id % 10 = 0"
Seconds = defaultdict[tuple[str, str, str], list[float]]


def main() -> None:
    """Runs the benchmark and prints its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--engine", choices=list(ENGINES), action="append")
    arguments = parser.parse_args()
    engines = arguments.engine or list(ENGINES)
    total: Seconds = defaultdict(list)
    settling: Seconds = defaultdict(list)
    with clusters() as (source, destination):
        # New servers are slow at first, which would be held against the level that comes first.
        _measure(
            source,
            destination,
            arguments.rows,
            engines[0],
            "off",
            defaultdict(list),
            defaultdict(list),
        )
        for _ in range(arguments.repeat):
            for engine in engines:
                for level in LEVELS:
                    print(f"{engine}, {level}", file=sys.stderr)
                    _measure(source, destination, arguments.rows, engine, level, total, settling)
    _show(arguments.rows, engines, total, settling)


def _measure(
    source: Cluster,
    destination: Cluster,
    rows: int,
    engine: str,
    level: str,
    total: Seconds,
    settling: Seconds,
) -> None:
    fresh(source, destination, rows)
    for case in ("first", "10 %"):
        if case == "10 %":
            with source.connect("bench") as connection:
                connection.execute(CHANGED)
                connection.execute("CHECKPOINT")
        done = sync(source, destination, ENGINES[engine] | {"audit": level})
        seconds, advance = done["seconds"], done["steps"]["advance"]
        print(f"  {case}: {seconds:.2f} s, {advance:.2f} of them in advance", file=sys.stderr)
        total[engine, case, level].append(seconds)
        settling[engine, case, level].append(advance)


def _show(rows: int, engines: list[str], total: Seconds, settling: Seconds) -> None:
    table = Table("engine", "case", *LEVELS, title=f"{rows:,} rows: x of `off` (s in `advance`)")
    for engine in engines:
        for case in ("first", "10 %"):
            median = {one: statistics.median(total[engine, case, one]) for one in LEVELS}
            cells = [
                f"{median[one] / median['off']:.2f} "
                f"({statistics.median(settling[engine, case, one]):.2f})"
                for one in LEVELS
            ]
            table.add_row(engine, f"{case}, off {median['off']:.2f} s", *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
