"""Checks that every run of a sync evaluates by itself, from its own outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from ..outcome import Counts, Outcome
from .metadata import Metadata, rejected_sample

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
            description="The destination took every row. Refused rows are tried again next run, "
            "parked ones when they are released.",
        ),
        dg.AssetCheckSpec(
            COUNTS_AGREE,
            asset=key,
            description="Nothing is unaccounted for: planned = succeeded + failed + aborted, and "
            "the destination's ledger counted as many rows as succeeded.",
        ),
    ]


@dataclass(frozen=True)
class Verdict:
    """What one check says about a step, or about one partition of it.

    Args:
        name: of the check.
        passed: whether all is well.
        severity: how bad it is where it is not.
        metadata: the numbers behind it.
        description: what is wrong.
    """

    name: str
    passed: bool
    severity: dg.AssetCheckSeverity
    metadata: Metadata
    description: str | None = None

    def result(self, key: dg.AssetKey) -> dg.AssetCheckResult:
        """The verdict about the whole step.

        Args:
            key: of the destination table.
        """
        return dg.AssetCheckResult(
            asset_key=key,
            check_name=self.name,
            passed=self.passed,
            severity=self.severity,
            metadata=self.metadata,
            description=self.description,
        )

    def of_partition(self, key: dg.AssetKey, partition: str) -> dg.AssetCheckEvaluation:
        """The verdict about one partition.

        Dagster announces a check for each partition of a run, and takes an `AssetCheckResult` for
        all of them together only: what it announced would stay open for ever.

        Args:
            key: of the destination table.
            partition: its key.
        """
        return dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=self.name,
            passed=self.passed,
            severity=self.severity,
            metadata=self.metadata,
            description=self.description,
            partition=partition,
        )


def verdicts(outcomes: Sequence[Outcome]) -> list[Verdict]:
    """What each check says.

    Args:
        outcomes: one, or one for each partition that is judged.
    """
    rejected = sum(outcome.rejected for outcome in outcomes)
    parked = sum(outcome.parked for outcome in outcomes)
    sample = [row for outcome in outcomes for row in outcome.rejections]
    wrong = [outcome.partition or outcome.sync for outcome in outcomes if not counts_agree(outcome)]
    planned = sum(outcome.planned.total for outcome in outcomes)
    applied = sum(outcome.applied for outcome in outcomes)
    return [
        Verdict(
            NO_REJECTED_ROWS,
            rejected + parked == 0,
            dg.AssetCheckSeverity.WARN,
            {
                "pgsync/rows_rejected": rejected,
                "pgsync/rows_parked": parked,
                **rejected_sample(sample),
            },
        ),
        Verdict(
            COUNTS_AGREE,
            not wrong,
            dg.AssetCheckSeverity.ERROR,
            {"pgsync/rows_planned": planned, "pgsync/rows_applied": applied},
            f"the counts of {', '.join(wrong)} do not add up" if wrong else None,
        ),
    ]


def counts_agree(outcome: Outcome) -> bool:
    """Whether each planned change was made, refused or given up, operation by operation.

    And whether the destination says so too: its ledger counts in the transactions of the rows.

    Args:
        outcome: of one sync or one partition of it.
    """
    return outcome.applied == outcome.succeeded.total and all(
        _count(outcome.planned, name)
        == _count(outcome.succeeded, name)
        + _count(outcome.failed, name)
        + _count(outcome.aborted, name)
        for name in ("added", "changed", "removed")
    )


def _count(counts: Counts, operation: str) -> int:
    return int(getattr(counts, operation))
