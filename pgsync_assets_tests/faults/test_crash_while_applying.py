"""Kill -9 at every failpoint of an apply: whoever comes next finishes exactly that plan.

The source changes between plan and apply, so that a plan that is made anew would show.
"""

from __future__ import annotations

import itertools
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from pgsync_assets.errors import StalePlan, UnfinishedRun
from pgsync_assets.outcome import Counts

from ..fix_children import Child
from ..fix_syncs import ENGINES, Syncs
from ..invariants import log_writes, violations, writes
from .child import SUCCEEDED

FIELDS: dict[str, Any] = {"delete": "delete_row", "batch_size": 4}
FILL = "insert into items select n, 'x' from generate_series(1, 10) as n"
CHANGES = (
    "update items set name = 'new' where id <= 4",
    "delete from items where id in (9, 10)",
    "insert into items values (11, 'added'), (12, 'bad')",
)
LATER = ("update items set name = 'later' where id in (1, 5)", "delete from items where id = 11")
PLANNED = Counter(
    [("UPDATE", str(n)) for n in range(1, 5)]
    + [("DELETE", "9"), ("DELETE", "10"), ("INSERT", "11")]
)
PRODUCT = "each plan, engine and who comes next is met by one of two, at every failpoint"


class Applied:
    """A plan that waits, and how it is applied."""

    def __init__(self, syncs: Syncs, is_first: bool) -> None:
        self.syncs = syncs
        self.is_first = is_first

    def prepare(self) -> int:
        """Back to the beginning, with a plan that is held. Its number."""
        return self.syncs.begin(self._make)

    def _make(self) -> int:
        syncs = self.syncs
        syncs.pair.source.execute(FILL)
        if not self.is_first:
            syncs.run(**FIELDS)
        syncs.pair.source.execute(*CHANGES)
        number = syncs.plan(**FIELDS).run_id
        syncs.pair.source.execute(*LATER)
        syncs.pair.destination.execute("truncate writes")
        return number

    @property
    def expected(self) -> Counter[tuple[str, str]]:
        """What the plan writes, each of it once."""
        if self.is_first:
            return Counter([("INSERT", str(n)) for n in (*range(1, 9), 11)])
        return PLANNED


@pytest.fixture(params=["later plan", "first plan"])
def applied(request: pytest.FixtureRequest, either: Syncs) -> Applied:
    either.table("id int primary key, name text")
    either.pair.destination.execute("alter table items add constraint good check (name <> 'bad')")
    log_writes(either)
    return Applied(either, request.param == "first plan")


def killed(child: Child, applied: Applied) -> Iterator[tuple[int, int]]:
    """Kills an apply at its first point, at its second .. until one passes: point and plan."""
    for point in itertools.count(1):
        number = applied.prepare()
        code = child.run(applied.syncs, f"{point}:kill", None, number, **FIELDS)
        if code == SUCCEEDED:
            assert writes(applied.syncs) == applied.expected
            assert point > 10
            return
        assert code == -signal.SIGKILL
        yield point, number


@pytest.mark.nightly(PRODUCT, but=("later plan-standard",))
def test_who_applies_again_finishes_it(child: Child, applied: Applied) -> None:
    for point, number in killed(child, applied):
        try:
            applied.syncs.apply(number, **FIELDS)
        except StalePlan as error:
            assert "applied already" in error.message  # it was killed behind the last COMMIT
        assert writes(applied.syncs) == applied.expected, f"killed at point {point}"
        applied.syncs.run(**FIELDS)
        assert violations(applied.syncs, {"12"}) == [], f"killed at point {point}"


@pytest.mark.nightly(PRODUCT, but=("first plan-lightning",))
def test_the_next_run_finishes_it_or_leaves_it_alone(child: Child, applied: Applied) -> None:
    finished = 0
    for point, _ in killed(child, applied):
        outcome = applied.syncs.run(**FIELDS)
        finished += outcome.recovered is not None
        assert violations(applied.syncs, {"12"}) == [], f"killed at point {point}"
        if outcome.recovered:
            total = writes(applied.syncs) - applied.expected
            assert total == Counter({("UPDATE", "1"): 1, ("UPDATE", "5"): 1, ("DELETE", "11"): 1})
    assert finished >= 5


@pytest.mark.parametrize("applied", ["later plan"], indirect=True)
@pytest.mark.parametrize("point", ["plan fenced", "plan resumed", "batch committed"])
def test_a_switch_of_the_engine_settles_it(child: Child, applied: Applied, point: str) -> None:
    number, syncs = applied.prepare(), applied.syncs
    assert child.run(syncs, f"{point}:kill", None, number, **FIELDS) == -signal.SIGKILL
    other = "standard" if syncs.fields["engine"] == "lightning" else "lightning"
    syncs.fields = ENGINES[other]
    outcome = syncs.run(**FIELDS)
    assert outcome.carried is not None
    assert outcome.failed == Counts(added=1)
    assert violations(syncs, {"12"}) == []


@pytest.mark.parametrize("applied", ["later plan"], indirect=True)
def test_a_changed_configuration_gives_up_the_rest(child: Child, applied: Applied) -> None:
    number, syncs = applied.prepare(), applied.syncs
    code = child.run(syncs, "batch committed:kill", None, number, **FIELDS)
    assert code == -signal.SIGKILL
    with pytest.raises(StalePlan, match=r"4 of its 8 rows were tried"):
        syncs.apply(number, **FIELDS | {"delete": "do_nothing"})
    syncs.run(**FIELDS)
    assert violations(syncs, {"12"}) == []


@pytest.mark.parametrize("applied", ["later plan"], indirect=True)
def test_a_half_written_plan_is_neither_discarded_nor_planned_over(
    child: Child, applied: Applied
) -> None:
    number, syncs = applied.prepare(), applied.syncs
    assert child.run(syncs, "plan fenced:kill", None, number, **FIELDS) == -signal.SIGKILL
    for refused in (lambda: syncs.discard(number, **FIELDS), lambda: syncs.plan(**FIELDS)):
        with pytest.raises(UnfinishedRun, match=f"run {number} was interrupted after batch 0"):
            refused()
    assert syncs.apply(number, **FIELDS).succeeded == Counts(added=1, changed=4, removed=2)
