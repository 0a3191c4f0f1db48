"""Figures of a run of the benchmark, kept as JSON."""

from __future__ import annotations

import dataclasses
import json
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .identity import IDENTICAL
from .ours import TEXT

FOLDER = Path(__file__).parent / "results"


@dataclass
class Run:
    """One contender in one case, once.

    Args:
        contender: its name.
        case: of `contender.CASES`.
        repeat: from 1.
        seconds: of the work; of ours without the start of Python.
        process_seconds: from the start of the program to its end.
        client_cpu: seconds of CPU of the program.
        machine_cpu: seconds of CPU of the whole machine, with both servers.
        rss_mb: most memory of the program's processes together, in MB.
        memory_mb: of ours: the peak above a bare interpreter with psycopg, in MiB.
        wire_mb: between client and servers, both ends, in MB.
        read_mb: of ours: keys and digests that went to the platform, in MB.
        wal_source: MB of WAL.
        wal_destination: MB of WAL, the platform's database included.
        spilled: MB of temporary files at both servers.
        verdict: whether source and destination are identical afterwards.
        rows: of ours: how many were sent.
        steps: of ours: seconds of each.
        failed: why there are no figures, in words.

    A figure that is None was not measured.
    """

    contender: str
    case: str
    repeat: int
    seconds: float = 0.0
    process_seconds: float | None = None
    client_cpu: float | None = None
    machine_cpu: float | None = None
    rss_mb: float | None = None
    memory_mb: float | None = None
    wire_mb: float | None = None
    read_mb: float | None = None
    wal_source: float | None = None
    wal_destination: float | None = None
    spilled: float | None = None
    verdict: str = ""
    rows: int | None = None
    steps: dict[str, float] = field(default_factory=dict)
    failed: str = ""


@dataclass
class Report:
    """A run of the benchmark.

    Args:
        at: when it ended, ISO 8601, UTC.
        commit: of the code.
        table: name of the shape.
        rows: of the table.
        repeat: how often each case was run, at most.
        machine: cores, memory, kernel, by name.
        settings: of both servers.
        contenders: version and note, by name.
        skipped: why, by name.
        runs: what was measured.
        scan: seconds of a scan that hashes, each time.
        state: bytes a row, by engine.
    """

    at: str
    commit: str
    table: str
    rows: int
    repeat: int
    machine: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    contenders: dict[str, dict[str, str]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    scan: list[float] = field(default_factory=list)
    state: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of its files: when, which table, how many rows."""
        return f"{self.at[:16].replace(':', '')}-{self.table}-{self.rows}"

    def of(self, contender: str, case: str) -> list[Run]:
        """Its runs that have figures."""
        return [
            run
            for run in self.runs
            if (run.contender, run.case) == (contender, case) and not run.failed
        ]

    def cases(self) -> list[tuple[str, str]]:
        """Contender and case of every run, in order, each once."""
        return list(dict.fromkeys((run.contender, run.case) for run in self.runs))

    def median(self, contender: str, case: str, figure: str = "seconds") -> float | None:
        """The median of a figure; None where nothing was measured."""
        found = [getattr(run, figure) for run in self.of(contender, case)]
        known = [value for value in found if value is not None]
        return statistics.median(known) if known else None

    def limit(self) -> float | None:
        """Seconds of `psql | psql`, text."""
        return self.median(TEXT, "first")

    def worst(self, contender: str, case: str) -> str:
        """The verdict of its runs: one that is not identical goes before those that are."""
        found = [run.verdict for run in self.of(contender, case)]
        return next((one for one in found if one != IDENTICAL), found[0] if found else "")

    def why(self, contender: str, case: str) -> str:
        """Why a case has no figures; empty where it has."""
        if self.of(contender, case):
            return ""
        mine = [run for run in self.runs if (run.contender, run.case) == (contender, case)]
        return mine[-1].failed if mine else ""


def save(report: Report, folder: Path) -> Path:
    """Writes the figures.

    Args:
        report: of a run.
        folder: made where it is not there.

    Returns:
        The JSON file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.name}.json"
    path.write_text(json.dumps(_rounded(dataclasses.asdict(report)), indent=1) + "\n")
    return path


def load(path: Path) -> Report:
    """Reads what `save` wrote."""
    fields = json.loads(path.read_text())
    return Report(**(fields | {"runs": [Run(**run) for run in fields["runs"]]}))


def history(folder: Path = FOLDER) -> list[Report]:
    """All reports of a folder, the newest first."""
    reports = [load(path) for path in folder.glob("*.json")]
    return sorted(reports, key=lambda report: report.at, reverse=True)


def _rounded(value: Any) -> Any:
    """Figures as precise as they are true."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return value
