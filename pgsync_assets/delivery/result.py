"""What became of a delivery: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SAMPLE_ROWS = 20


@dataclass(frozen=True)
class RejectedRow:
    """A row that was not written, without its values.

    Args:
        row: its number among the rows that were given, from 1.
        sqlstate: of the server's refusal; None where we refused it.
        constraint: that refused it, if any.
        column: that refused it, if one is known.
        reason: in our own words.
    """

    row: int
    sqlstate: str | None
    constraint: str | None
    column: str | None
    reason: str


@dataclass(frozen=True)
class Delivered:
    """A delivery whose rows are in, but for those that were refused.

    Args:
        delivery: its name.
        table: `schema.table`.
        planned: rows that were given.
        written: rows that the table has taken, as PostgreSQL counted them.
        rejected: rows that it has not; planned = written + rejected.
        rejects: which, and why, in the order of the rows.
        bytes: of row data sent by this call; 0 where all was there already.
        seconds: that this call took.
        already_delivered: the same delivery had been completed before; nothing was written.
    """

    delivery: str
    table: str
    planned: int
    written: int
    rejected: int
    rejects: tuple[RejectedRow, ...]
    bytes: int
    seconds: float
    already_delivered: bool

    @property
    def metadata(self) -> dict[str, Any]:
        """For `dg.MaterializeResult(metadata=..)`: numbers that the UI plots, and refused rows."""
        sample = [vars(reject) for reject in self.rejects[:SAMPLE_ROWS]]
        return {
            "dagster/row_count": self.written,
            "dagster/table_name": self.table,
            "pgsync/delivery": self.delivery,
            "pgsync/already_delivered": self.already_delivered,
            "pgsync/rows_planned": self.planned,
            "pgsync/rows_written": self.written,
            "pgsync/rows_rejected": self.rejected,
            "pgsync/bytes": self.bytes,
            "pgsync/seconds_total": round(self.seconds, 3),
            **({"pgsync/rejected_rows": sample} if sample else {}),
        }
