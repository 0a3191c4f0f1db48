"""Writes a held plan: exactly its rows, or nothing.

The ledger is opened for the run first, the plan is taken out of its hold second: from the first on
a crash leaves a plan that the ledger knows, which any next run finishes; before, one that is held.
"""

from __future__ import annotations

from ..errors import StalePlan
from ..failpoints import failpoint
from ..outcome import Outcome
from ..plan import find_plan, invalid_keys, parked_rows
from ..record import run_report
from .held import applicable
from .recover import recover, refuse_unfinished
from .settle import outcome, settle
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
            return self._settled(work)
        self._was_open = record is not None and record.status in ("held", "planned")
        # A full plan sends every row: as a full resync it mends histories that differ.
        is_full = bool(record and record.plan and record.plan.is_full)
        work, recovered = recover(work, full_resync=is_full)
        if recovered is not None:
            return _whole(recovered)
        return self._write(work)

    def _write(self, work: Work) -> Outcome:
        plan = applicable(work, self._number)
        work.ledger.open(work.state, plan.run.id)
        failpoint("plan fenced")
        work.planner.resume(work.state, plan.run, self._by)
        failpoint("plan resumed")
        sent = write_plan(work, plan, resumed=False)
        work.reporter.step("advance")
        settlement = settle(work, plan)
        return outcome(work, plan, settlement, sent)

    def _settled(self, work: Work) -> Outcome:
        """An earlier try did it all, and the reply of its last COMMIT was lost."""
        planner = work.planner
        schema = planner.session.config.schemas.audit
        report = run_report(planner.session, schema, self._number, limit=0)
        record = find_plan(planner, self._number)
        assert report and record and record.plan  # noqa: S101 - written in the transaction that settled it
        with planner.session.transaction("reading the outcome") as connection:
            failed, invalid = planner.failures(connection, record.run)
            keys = invalid_keys(planner, connection, record.run, work.shape.key)
            rejections = planner.sample(connection, record.run)
            parked = parked_rows(planner, connection, work.state, record.plan)
        planned, done = report.run.planned, report.run.succeeded
        return Outcome(
            run_id=self._number,
            sync=work.sync.name,
            partition=record.run.partition or None,
            status=report.run.status,
            planned=planned,
            succeeded=done,
            failed=failed,
            aborted=planned - done - failed,
            applied=done.total,
            invalid=invalid.total,
            invalid_keys=keys,
            rejections=rejections,
            parked=parked,
            row_count=work.state.row_count,
            seconds=work.reporter.finish(),
            columns=tuple(work.target.columns[name].column for name in work.mapping.targets),
        )


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
