"""A held plan as metadata: what it would do, why it waits, how to go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg

from ..errors import GuardError
from ..outcome import Change, PlanPreview
from .metadata import Metadata


def guard_metadata(error: GuardError) -> Metadata:
    """What an alert needs to know of a run that a guard stopped: no value of a row is in it.

    Args:
        error: which plan is held, and why.
    """
    return {
        **_plan(error.plan_id, error.rows),
        "pgsync/guard": error.message,
        "pgsync/remedy": error.remedy or "",
    }


def plan_metadata(preview: PlanPreview, *, shows_values: bool) -> Metadata:
    """What a plan would do, with its first changes as a table.

    Args:
        preview: the plan.
        shows_values: with values of rows, not only their keys: where the audit holds them too.
    """
    counts = preview.counts
    rows = {"added": counts.added, "changed": counts.changed, "removed": counts.removed}
    found = {**_plan(preview.run_id, rows), "pgsync/rows_invalid": preview.invalid}
    if preview.left:
        found["pgsync/rows_left"] = preview.left
    if preview.reason:
        found["pgsync/guard"] = preview.reason
    if preview.changes:
        cells = _with_values if shows_values else _keys
        found["pgsync/changes"] = _table(list(cells(preview.changes)))
    return found


def _plan(number: int | None, rows: dict[str, int]) -> Metadata:
    planned: Metadata = {f"pgsync/planned_{name}": count for name, count in rows.items()}
    if number is None:
        return planned
    told = (
        f"pgsync-assets show {number}, then pgsync-assets apply {number} or approve {number}; "
        f"or launch the same assets with the configuration apply_plan: {number}"
    )
    return {"pgsync/plan_id": str(number), **planned, "pgsync/what_to_do": told}


def _keys(changes: Sequence[Change]) -> Iterator[dict[str, str]]:
    for change in changes:
        yield {"operation": change.operation, "row_id": change.row_id}


def _with_values(changes: Sequence[Change]) -> Iterator[dict[str, str]]:
    for change in changes:
        for name, old, new in change.cells():
            yield {
                "operation": change.operation,
                "row_id": change.row_id,
                "column": name,
                "before": _shown(old, change.before is not None),
                "after": _shown(new, change.after is not None),
            }


def _shown(value: str | None, is_there: bool) -> str:
    if value is None:
        return "NULL" if is_there else ""
    return value


def _table(rows: list[dict[str, str]]) -> dg.TableMetadataValue:
    schema = dg.TableSchema([dg.TableColumn(name) for name in rows[0]]) if rows else None
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows], schema)
