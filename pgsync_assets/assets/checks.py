"""Checks that every run of a sync evaluates by itself, from its own outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg

from ..outcome import Counts, Outcome
from .metadata import rejected_sample

NO_REJECTED_ROWS = "no_rejected_rows"
COUNTS_AGREE = "counts_agree"


def check_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks of a destination table.

    Args:
        key: of the destination table.
    """
    return [
        dg.AssetCheckSpec(
            NO_REJECTED_ROWS,
            asset=key,
            description="The destination took every row. Refused rows are tried again next run.",
        ),
        dg.AssetCheckSpec(
            COUNTS_AGREE,
            asset=key,
            description="Nothing is unaccounted for: planned = attempted + aborted, and "
            "attempted = succeeded + failed.",
        ),
    ]


def check_results(
    key: dg.AssetKey, outcomes: Sequence[Outcome]
) -> Iterator[dg.AssetCheckResult]:
    """What the checks say about a step.

    Args:
        key: of the destination table.
        outcomes: one, or one for each partition that ran.
    """
    rejected = sum(outcome.rejected for outcome in outcomes)
    sample = [row for outcome in outcomes for row in outcome.rejections]
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=NO_REJECTED_ROWS,
        passed=rejected == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"pgsync/rows_rejected": rejected, **rejected_sample(sample)},
    )
    wrong = [outcome.partition or outcome.sync for outcome in outcomes if not counts_agree(outcome)]
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=COUNTS_AGREE,
        passed=not wrong,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"the counts of {', '.join(wrong)} do not add up" if wrong else None,
        metadata={"pgsync/rows_planned": sum(outcome.planned.total for outcome in outcomes)},
    )


def counts_agree(outcome: Outcome) -> bool:
    """Whether each planned change was made, refused or given up, operation by operation.

    Args:
        outcome: of one sync or one partition of it.
    """
    return all(
        _count(outcome.planned, name)
        == _count(outcome.succeeded, name)
        + _count(outcome.failed, name)
        + _count(outcome.aborted, name)
        for name in ("added", "changed", "removed")
    )


def _count(counts: Counts, operation: str) -> int:
    return int(getattr(counts, operation))
