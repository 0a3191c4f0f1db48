"""The tables of docs/scaling.md, made of measured points, the model and the simulation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from statistics import median

from benchmarks import results
from benchmarks.ours import ENGINES

from . import cuts, example, fit, points
from .dagster_cost import fitted_location, measured_growth, measured_location
from .fit import FLOORS, Errors, is_held_out
from .points import CHANGED, FIRST, Point
from .work import MILLION, Work

MARK = "<!-- Made by `make docs` from benchmarks/scaling: {}. Do not edit. -->"
END = "<!-- End of what is made. -->"
BILLION = 1_000_000_000
ROW_BYTES, KEY_BYTES = 205.0, 8.0
PARTS = 400
IN_MEMORY_MB = 2**30 / 1e6 / 1.5
"""Of a snapshot, for a comparison that writes no temporary file: plan/comparison_settings.sql."""

CASES = (
    ("first", FIRST, 1.0),
    ("no change", CHANGED, 0.0),
    ("0.01 %", CHANGED, 0.0001),
    ("1 %", CHANGED, 0.01),
)
TOLD = {
    "client_cpu": "client CPU",
    "source_cpu": "source CPU",
    "destination_cpu": "destination CPU",
    "platform_cpu": "platform CPU",
    "wire": "wire",
    "source_wal": "WAL source",
    "destination_wal": "WAL destination",
    "platform_wal": "WAL platform",
    "state": "state",
    "source_grown": "most disk, source",
    "platform_grown": "most disk, platform",
}
"""What is shown: wall time depends on company on the machine, and is not."""

HOUR, GB = 3600.0, 1000.0
SPILLING_ROWS = 10_000_000


def filled(page: str) -> str:
    """A page with what is between its marks made anew.

    Args:
        page: with `MARK` and `END` around each table.
    """
    for name, block in BLOCKS.items():
        mark = MARK.format(name)
        between = re.compile(re.escape(mark) + r".*?" + re.escape(END), re.DOTALL)
        if not between.search(page):
            raise ValueError(f"docs/scaling.md has no place for: {mark}")
        text = f"{mark}\n\n{block()}\n{END}"
        page = between.sub(lambda _, text=text: text, page)  # type: ignore[misc]
    return page


@lru_cache(maxsize=1)
def _measured() -> tuple[Point, ...]:
    return tuple(points.load())


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown.

    Args:
        head: names of the columns.
        rows: what is in them.
    """
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def measured() -> str:
    """Which points there are, and on what they were taken."""
    rows = []
    found = sorted(_measured(), key=lambda one: (one.table, one.audit, one.rows))
    for (name, audit), each in groupby(found, key=lambda one: (one.table, one.audit)):
        several = list(each)
        fitted = sorted({one.rows for one in several if not is_held_out(one)})
        apart = sorted({one.rows for one in several if is_held_out(one)})
        width = max(several, key=lambda one: one.rows)
        rows.append(
            [
                name,
                audit,
                f"{width.row_bytes:.0f}",
                f"{width.key_bytes:.0f}",
                ", ".join(f"{one:,}" for one in fitted),
                ", ".join(f"{one:,}" for one in apart) or "-",
                len(several),
            ]
        )
    told = ", ".join(f"{name} {value}" for name, value in found[0].machine.items())
    loads = [one.load for one in found]
    head = ("table", "audit", "bytes a row", "of its key", "rows, fitted", "rows, held out", "runs")
    return (
        f"{table(head, rows)}\n{told}; three servers of it; load average beside the runs "
        f"{min(loads):.1f} to {max(loads):.1f}, as other work went on there: CPU is that of each "
        "server's own processes, bytes are those of a loopback device of the measurement's own.\n"
    )


def errors() -> str:
    """How far the model is off, for each figure, about larger tables than it was fitted to."""
    found = fit.errors(_measured(), fit.kept())
    rows = []
    for output, name in TOLD.items():
        cells = [_error(found, output, case) for case in (FIRST, CHANGED)]
        if any(cell != "-" for cell in cells):
            rows.append([name, *cells])
    return table(("figure", "first sync: median, worst (points)", "later runs"), rows)


def _error(found: Errors, output: str, case: str) -> str:
    """Of all engines together."""
    off = [one for of, several in found.items() if of[1:] == (case, output) for one in several]
    if not off:
        return "-"
    return f"{median(map(abs, off)):.0%}, {max(off, key=abs):+.0%} ({len(off)})"


def billion() -> str:
    """One table of a billion rows, in one piece."""
    return _cost_table([BILLION], 1)


def ranges() -> str:
    """The same in ranges, of a size that was measured."""
    return _cost_table([BILLION // PARTS], PARTS)


def memory() -> str:
    """How many rows a comparison holds in memory, and what it spills beyond."""
    figures = fit.kept()
    rows = []
    for engine in ENGINES:
        work = Work(engine, CHANGED, BILLION, 0, ROW_BYTES, KEY_BYTES)
        each = fit.predicted(work, figures)["state"] / BILLION
        held = int(IN_MEMORY_MB / each)
        spilled = _spilled(engine)
        rows.append([engine, f"{each * MILLION:.0f}", f"{held / MILLION:.1f}", spilled])
    head = ("engine", "bytes of state a row", "million rows held in memory")
    return table((*head, "spilled by 10 million rows, no change, MB, measured"), rows)


def _spilled(engine: str) -> str:
    """By the newest kept run of the benchmark with as many rows."""
    for report in results.history():
        if (report.rows, report.table) == (SPILLING_ROWS, "customers"):
            megabytes = report.median(engine, "0 %", "spilled")
            if megabytes is not None:
                return f"{megabytes:,.0f}"
    return "-"


def _cost_table(sizes: Sequence[int], times: int) -> str:
    figures = fit.kept()
    rows = []
    for engine in ENGINES:
        for name, case, share in CASES:
            work = Work(
                engine,
                case,
                sizes[0],
                round(sizes[0] * share),
                ROW_BYTES,
                KEY_BYTES,
                is_partition=times > 1,
            )
            told = {key: value * times for key, value in fit.predicted(work, figures).items()}
            servers = sum(told[f"{end}_cpu"] for end in ("source", "destination", "platform"))
            rows.append(
                [
                    engine,
                    name,
                    *(_gb(told[key]) for key in ("state", "wire", "source_wal")),
                    *(_gb(told[key]) for key in ("destination_wal", "platform_wal")),
                    f"{told['client_cpu'] / HOUR:.1f}",
                    f"{servers / HOUR:.1f}",
                    f"{(servers + told['client_cpu']) / times:,.0f}",
                ]
            )
    head = ("engine", "run", "state GB", "wire GB", "WAL source GB", "WAL destination GB")
    return table(
        (*head, "WAL platform GB", "client CPU h", "servers' CPU h", "CPU s of one run"), rows
    )


def _gb(megabytes: float) -> str:
    return f"{megabytes / GB:,.1f}" if megabytes < 100 * GB else f"{megabytes / GB:,.0f}"


def cut() -> str:
    """What finding no change costs by the way a table is cut."""
    kept = json.loads(cuts.KEPT.read_text())["cuts"]
    rows = [
        [one["engine"], one["how"], f"{one['source_cpu']:.2f}", f"{one['platform_cpu']:.2f}"]
        for one in kept
    ]
    head = ("engine", "cut", "source CPU s", "platform CPU s")
    return f"{kept[0]['rows']:,} rows, measured:\n\n{table(head, rows)}"


def audit() -> str:
    """Bytes that the audit keeps of a row that was sent."""
    rows = []
    for point in _measured():
        if point.audit == fit.AUDIT_FREE or point.case != FIRST:
            continue
        each = point.cost["audit"] * MILLION / point.rows
        rows.append([point.engine, point.table, point.audit, f"{point.rows:,}", f"{each:.0f}"])
    return table(("engine", "table", "level", "rows sent", "bytes a row, measured"), rows)


def locations() -> str:
    """What a code location costs by its size."""
    figures = measured_location()
    rows = [
        [
            f"{syncs:,}",
            f"{one['import_cpu'] + one['load_cpu']:.1f}",
            f"{one['mb']:.0f}",
            f"{one['tick_cpu']:.2f}",
            f"{one['told_mb']:.1f}",
        ]
        for syncs, one in sorted(figures.items())
    ]
    place = fitted_location(figures)
    fixed, each = place.load
    head = ("syncs", "load, CPU s", "MB", "tick of all, CPU s", "told to the UI, MB")
    return (
        f"{table(head, rows)}\nMeasured; a line through it: {fixed:.1f} s and {each * 1000:.1f} ms "
        f"a sync, {place.megabytes[0]:.0f} MB and {place.megabytes[1]:.2f} MB a sync.\n"
    )


def left() -> str:
    """What a run leaves in Dagster's tables."""
    kept = measured_growth()
    tables = [
        [name, f"{one['rows']:.1f}", f"{one['bytes'] / 1000:.1f}"]
        for name, one in kept["tables"].items()
    ]
    events = [
        [name, f"{one['rows']:.0f}", f"{one['bytes'] / 1000:.1f}"]
        for name, one in kept["events"].items()
    ]
    return (
        f"{kept['runs']} runs, growth for each on the average, some of them with partitions:\n\n"
        f"{table(('table', 'rows', 'kB with indexes'), tables)}\n"
        f"{table(('events of', 'rows', 'kB without indexes'), events)}"
    )


BLOCKS = {
    "points": measured,
    "errors": errors,
    "a billion rows in one piece": billion,
    "a billion rows in ranges": ranges,
    "memory of a comparison": memory,
    "cuts": cut,
    "audit": audit,
    "code locations": locations,
    "the example": example.told,
    "splits": example.splits,
    "waits": example.waits,
    "what runs leave": left,
    "days": example.days,
}
assert set(TOLD) <= set(FLOORS)  # noqa: S101 - what is shown is predicted
