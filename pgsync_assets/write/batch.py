"""One batch, one destination transaction: claimed in the ledger, applied, counted, committed."""

from __future__ import annotations

from ..connect import READ_ONLY
from ..failpoints import failpoint
from ..sql import statement
from .apply import Application
from .job import Job


class BatchWriter:
    """Writes the batches of one plan, one after the other.

    Args:
        job: what is written where.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        # A first sync copies straight into the table; a row that is there already shows as 23505,
        # and the rest of the run goes through the stage.
        self._directly = job.may_copy
        self.bytes = 0

    def write(self, batch: int) -> int:
        """Writes one batch and commits.

        Args:
            batch: its number, from 1; the ledger has to be at the one before.

        Returns:
            Rows that this run's batches refused so far.

        Raises:
            FencedOff: a newer run may write now.
            TooManyRejectedRows: the batch was rolled back.
            TransientError: it is unknown whether the batch is in; the ledger knows.
        """
        job = self._job
        first, last = job.plan.rows_of(batch)
        with (
            job.planner.session.transaction("reading the plan", READ_ONLY) as source,
            job.ledger.session.transaction(f"writing batch {batch} to {job.target.name}") as target,
        ):
            source.execute(statement(__package__ or "", "read_plan.sql"), {})
            job.ledger.advance(target, job.state, job.plan.run.id, batch)
            failpoint("batch claimed")
            rows = Application(job, source, target, directly=self._directly)
            rows.apply(self._first_to_travel(first, last), last)
            failpoint("rows applied")
            job.ledger.reject(target, job.state, job.plan.run.id, rows.rejects)
            applied = last - first - len(rows.rejects)
            refused = job.ledger.count(target, job.state, applied, len(rows.rejects))
            if refused > job.sync.max_rejected_rows:
                raise job.too_many(rows.rejects[-1].reason)
            failpoint("batch counted")
        failpoint("batch committed")
        self._directly = rows.directly
        self.bytes += rows.bytes
        return refused

    def _first_to_travel(self, first: int, last: int) -> int:
        """Removals stay here where nothing is done about them at the destination."""
        if self._job.removal is not None:
            return first
        return first + self._job.removals_between(first, last)
