"""What a run came to that is settled already: the reply of its last COMMIT was lost."""

from __future__ import annotations

from ..outcome import Outcome
from ..plan import find_plan, invalid_keys, parked_rows, silent_rows
from ..record import run_report
from ..write import SILENT
from .work import Work


def settled(work: Work, number: int) -> Outcome:
    """Reads from planner and audit what an earlier try did.

    Args:
        work: the run that tries again.
        number: of the run that is settled.
    """
    planner = work.planner
    schema = planner.session.config.schemas.audit
    report = run_report(planner.session, schema, number, limit=0)
    record = find_plan(planner, number)
    assert report and record and record.plan  # noqa: S101 - written in the transaction that settled it
    with planner.session.transaction("reading the outcome") as connection:
        failed, invalid = planner.failures(connection, record.run)
        privacy = work.audit.privacy
        keys = invalid_keys(planner, connection, record.run, work.shape.key, privacy.name)
        rejections = privacy.rejections(planner.sample(connection, record.run))
        parked = parked_rows(planner, connection, work.state, record.plan)
        absorbed = silent_rows(planner, connection, work.state, record.plan, SILENT)
    planned, done = report.run.planned, report.run.succeeded
    return Outcome(
        run_id=number,
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
        left=record.plan.left.total,
        row_count=work.state.row_count,
        seconds=work.reporter.finish(),
        columns=tuple(work.target.columns[name].column for name in work.mapping.targets),
        absorbed=absorbed,
        batches=record.plan.batches,
    )
