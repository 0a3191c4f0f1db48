"""The model: figures fitted to measured points, and how wrong they are about larger ones.

    python -m benchmarks.scaling.fit

Least absolute errors, as shares of what was measured (least squares, weighted anew until they
stay), no figure below zero: a cost is a sum of parts (`work.parts`), each of which costs something
or nothing, and a point at which autovacuum passed by does not count for more than another. The
largest tables take no part in the fit: how far the model is off there is its error.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from . import points
from .points import Point
from .work import SORTING, Work, parts

KEPT = Path(__file__).parent / "coefficients.json"
SECONDS, MB = 0.2, 2.0
FLOORS = {
    "client_cpu": SECONDS,
    "source_cpu": SECONDS,
    "destination_cpu": SECONDS,
    "platform_cpu": SECONDS,
    "seconds": SECONDS,
    "wire": MB,
    "source_wal": MB,
    "destination_wal": MB,
    "platform_wal": MB,
    "state": MB,
    "source_grown": MB,
    "platform_grown": MB,
}
"""What is predicted, and the figure from which on errors are relative: below, they are noise."""

HELD_OUT = {"narrow": 10_000_000, "uuid": 5_000_000, "customers": 5_000_000}
"""Tables of so many rows and more are predicted, not fitted."""

ROUNDS, NOISE = 30, 0.02
TO_SPEAK_OF = 10
AUDIT_FREE = "failures_only"
Figures = dict[str, dict[str, float]]
Errors = dict[tuple[str, str, str], list[float]]


def is_held_out(point: Point) -> bool:
    """Whether a point takes no part in the fit."""
    return point.rows >= HELD_OUT[point.table]


def fit(found: Iterable[Point]) -> dict[str, Figures]:
    """The figures of all parts, by engine and case, then by output.

    Args:
        found: the points; those that are held out are left out.
    """
    known = [one for one in found if one.audit == AUDIT_FREE and not is_held_out(one)]
    families = sorted({(one.engine, one.case) for one in known})
    return {
        f"{engine} {case}": {
            output: _solved(
                [one for one in known if (one.engine, one.case) == (engine, case)], output
            )
            for output in FLOORS
        }
        for engine, case in families
    }


def _solved(known: Sequence[Point], output: str) -> dict[str, float]:
    """Least squares of relative errors; the part that would cost less than nothing goes first."""
    named = [parts(Work.of(one)) for one in known]
    names = [name for name in named[0] if name != SORTING or FLOORS[output] == SECONDS]
    costs = np.array([one.cost[output] for one in known])
    weights = 1 / (costs + FLOORS[output])
    while names:
        table = np.array([[one[name] for name in names] for one in named])
        solution = _least(table * weights[:, None], costs * weights)
        worst = int(np.argmin(solution))
        if solution[worst] >= 0:
            break
        del names[worst]
    found = (
        dict(zip(names, (float(f"{one:.5g}") for one in solution), strict=True)) if names else {}
    )
    return {name: one for name, one in found.items() if one > 0}


def _least(table: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Least absolute errors."""
    weights = np.ones(len(wanted))
    for _ in range(ROUNDS):
        solution, *_ = np.linalg.lstsq(table * weights[:, None], wanted * weights, rcond=None)
        off = np.abs(table @ solution - wanted)
        weights = 1 / np.sqrt(np.maximum(off, NOISE))
    return solution


def predicted(work: Work, figures: dict[str, Figures]) -> dict[str, float]:
    """What a run costs.

    Args:
        work: what it has to do.
        figures: of `fit`.

    Returns:
        Each output of `FLOORS`: seconds, or MB.
    """
    made_of = parts(work)
    return {
        output: sum(cost * made_of[name] for name, cost in each.items())
        for output, each in figures[f"{work.engine} {work.case}"].items()
    }


def errors(found: Iterable[Point], figures: dict[str, Figures]) -> Errors:
    """Of the points that are held out: how far each prediction is off, as a share.

    Args:
        found: the points.
        figures: of `fit`.

    Returns:
        Shares of what was measured, by engine, case and output. Figures of next to nothing, both
        measured and predicted, are left out: a share of them says nothing.
    """
    apart: Errors = {}
    for point in found:
        if point.audit != AUDIT_FREE or not is_held_out(point):
            continue
        told = predicted(Work.of(point), figures)
        for output, floor in FLOORS.items():
            measured = point.cost[output]
            if max(measured, told[output]) < TO_SPEAK_OF * floor:
                continue
            off = (told[output] - measured) / max(measured, floor)
            apart.setdefault((point.engine, point.case, output), []).append(off)
    return apart


def kept() -> dict[str, Figures]:
    """The figures as they are stored."""
    return json.loads(KEPT.read_text())["figures"]  # type: ignore[no-any-return]


def main() -> int:
    """Fits, keeps the figures with the points they come from, and prints the errors."""
    found = points.load()
    figures = fit(found)
    used = sorted(
        f"{one.table} {one.rows}"
        for one in found
        if one.audit == AUDIT_FREE and not is_held_out(one)
    )
    KEPT.write_text(
        json.dumps({"fitted_to": sorted(set(used)), "figures": figures}, indent=1) + "\n"
    )
    for (engine, case, output), off in sorted(errors(found, figures).items()):
        middle, worst = statistics.median(map(abs, off)), max(off, key=abs)
        print(
            f"{engine:10} {case:8} {output:16} {len(off):3} points, "
            f"median {middle:6.1%}, worst {worst:+7.1%}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
