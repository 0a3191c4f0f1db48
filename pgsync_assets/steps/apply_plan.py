"""Writes a held plan: exactly its rows, or nothing.

The ledger is opened for the run first, the plan is taken out of its hold second: from the first on
a crash leaves a plan that the ledger knows, which any next run finishes; before, one that is held.
"""

from __future__ import annotations

from ..errors import StalePlan
from ..failpoints import failpoint
from ..outcome import Outcome
from ..plan import find_plan
from .held import applicable
from .recover import recover, refuse_unfinished
from .settle import outcome, settle
from .settled import settled
from .told import telling
from .work import Work
from .write_plan import write_plan


class Application:
    """One plan to be applied, in as many tries as it takes.

    Args:
        number: of the plan.
        by: who approves it, where nobody has yet.
    """

    def __init__(self, number: int, by: str | None = None) -> None:
        self._number = number
        self._by = by
        self._was_open = False

    def __call__(self, work: Work) -> Outcome:
        """Applies it.

        Raises:
            StalePlan: it cannot be applied; nothing was written.
            UnfinishedRun: another run was interrupted while it wrote.
        """
        work.reporter.step("recover")
        refuse_unfinished(work, but=self._number)
        record = find_plan(work.planner, self._number)
        if self._was_open and record is not None and record.status == "settled":
            return settled(work, self._number)
        self._was_open = record is not None and record.status in ("held", "planned")
        # A full plan sends every row: as a full resync it mends histories that differ.
        is_full = bool(record and record.plan and record.plan.is_full)
        work, recovered = recover(work, full_resync=is_full)
        ends = work.planner, work.state, work.ledger.session
        return telling(
            work.sync, *ends, lambda: _whole(recovered) if recovered else self._write(work)
        )

    def _write(self, work: Work) -> Outcome:
        plan = applicable(work, self._number)
        work.ledger.open(work.state, plan.run.id)
        failpoint("plan fenced")
        work.planner.resume(work.state, plan.run, self._by)
        failpoint("plan resumed")
        sent = write_plan(work, plan, resumed=False)
        work.reporter.step("advance")
        settlement = settle(work, plan, seen=work.sides)
        return outcome(work, plan, settlement, sent)


def _whole(recovered: Outcome) -> Outcome:
    """What an interrupted application came to in the end.

    Raises:
        StalePlan: the configuration changed before all of it was written.
    """
    if recovered.status == "succeeded":
        return recovered
    raise StalePlan(
        f"plan {recovered.run_id} was interrupted, and the configuration has changed since: "
        f"{recovered.attempted.total} of its {recovered.planned.total} rows were tried, "
        "the others never will be",
        f"the next run plans them anew: pgsync-assets run {recovered.sync}",
    )
