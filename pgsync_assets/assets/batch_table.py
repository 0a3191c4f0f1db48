"""The batches of a run as a table in the metadata of the audit's asset."""

from __future__ import annotations

import dagster as dg

from ..outcome import Outcome
from ..sent import SentBatch
from .metadata import Metadata

COLUMNS = {
    "batch": "int",
    "try": "int",
    "status": "string",
    "rows": "int",
    "removed": "int",
    "rejected": "int",
    "bytes": "int",
    "seconds": "float",
    "rows/s": "int",
}
"""More of them, or longer names, would be cut off at the right."""


def batch_table(outcome: Outcome) -> Metadata:
    """What became of the batches of a run.

    Args:
        outcome: of a sync, or of one partition of it.
    """
    if not outcome.sent.shown:
        return {}
    records = [_record(one) for one in outcome.sent.shown]
    schema = dg.TableSchema([dg.TableColumn(name, kind) for name, kind in COLUMNS.items()])
    return {"pgsync/sent_batches": dg.MetadataValue.table(records, schema)}


def _record(one: SentBatch) -> dg.TableRecord:
    return dg.TableRecord(
        {
            "batch": one.batch,
            "try": one.attempt,
            "status": f"{one.status} {one.sqlstate or ''}".rstrip(),
            "rows": one.rows,
            "removed": one.removals,
            "rejected": one.rejected,
            "bytes": one.bytes,
            "seconds": round(one.seconds, 4),
            "rows/s": round(one.rows_per_second or 0),
        }
    )
