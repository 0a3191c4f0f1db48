"""How fast each mode writes: rows a second beside COPY of the same rows into the same table.

    python -m benchmarks.modes [--rows 200000] [--repeat 3]

Only the writing is timed: the step `write` of a run, of which COPY is the limit. `first`: every row
is new. `changed`: every row is there and is another one now. `bad`: the same with one row in each
of 100 batches that a CHECK of the table refuses. And what a run writes that has nothing to write.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from typing import Any

from rich.console import Console
from rich.table import Table

from pgsync_assets.embedded import Cluster

from .servers import clusters, fresh, psql, sync

SIZES = (1_000, 10_000, 50_000, 100_000)
INDEXES = {
    "pk": (),
    "pk + 3": (
        "CREATE UNIQUE INDEX ON customers (external_id)",
        "CREATE INDEX ON customers (email)",
        "CREATE INDEX ON customers (updated_at)",
    ),
}
CHANGED = "UPDATE customers SET balance = balance + 1, name = name || '.'"
MODES = {
    "first": ("upsert", "insert"),
    "changed": ("upsert", "update", "mirror"),
}
Figures = dict[tuple[str, ...], list[float]]


def main() -> None:
    """Runs the benchmark and prints its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    seconds: Figures = defaultdict(list)
    with clusters() as (source, destination):
        for _ in range(arguments.repeat):
            for name, indexes in INDEXES.items():
                _measure(source, destination, arguments.rows, name, indexes, seconds)
            _bad(source, destination, arguments.rows, seconds)
        silent = _silent(source, destination, arguments.rows)
    _show(seconds, arguments.rows, silent)


def _measure(
    source: Cluster,
    destination: Cluster,
    rows: int,
    name: str,
    indexes: tuple[str, ...],
    seconds: Figures,
) -> None:
    _table(source, destination, rows, indexes)
    seconds["COPY", name].append(psql(source, destination))
    for size in SIZES:
        for case, modes in MODES.items():
            for mode in modes:
                _table(source, destination, rows, indexes)
                fields: dict[str, Any] = {"batch_size": size, "mode": mode}
                print(f"{name}: {case}, {mode}, batches of {size:,}", file=sys.stderr)
                if case == "changed":
                    psql(source, destination)
                    sync(source, destination, fields | {"mode": "upsert"})
                    _execute(source, CHANGED)
                done = sync(source, destination, fields)
                _expect(done["rows"] == rows, f"{mode}: {done['rows']} rows")
                seconds[case, mode, f"{size:,}", name].append(done["steps"]["write"])


def _bad(source: Cluster, destination: Cluster, rows: int, seconds: Figures) -> None:
    """One bad row in each of 100 batches, beside the same run without."""
    fields = {"batch_size": rows // 100, "max_rejected_rows": rows}
    check = f"CHECK (id % {rows // 100} <> {rows // 200})"
    for case in ("first", "changed"):
        for is_bad in (False, True):
            _table(source, destination, rows, ())
            if case == "changed":
                sync(source, destination, fields)
                _execute(source, CHANGED)
            if is_bad:
                _execute(destination, f"ALTER TABLE customers ADD {check} NOT VALID")
            done = sync(source, destination, fields)
            _expect(done["rows"] == rows - 100 * is_bad, f"bad rows: {done['rows']} went in")
            seconds["bad" if is_bad else "clean", case].append(done["steps"]["write"])


def _silent(source: Cluster, destination: Cluster, rows: int) -> dict[str, int]:
    """Bytes of WAL at the destination of runs that change nothing there."""
    _table(source, destination, rows, ())
    sync(source, destination, {})
    written = {}
    for name, fields in {"no change": {}, "full resync": {"full_resync": True}}.items():
        before = _wal(destination)
        sync(source, destination, fields)
        written[name] = _wal(destination) - before
    return written


def _wal(cluster: Cluster) -> int:
    with cluster.connect("bench") as connection:
        row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    return int(row[0]) if row else 0


def _table(source: Cluster, destination: Cluster, rows: int, indexes: tuple[str, ...]) -> None:
    fresh(source, destination, rows)
    for index in indexes:
        _execute(destination, index)


def _execute(cluster: Cluster, statement: str) -> None:
    with cluster.connect("bench") as connection:
        connection.execute(statement.encode())


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SystemExit(otherwise)


def _show(seconds: Figures, rows: int, silent: dict[str, int]) -> None:
    median = {key: statistics.median(values) for key, values in seconds.items()}
    copied = {name: median["COPY", name] for name in INDEXES}
    told = ", ".join(f"{rows / copied[name]:,.0f} rows/s with {name}" for name in INDEXES)
    table = Table("case", "mode", "batch", *INDEXES, title=f"rows/s, as a share of COPY ({told})")
    for case, modes in MODES.items():
        for mode in modes:
            for size in SIZES:
                keys = [(case, mode, f"{size:,}", name) for name in INDEXES]
                shares = [f"{copied[key[-1]] / median[key]:.2f}" for key in keys]
                table.add_row(case, mode, f"{size:,}", *shares)
    console = Console()
    console.print(table)
    for case in ("first", "changed"):
        share = median["clean", case] / median["bad", case]
        console.print(f"a bad row in each of 100 batches, {case}: {share:.2f} of the clean speed")
    for name, size in silent.items():
        console.print(f"WAL of a run with {name}: {size:,} bytes, {size / rows:.1f} a row")


if __name__ == "__main__":
    main()
