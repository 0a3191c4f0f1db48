"""Checks that every run of a sync evaluates by itself, from its own outcome.

Asked for alone they are evaluated from what the runs have recorded (`steps/standing.py`), and both
ends are looked at; nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import dagster as dg

from ..drift import Drift
from ..outcome import Counts, Outcome, Rejection
from .metadata import Metadata, drift_metadata, rejected_sample

if TYPE_CHECKING:
    from ..steps.standing import Standing

NO_REJECTED_ROWS = "no_rejected_rows"
COUNTS_AGREE = "counts_agree"
NOTHING_ABSORBED = "nothing_absorbed"
SCHEMA_DRIFT = "schema_drift"

_ALONE = (
    "Evaluated by every run; executed alone it tells how the sync stands by what its runs have "
    "recorded, and sends nothing."
)
_DESCRIPTIONS = {
    NO_REJECTED_ROWS: "The destination took every row. Refused rows are tried again next run, "
    "parked ones when they are released.",
    COUNTS_AGREE: "Nothing is unaccounted for: planned = succeeded + failed + aborted, and the "
    "destination's ledger counted as many rows as succeeded.",
    NOTHING_ABSORBED: "No trigger, rule or view of the destination took a row without an error and "
    "did not keep it: after each statement PostgreSQL's own count of rows is compared with what "
    "was sent. Such a row is refused, and is tried again. Whether a trigger changed a value is for "
    "`destination_in_step` to say.",
    SCHEMA_DRIFT: "The columns of the model and of the destination table are those of the last "
    "run that succeeded. A warning where one came, went or has another type, once; an error where "
    "the run failed.",
}
CHECKS_OF_A_RUN = tuple(_DESCRIPTIONS)
"""Their names."""


def check_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks of a destination table.

    Args:
        key: of the destination table.
    """
    return [
        dg.AssetCheckSpec(name, asset=key, description=f"{told}\n\n{_ALONE}")
        for name, told in _DESCRIPTIONS.items()
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


@dataclass(frozen=True)
class _Found:
    """The numbers that are judged, of a run or of the records."""

    rejected: int
    parked: int
    absorbed: int
    sample: Sequence[Rejection]
    planned: int
    applied: int
    wrong: str | None

    def verdicts(self) -> Iterator[Verdict]:
        """What the checks about rows say."""
        yield Verdict(
            NO_REJECTED_ROWS,
            self.rejected + self.parked == 0,
            dg.AssetCheckSeverity.WARN,
            {
                "pgsync/rows_rejected": self.rejected,
                "pgsync/rows_parked": self.parked,
                **rejected_sample(self.sample),
            },
        )
        yield Verdict(
            COUNTS_AGREE,
            self.wrong is None,
            dg.AssetCheckSeverity.ERROR,
            {"pgsync/rows_planned": self.planned, "pgsync/rows_applied": self.applied},
            self.wrong,
        )
        yield Verdict(
            NOTHING_ABSORBED,
            self.absorbed == 0,
            dg.AssetCheckSeverity.WARN,
            {"pgsync/rows_absorbed": self.absorbed, "pgsync/rows_applied": self.applied},
        )


def verdicts(outcomes: Sequence[Outcome]) -> list[Verdict]:
    """What each check says about a run.

    Args:
        outcomes: one, or one for each partition that is judged.
    """
    wrong = [outcome.partition or outcome.sync for outcome in outcomes if not counts_agree(outcome)]
    found = _Found(
        rejected=sum(outcome.rejected for outcome in outcomes),
        parked=sum(outcome.parked for outcome in outcomes),
        absorbed=sum(outcome.absorbed for outcome in outcomes),
        sample=[row for outcome in outcomes for row in outcome.rejections],
        planned=sum(outcome.planned.total for outcome in outcomes),
        applied=sum(outcome.applied for outcome in outcomes),
        wrong=f"the counts of {', '.join(wrong)} do not add up" if wrong else None,
    )
    return [*found.verdicts(), drift_verdict([outcome.drift for outcome in outcomes])]


def recorded_verdicts(standing: Standing) -> list[Verdict]:
    """What the checks about rows say by what the last runs have recorded.

    Args:
        standing: as it was read; of a sync that never ran, no check passes.
    """
    if not standing.runs:
        names = (NO_REJECTED_ROWS, COUNTS_AGREE, NOTHING_ABSORBED)
        return [_unjudged(name) for name in names]
    found = _Found(
        rejected=standing.rejected - standing.parked,
        parked=standing.parked,
        absorbed=standing.absorbed,
        sample=standing.rejections,
        planned=standing.planned,
        applied=standing.applied,
        wrong="\n".join(standing.problems) or None,
    )
    runs = {"pgsync/run_id": ", ".join(map(str, standing.runs))}
    return [replace(one, metadata={**one.metadata, **runs}) for one in found.verdicts()]


def drift_verdict(found: Sequence[Drift]) -> Verdict:
    """What is said of the columns of both ends, by a run that ended well.

    Args:
        found: by each partition that is judged.
    """
    changes = dict.fromkeys(change for one in found for change in one.changes)
    told = ", ".join(f"{one.end} {one.column} ({one.change})" for one in changes)
    return Verdict(
        SCHEMA_DRIFT,
        not changes,
        dg.AssetCheckSeverity.WARN,
        drift_metadata(list(changes), found[-1]),
        f"other than at the last run: {told}" if told else None,
    )


def drift_alone(found: Drift) -> Verdict:
    """What is said of them to somebody who asks, without a run.

    Args:
        found: both ends as they are now.
    """
    return drift_verdict([found]) if found.is_known else _unjudged(SCHEMA_DRIFT)


def drift_of_failure(found: Drift, told: str) -> Verdict | None:
    """What is said of them where a run failed; None where nothing changed.

    Args:
        found: both ends as they are now.
        told: why the run failed.
    """
    if not found.changes:
        return None
    severity = dg.AssetCheckSeverity.ERROR
    return replace(drift_verdict([found]), severity=severity, description=told)


def drift_undescribed(why: str) -> Verdict:
    """What is said where one end cannot be described at all.

    Args:
        why: what is wrong, and what to do about it.
    """
    return Verdict(SCHEMA_DRIFT, False, dg.AssetCheckSeverity.ERROR, {}, why)


def _unjudged(name: str) -> Verdict:
    told = "there is no run to judge: materialize the destination table"
    return Verdict(name, False, dg.AssetCheckSeverity.WARN, {}, told)


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
