"""Reading the audit: what `pgsync-assets show` prints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..connect import READ_ONLY, Session
from ..outcome import Counts
from ..sql import statement
from .former_names import former_names


@dataclass(frozen=True)
class RunRow:
    """One row of sync_runs.

    `pruned_at`: since when retention has taken rows of it from the log; None: it took none.
    """

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
    pruned_at: dt.datetime | None = None


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


@dataclass(frozen=True)
class LastRun:
    """The last run of a sync, or of one of its partitions.

    Args:
        run_id: its number.
        sync: its name.
        partition: empty for none.
        status: succeeded, failed or held.
        started_at: by the clock of its database.
        finished_at: by the same.
        error: why it failed, or is held.
        success_at: when the last one that succeeded ended.
    """

    run_id: int
    sync: str
    partition: str
    status: str
    started_at: dt.datetime
    finished_at: dt.datetime
    error: str | None
    success_at: dt.datetime | None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.finished_at - self.started_at).total_seconds()


def last_runs(session: Session, audit: str, syncs: Mapping[str, bool]) -> list[LastRun]:
    """The last run of each sync, or of each of its partitions; none of one that never ran.

    Args:
        session: on the database that holds the audit.
        audit: name of its schema.
        syncs: names, and whether they are partitioned.
    """
    query = statement(__package__ or "", "last_runs.sql", audit=audit)
    values = {"syncs": list(syncs), "limits": [None if many else 1 for many in syncs.values()]}
    with session.transaction("reading the audit", READ_ONLY) as connection:
        found = [LastRun(*row) for row in connection.execute(query, values)]
    missing = syncs.keys() - {run.sync for run in found}
    # Since it was renamed it has not run: its history is there under the former name.
    former = {name: recent_runs(session, audit, name, 1) for name in sorted(missing)}
    return found + [_as_last(name, run) for name, runs in former.items() for run in runs]


def _as_last(sync: str, run: RunRow) -> LastRun:
    success_at = run.finished_at if run.status == "succeeded" else None
    times = run.started_at, run.finished_at
    return LastRun(run.run_id, sync, run.partition, run.status, *times, run.error, success_at)


def recent_runs(
    session: Session, audit: str, sync: str | None = None, limit: int = 20
) -> list[RunRow]:
    """The newest runs.

    Args:
        session: on the database that holds the audit.
        audit: name of its schema.
        sync: only this one's, and those that it had under a former name.
        limit: rows at the most.
    """
    query = statement(__package__ or "", "recent_runs.sql", audit=audit)
    with session.transaction("reading the audit", READ_ONLY) as connection:
        former = former_names(connection, audit, sync)
        values = {"sync": sync, "names": list(former), "runs": list(former.values())}
        rows = connection.execute(query, values | {"run": None, "limit": limit}).fetchall()
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
        every: dict[str, Any] = {"sync": None, "names": [], "runs": []}
        row = connection.execute(one_run, every | {"run": run_id, "limit": 1}).fetchone()
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
        pruned_at=row[15],
    )
