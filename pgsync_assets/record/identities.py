"""Planned = attempted + aborted, attempted = succeeded + failed; and the log has the same rows.

`verify` asks it of a sync, and the test suite of every database, after every test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from ..sql import statement


@dataclass(frozen=True)
class WrongSum:
    """A run whose numbers of one operation do not add up.

    Args:
        sync: its name.
        run: its number.
        operation: `added`, `changed` or `removed`.
        planned: as `sync_runs` has it.
        attempted: as `sync_runs` has it.
        succeeded: as `sync_runs` has it.
        failed: as `sync_runs` has it.
        logged: rows of it in `sync_changelog`: succeeded, failed, aborted; None: not looked at.
    """

    sync: str
    run: int
    operation: str
    planned: int
    attempted: int
    succeeded: int
    failed: int
    logged: tuple[int, int, int] | None

    def __str__(self) -> str:
        """The run and its numbers."""
        numbers = (
            f"planned {self.planned}, attempted {self.attempted}, succeeded {self.succeeded}, "
            f"failed {self.failed}"
        )
        log = ""
        if self.logged is not None:
            succeeded, failed, aborted = self.logged
            log = f"; in the log: succeeded {succeeded}, failed {failed}, aborted {aborted}"
        return (
            f"sync_runs, run {self.run}: the numbers of {self.operation} rows do not add up "
            f"({numbers}{log})"
        )


def wrong_sums(
    connection: psycopg.Connection[Any],
    audit: str,
    sync: str | None = None,
    partition: str = "",
    runs: Sequence[int] | None = None,
    *,
    is_whole: bool = False,
) -> list[WrongSum]:
    """Runs whose numbers do not add up.

    Args:
        connection: on the database that holds the audit.
        audit: name of its schema.
        sync: whose runs; None: of all.
        partition: name of the partition; empty for all of them.
        runs: numbers of the runs whose log is counted, too; None: of all.
        is_whole: nothing was taken out of the log: one that has no row of a run is wrong, too.
    """
    query = statement(__package__ or "", "identities.sql", audit=audit)
    values = {
        "sync": sync,
        "partition": partition,
        "runs": None if runs is None else list(runs),
        "is_whole": is_whole,
    }
    return [_wrong(row) for row in connection.execute(query, values)]


def _wrong(row: Sequence[Any]) -> WrongSum:
    sync, run, operation, planned, attempted, succeeded, failed, *logged = row
    log = None if None in logged else (logged[0], logged[1], logged[2])
    return WrongSum(sync, run, operation, planned, attempted, succeeded, failed, log)
