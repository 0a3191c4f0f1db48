"""One batch, one destination transaction: claimed in the ledger, applied, counted, committed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from ..errors import StatementTimeout
from ..failpoints import failpoint
from ..sql import statement
from .apply import Application
from .holders import naming_holders
from .job import Job
from .rows import Reader
from .stamps import stamped
from .trace import shape


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
        self._claim = shape(job.ledger.claim)
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
            StatementTimeout: the batch was rolled back.
            Contention: the batch was rolled back; the same again may work.
            TransientError: it is unknown whether the batch is in; the ledger knows.
        """
        job = self._job
        first, last = job.plan.rows_of(batch)
        with (
            naming_holders(job.ledger.session, job.target),
            job.trace.batch(batch, first, last),
            job.rows.opened() as source,
            job.ledger.batch(f"writing batch {batch} to {job.target.name}", job.state) as (
                target,
                ledger,
            ),
        ):
            now = self._begin(target)
            with job.trace.step("claim", self._claim):
                job.ledger.advance(ledger, job.state, job.plan.run.id, batch)
            failpoint("batch claimed")
            stamps = job.stamps(now)
            rows = Application(job, source, target, stamps, directly=self._directly)
            with self._in_time(last - first):
                rows.apply(self._first_to_travel(first, last), last)
            self._read_ahead(source, batch + 1, directly=rows.directly)
            failpoint("rows applied")
            rejects = [*job.refused_between(first, last), *rows.rejects]
            job.ledger.reject(ledger, job.state, job.plan.run.id, rejects)
            applied = last - first - len(rejects)
            refused = job.ledger.count(ledger, job.state, applied, len(rejects))
            if job.exceeds(refused):
                raise job.too_many(rejects[-1].reason)
            if job.log is not None:
                job.log.batch(target, job.done(batch, rejects, rows.bytes))
            job.trace.commit(len(rejects))
            failpoint("batch counted")
        failpoint("batch committed")
        self._directly = rows.directly
        self.bytes += rows.bytes
        return refused

    def _read_ahead(self, source: Reader, batch: int, *, directly: bool) -> None:
        """The next batch may set out while this one is made durable."""
        job = self._job
        if batch <= job.plan.batches and not stamped(job.sync):
            first, last = job.plan.rows_of(batch)
            staged = job.mode.is_staged and not directly
            source.ahead(self._first_to_travel(first, last), last, staged=staged)

    def _begin(self, target: psycopg.Connection[Any]) -> str:
        """Sets the limits of the batch; its time, by the destination's clock."""
        sync, connection = self._job.sync, self._job.ledger.session.config
        wait = connection.lock_timeout_s if sync.lock_timeout_s is None else sync.lock_timeout_s
        limits = {"statement_timeout": sync.statement_timeout_s or 0, "lock_timeout": wait}
        row = target.execute(
            statement(__package__ or "", "batch_settings.sql"),
            {name: f"{int(seconds * 1000)}ms" for name, seconds in limits.items()},
        ).fetchone()
        return str(row[0]) if row else ""

    @contextmanager
    def _in_time(self, rows: int) -> Iterator[None]:
        """Says which setting has to change where a statement took too long."""
        seconds, began = self._job.sync.statement_timeout_s, time.monotonic()
        try:
            yield
        except psycopg.errors.QueryCanceled as error:
            if seconds is None or time.monotonic() - began < seconds:  # somebody cancelled it
                raise
            timeout = StatementTimeout(
                f"sync {self._job.sync.name!r}: a statement for a batch of {rows:,} rows took "
                f"longer than statement_timeout_s ({seconds:g}) allows; it was rolled back",
                "lower batch_size, or raise statement_timeout_s",
            )
            timeout.sqlstate = error.sqlstate
            raise timeout from None

    def _first_to_travel(self, first: int, last: int) -> int:
        """Removals stay here where nothing is done about them at the destination."""
        if self._job.removal is not None:
            return first
        return first + self._job.removals_between(first, last)
