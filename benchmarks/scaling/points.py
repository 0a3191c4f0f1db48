"""Measured points: one sync of one table in one case, with what it cost each server."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "points"
FIRST = "first"
CHANGED = "changed"


@dataclass
class Point:
    """One run.

    Args:
        engine: of `benchmarks.ours.ENGINES`.
        table: name of the shape.
        audit: level of the audit.
        case: `first`, or `changed`.
        rows: of the table.
        changed: rows that were other ones than in the run before; all in the first.
        row_bytes: of the table at the source, a row, without its index.
        key_bytes: of the key, a row.
        at: when, UTC.
        commit: of the code.
        load: of the machine meanwhile: its load average of a minute, at the end.
        machine: cores, memory, versions.
        cost: figures by their names.
    """

    engine: str
    table: str
    audit: str
    case: str
    rows: int
    changed: int
    row_bytes: float
    key_bytes: float
    at: str = ""
    commit: str = ""
    load: float = 0.0
    machine: dict[str, str] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)


def save(points: Iterable[Point], name: str, folder: Path = FOLDER) -> Path:
    """Writes points.

    Args:
        points: of one table of one size.
        name: of the file, without its ending.
        folder: where.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps([asdict(one) for one in points], indent=1) + "\n")
    return path


def load(folder: Path = FOLDER) -> list[Point]:
    """All points of a folder, the smaller tables first."""
    found = [Point(**one) for path in folder.glob("*.json") for one in json.loads(path.read_text())]
    return sorted(found, key=lambda one: (one.table, one.audit, one.engine, one.rows, one.changed))
