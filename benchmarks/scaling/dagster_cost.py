"""What Dagster adds to each run, from what was measured: start, memory, rows and bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import growth, location

RUNS_TABLES = ("runs", "run_tags", "bulk_actions", "runs_in_backfills")
EVENT_TABLES = ("event_logs", "asset_event_tags", "asset_check_executions", "dynamic_partitions")


@dataclass(frozen=True)
class Location:
    """A code location by the number of its syncs: a fixed part, and one for each sync.

    Args:
        load: seconds of CPU, of import and loading.
        megabytes: resident, of a code server and of each run's process.
        tick: seconds of CPU of a tick that asks for a run of each sync.
        told: MB that the code server tells of its assets.
    """

    load: tuple[float, float]
    megabytes: tuple[float, float]
    tick: tuple[float, float]
    told: tuple[float, float]

    def of(self, what: str, syncs: int) -> float:
        """A figure for so many syncs."""
        fixed, each = getattr(self, what)
        return float(fixed + each * syncs)


def measured_location() -> dict[int, dict[str, float]]:
    """Figures by number of syncs, as they are kept."""
    kept = json.loads(location.KEPT.read_text())["syncs"]
    return {int(syncs): figures for syncs, figures in kept.items()}


def fitted_location(figures: dict[int, dict[str, float]]) -> Location:
    """A line through the measured sizes, by least squares of relative errors.

    Args:
        figures: of `measured_location`.
    """
    sizes = np.array(list(figures))

    def line(*names: str) -> tuple[float, float]:
        values = np.array([sum(one[name] for name in names) for one in figures.values()])
        table = np.column_stack([np.ones(len(sizes)), sizes]) / values[:, None]
        fixed, each = np.linalg.lstsq(table, np.ones(len(sizes)), rcond=None)[0]
        return float(fixed), float(each)

    return Location(line("import_cpu", "load_cpu"), line("mb"), line("tick_cpu"), line("told_mb"))


def measured_growth(path: Path = growth.KEPT) -> dict[str, Any]:
    """What a run left in Dagster's tables, as it is kept."""
    return json.loads(path.read_text())  # type: ignore[no-any-return]


def start_seconds(kept: dict[str, Any], place: Location, syncs: int) -> float:
    """Seconds of CPU of a run beside its sync: its process, the daemon, the code server, events.

    Args:
        kept: of `measured_growth`.
        place: of `fitted_location`.
        syncs: in the code location.
    """
    more = place.of("load", syncs) - place.of("load", kept["syncs"])
    return float(kept["cpu_s_a_run"]) + more
