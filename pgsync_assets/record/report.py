"""Reading the audit: what `pgsync-assets show` prints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from ..connect import READ_ONLY, Session
from ..outcome import Counts
from ..sql import statement


@dataclass(frozen=True)
class RunRow:
    """One row of sync_runs."""

    run_id: int
    sync: str
    partition: str
    status: str
    started_at: dt.datetime
    finished_at: dt.datetime
    planned: Counts
    succeeded: Counts
    failed: int
    table: str | None
    error: str | None


@dataclass(frozen=True)
class FailedRow:
    """A row that is not at the destination, and why."""

    row_id: str
    operation: str
    status: str
    reason: str | None


@dataclass(frozen=True)
class RunReport:
    """A run and its rows that are not at the destination."""

    run: RunRow
    failed: tuple[FailedRow, ...]


def recent_runs(
    session: Session, audit: str, sync: str | None = None, limit: int = 20
) -> list[RunRow]:
    """The newest runs.

    Args:
        session: on the database that holds the audit.
        audit: name of its schema.
        sync: only this one's.
        limit: rows at the most.
    """
    query = statement(__package__ or "", "recent_runs.sql", audit=audit)
    with session.transaction("reading the audit", READ_ONLY) as connection:
        rows = connection.execute(query, {"sync": sync, "run": None, "limit": limit}).fetchall()
    return [_run(row) for row in rows]


def run_report(session: Session, audit: str, run_id: int, limit: int = 100) -> RunReport | None:
    """One run with the rows that failed; None where there is no such run.

    Args:
        session: on the database that holds the audit.
        audit: name of its schema.
        run_id: `sync_run_id`.
        limit: failed rows at the most.
    """
    one_run = statement(__package__ or "", "recent_runs.sql", audit=audit)
    failed_rows = statement(__package__ or "", "failed_rows.sql", audit=audit)
    with session.transaction("reading the audit", READ_ONLY) as connection:
        row = connection.execute(one_run, {"sync": None, "run": run_id, "limit": 1}).fetchone()
        if row is None:
            return None
        failed = connection.execute(failed_rows, {"run": run_id, "limit": limit}).fetchall()
    return RunReport(_run(row), tuple(FailedRow(*f) for f in failed))


def _run(row: tuple[Any, ...]) -> RunRow:
    run_id, sync, partition, status, started_at, finished_at = row[:6]
    return RunRow(
        run_id,
        sync,
        partition,
        status,
        started_at,
        finished_at,
        planned=Counts(*row[6:9]),
        succeeded=Counts(*row[9:12]),
        failed=row[12],
        table=row[13],
        error=row[14],
    )


def wrong_sums(
    connection: psycopg.Connection[Any],
    audit: str,
    sync: str,
    partition: str,
    last_runs: Sequence[int],
) -> list[tuple[int, str]]:
    """Runs whose numbers do not add up, with the operation whose numbers they are.

    Planned = attempted + aborted, attempted = succeeded + failed; of the last run the log agrees.

    Args:
        connection: in a transaction on the database that holds the audit.
        audit: name of its schema.
        sync: whose runs.
        partition: name of the partition; empty for all of them.
        last_runs: numbers of the runs whose log is counted, too.
    """
    query = statement(__package__ or "", "identities.sql", audit=audit)
    values = {"sync": sync, "partition": partition, "runs": list(last_runs)}
    return [(run, operation) for run, operation in connection.execute(query, values)]
