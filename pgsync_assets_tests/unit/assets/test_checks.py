"""What the checks say about an outcome."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg
import pytest

from pgsync_assets.assets.checks import COUNTS_AGREE, NO_REJECTED_ROWS, counts_agree, verdicts
from pgsync_assets.outcome import Counts, Outcome, Rejection

GOOD = Outcome(
    run_id=1,
    sync="orders",
    partition=None,
    status="succeeded",
    planned=Counts(10, 5, 3),
    succeeded=Counts(8, 5, 1),
    failed=Counts(2, 0, 0),
    aborted=Counts(0, 0, 2),
    applied=14,
)
WRONG = [
    replace(GOOD, planned=Counts(11, 5, 3)),
    replace(GOOD, succeeded=Counts(8, 5, 2)),
    replace(GOOD, failed=Counts(2, 1, 0)),
    replace(GOOD, aborted=Counts(0, 0, 0)),
    replace(GOOD, applied=13),  # the destination counted another number of rows
    replace(GOOD, planned=Counts(10, 6, 2)),  # the totals agree, the operations do not
]


def test_every_change_is_accounted_for() -> None:
    assert counts_agree(GOOD)


@pytest.mark.parametrize("outcome", WRONG)
def test_a_change_that_nobody_accounts_for_fails_the_check(outcome: Outcome) -> None:
    found = {verdict.name: verdict for verdict in verdicts([GOOD, outcome])}
    assert not found[COUNTS_AGREE].passed
    assert found[COUNTS_AGREE].severity is dg.AssetCheckSeverity.ERROR


def test_refused_rows_are_a_warning_with_a_sample_of_twenty() -> None:
    rows = tuple(Rejection(str(n), "added", "23514", "c", None, "no") for n in range(30))
    found = {v.name: v for v in verdicts([replace(GOOD, rejections=rows), GOOD])}
    verdict = found[NO_REJECTED_ROWS]
    assert not verdict.passed
    assert verdict.severity is dg.AssetCheckSeverity.WARN
    assert verdict.metadata["pgsync/rows_rejected"] == 4
    assert len(verdict.metadata["pgsync/rejected_rows"].records) == 20


def test_no_refused_rows() -> None:
    none = Counts()
    clean = replace(GOOD, planned=none, succeeded=none, failed=none, aborted=none, applied=0)
    assert [verdict.passed for verdict in verdicts([clean])] == [True] * 4
    parked = {verdict.name: verdict for verdict in verdicts([replace(clean, parked=2)])}
    assert not parked[NO_REJECTED_ROWS].passed
    assert parked[NO_REJECTED_ROWS].metadata["pgsync/rows_parked"] == 2
