"""What a verification found, as tables and as files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from ..verification import Difference, Verification
from .export import check_file, csv_line, json_array, write
from .outcomes import shown_value
from .terminal import plain, table

FIELDS = (
    "sync",
    "partition",
    "row_id",
    "kind",
    "operation",
    "columns",
    "reason",
    "model",
    "destination",
)
KINDS = {
    "missing": "gone from the destination",
    "differs": "changed at the destination",
    "rejected": "rejected by the last run",
    "pending": "for the next run",
}


def numbers_table(found: Sequence[Verification]) -> Table:
    """One line for each comparison."""
    headings = ("rows", "same", "missing", "differs", "rejected", "pending", "foreign")
    return table(
        "sync",
        *headings,
        rows=[(name_of(one), *(f"{n:,}" for n in _numbers(one))) for one in found],
        numbers=headings,
    )


def differences_table(found: Iterable[Difference], *, with_values: bool) -> Table:
    """One line for each row, or with values for each column: model -> destination."""
    last = ("column", "model -> destination") if with_values else ("columns", "reason")
    lines = _with_values if with_values else _without_values
    return table("row", "is", *last, rows=[cells for one in found for cells in lines(one)])


def name_of(found: Verification) -> str:
    """The sync, and the partition if it was one."""
    return f"{found.sync} {found.partition}" if found.partition else found.sync


def export_differences(file: Path, found: Sequence[Verification]) -> int:
    """Writes the listed differences, one record each; what has parts is JSON in a CSV.

    Args:
        file: ends in .csv or .json.
        found: with values where they were asked for.

    Returns:
        How many there are.

    Raises:
        ConfigurationError: it ends otherwise, or cannot be written.
    """
    check_file(file)
    records = [_record(part, one) for part in found for one in part.differences]
    write(file, json_array(records) if file.suffix == ".json" else _csv(records))
    return len(records)


def _numbers(found: Verification) -> tuple[int, ...]:
    return (
        found.rows,
        found.same,
        found.missing,
        found.differs,
        found.rejected,
        found.pending.total,
        found.foreign,
    )


def _is(one: Difference) -> str:
    operation = f" ({one.operation})" if one.kind in ("rejected", "pending") else ""
    return KINDS[one.kind] + operation


def _without_values(one: Difference) -> Iterator[tuple[str, ...]]:
    yield one.row_id, _is(one), ", ".join(one.columns), one.reason or ""


def _with_values(one: Difference) -> Iterator[tuple[str, ...]]:
    model, there = one.model, one.destination
    first = (one.row_id, _is(one))
    for name in model or there or {}:
        sides = [shown_value(side[name]) for side in (model, there) if side is not None]
        arrow = " -> ".join(sides)
        if model is None:
            arrow = f"-> {arrow}"
        elif there is None:
            arrow = f"{arrow} ->"
        yield (*first, name, arrow)
        first = ("", "")
    if first[0] or one.reason:
        yield (*first, "", one.reason or "")


def _record(part: Verification, one: Difference) -> dict[str, Any]:
    known = {"sync": part.sync, "partition": part.partition, **plain(one)}
    return {name: known[name] for name in FIELDS}


def _csv(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield ",".join(FIELDS) + "\r\n"
    for record in records:
        yield csv_line(
            json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value
            for value in record.values()
        )
