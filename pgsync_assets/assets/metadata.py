"""What a run did, as metadata: numbers under `pgsync/`, which the UI plots, and Dagster's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from ..config import SyncConfig
from ..drift import ColumnChange, Drift
from ..outcome import Column, InvalidKeys, Outcome, Rejection, shown

Metadata = dict[str, Any]
SAMPLE_ROWS = 20


def outcome_metadata(outcome: Outcome) -> Metadata:
    """What every asset of a sync says about a run.

    Args:
        outcome: of one sync or one partition of it.
    """
    total = outcome.seconds.get("total", 0.0)
    sent = outcome.succeeded.total
    recovered = outcome.recovered
    return {
        **({"pgsync/recovered_run_id": str(recovered.run_id)} if recovered else {}),
        **({"pgsync/notes": "\n\n".join(outcome.notes)} if outcome.notes else {}),
        **({"pgsync/orphaned_states": ", ".join(outcome.orphans)} if outcome.orphans else {}),
        **({"pgsync/rows_carried": outcome.carried} if outcome.carried is not None else {}),
        "pgsync/run_id": str(outcome.run_id),  # a name: the UI would plot a number
        "pgsync/rows_added": outcome.succeeded.added,
        "pgsync/rows_changed": outcome.succeeded.changed,
        "pgsync/rows_removed": outcome.succeeded.removed,
        "pgsync/rows_rejected": outcome.rejected,
        "pgsync/rows_parked": outcome.parked,
        "pgsync/rows_left": outcome.left,
        "pgsync/rows_per_second": round(sent / total, 1) if total else 0.0,
        "pgsync/bytes": outcome.bytes,
        "pgsync/batches": outcome.batches,
        **({"pgsync/bytes_read": outcome.bytes_read} if outcome.bytes_read else {}),
        **{f"pgsync/seconds_{step}": round(took, 3) for step, took in outcome.seconds.items()},
    }


def audit_rows(outcome: Outcome) -> Metadata:
    """What the audit counts of a run besides.

    Args:
        outcome: of one sync or one partition of it.
    """
    return {
        "pgsync/rows_planned": outcome.planned.total,
        "pgsync/rows_failed": outcome.failed.total,
        "pgsync/rows_aborted": outcome.aborted.total,
        "pgsync/rows_invalid": outcome.invalid,
    }


def commands(outcome: Outcome) -> Metadata:
    """Which commands tell more of a run, to be copied.

    Args:
        outcome: of one sync or one partition of it.
    """
    run, sync = outcome.run_id, outcome.sync
    lines = (
        ("what was sent, and refused", f"show {run} --sync {sync}"),
        ("the statements of a batch", f"show {run} --batch 1"),
        ("all of it as a page to be sent", f"show {run} --sync {sync} --html run{run}.html"),
        ("what became of one row", f"history {sync} --key KEY"),
    )
    text = "\n".join(f"- **{what}** `pgsync-assets {command}`" for what, command in lines)
    return {"pgsync/commands": dg.MetadataValue.md(text)}


def row_count(outcome: Outcome) -> Metadata:
    """Rows of the state, which are the rows this sync keeps at the destination.

    Args:
        outcome: of one sync, or of one partition: then it is the count of the partition.
    """
    name = "dagster/partition_row_count" if outcome.partition else "dagster/row_count"
    return {name: outcome.row_count}


def column_schema(
    columns: Sequence[Column],
    key: Iterable[str] = (),
    descriptions: Mapping[str, str] | None = None,
) -> Metadata:
    """Names, types and constraints of columns, as the UI shows them.

    Args:
        columns: as PostgreSQL describes them.
        key: names of the columns that identify a row.
        descriptions: of columns, in words, by name.
    """
    keys, told = set(key), descriptions or {}
    shown = [
        dg.TableColumn(
            column.name,
            column.type,
            told.get(column.name),
            constraints=dg.TableColumnConstraints(
                nullable=column.nullable is not False and column.name not in keys,
                other=["key"] if column.name in keys else [],
            ),
        )
        for column in columns
    ]
    return {"dagster/column_schema": dg.TableSchema(shown)} if shown else {}


def descriptions_of(sync: SyncConfig) -> dict[str, str]:
    """What its model says of its columns, by the column of the table that each goes to.

    Args:
        sync: with its model in full.
    """
    told = sync.model.column_descriptions
    mapped = sync.explicit_mapping or {name: name for name in told}
    return {to: told[name] for name, to in mapped.items() if name in told}


def column_lineage(origins: dict[str, list[tuple[dg.AssetKey, str]]]) -> Metadata:
    """Which upstream columns each column is made from.

    Args:
        origins: for each column, keys of upstream assets and names of their columns.
    """
    if not origins:
        return {}
    deps = {
        name: [dg.TableColumnDep(asset_key=key, column_name=column) for key, column in found]
        for name, found in origins.items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps)}


def rejected_sample(rejections: Sequence[Rejection]) -> Metadata:
    """The first refused rows as a table: which row and why, never its values.

    Args:
        rejections: what the run has to show; at most 20 are taken.
    """
    if not rejections:
        return {}
    # Constraint and column are named in the reason; columns of their own make the table too wide.
    names = ("row_id", "operation", "sqlstate", "reason", "attempts")
    return {"pgsync/rejected_rows": _table(rejections[:SAMPLE_ROWS], names)}


def invalid_keys(keys: InvalidKeys) -> Metadata:
    """Rows of the model whose key identifies no row: how many, and such keys as a table.

    Args:
        keys: what the model or a run has to show; at most 20 keys are taken.
    """
    counts: Metadata = {
        "pgsync/rows_key_missing": keys.missing,
        "pgsync/rows_key_repeated": keys.repeated,
    }
    sample = keys.sample[:SAMPLE_ROWS]
    if not sample:
        return counts
    names = list(sample[0].columns)
    rows = next(n for n in ("rows", "rows_", "_rows") if n not in names)  # a key may be called so
    records = [
        dg.TableRecord({**{n: shown(key.columns[n]) for n in names}, rows: key.rows})
        for key in sample
    ]
    columns = [*(dg.TableColumn(name) for name in names), dg.TableColumn(rows, "int")]
    table = dg.MetadataValue.table(records, dg.TableSchema(columns))
    return counts | {"pgsync/invalid_keys": table}


def drift_metadata(changes: Sequence[ColumnChange], found: Drift) -> Metadata:
    """What is other at both ends as a table, and what of them the sync leaves alone.

    Args:
        changes: of columns, since the last run that succeeded.
        found: what of both ends is not in the sync.
    """
    beside = {"not_sent": found.unsent, "not_written": found.unwritten}
    told: Metadata = {
        "pgsync/columns_changed": len(changes),
        **{f"pgsync/columns_{name}": ", ".join(some) for name, some in beside.items() if some},
    }
    if not changes:
        return told
    names = ("end", "column", "change", "before", "after", "fate")
    return told | {"pgsync/drift": _table(changes, names)}


def _table(rows: Iterable[object], names: Sequence[str]) -> dg.TableMetadataValue:
    """Attributes of each, as texts."""
    records = [
        dg.TableRecord({name: str(getattr(row, name) or "") for name in names}) for row in rows
    ]
    return dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(name) for name in names]))
