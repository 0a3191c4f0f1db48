"""A run of a sync in figures, and what its cost is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pgsync_assets.plan.buckets import FEWEST_ROWS, MOST, ROWS_IN_ONE, WORTH_IT

from .points import FIRST, Point

MILLION = 1e6
PAGE, HEADER = 8192, 28
"""Bytes of a page, and of what stands there before the values of a row."""

SORTING = "sorting"
"""Rows times their logarithm: sorts, and joins that outgrow caches. Of time, never of bytes."""


@dataclass(frozen=True)
class Work:
    """What a run has to do.

    Args:
        engine: `lightning`, `digest` (lightning with `state: digest`) or `standard`.
        case: `first`, or `changed`.
        rows: of the model.
        changed: rows that are others than in the run before; all in the first.
        row_bytes: of a row in its table at the source, without indexes.
        key_bytes: of its key.
        audit: level of the audit.
        is_partition: whether it is one partition of a table: no buckets are asked then.
    """

    engine: str
    case: str
    rows: int
    changed: int
    row_bytes: float
    key_bytes: float
    audit: str = "failures_only"
    is_partition: bool = False

    @classmethod
    def of(cls, point: Point) -> Work:
        """What was measured."""
        return cls(
            point.engine,
            point.case,
            point.rows,
            point.changed,
            point.row_bytes,
            point.key_bytes,
            point.audit,
        )


def parts(work: Work) -> dict[str, float]:
    """What its cost is a sum of, each times a figure that is fitted; rows are millions.

    Args:
        work: of a run.
    """
    rows, values = work.rows / MILLION, (work.row_bytes - HEADER) / 1e9
    found = {
        "run": 1.0,
        "rows": rows,
        "row_gb": work.rows * values,
        "key_gb": work.rows * work.key_bytes / 1e9,
        SORTING: rows * math.log2(work.rows),
    }
    if work.case == FIRST:
        return found
    if work.engine == "standard":
        found |= {"asked": asked(work) / MILLION, "buckets": buckets(work) / MILLION}
    return found | {
        "changed": work.changed / MILLION,
        "changed_gb": work.changed * values,
        "touched_gb": touched(work) / 1e9,
    }


def touched(work: Work) -> float:
    """Bytes of the table's pages in which something changed, where changes are spread evenly.

    Each goes into WAL as a whole once after a checkpoint.
    """
    pages = math.ceil(work.rows * work.row_bytes / PAGE)
    return min(work.changed, pages) * float(PAGE)


def buckets(work: Work) -> int:
    """Sums that engine standard brings over before any key; 0 where it reads all rows at once."""
    if work.is_partition or work.rows < FEWEST_ROWS:
        return 0
    return min(1 << (work.rows // ROWS_IN_ONE).bit_length(), MOST)


def asked(work: Work) -> float:
    """Rows of which engine standard brings key and digest over: those of buckets that differ."""
    number = buckets(work)
    if not number or work.changed > WORTH_IT * work.rows:
        return float(work.rows)
    share = 1 - math.exp(-work.changed / number)
    return work.rows * (share if share <= 0.5 else 1.0)
