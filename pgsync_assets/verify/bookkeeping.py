"""What planner, ledger and audit say of each other, where it can be asked of the two databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..plan import Planner, Shape, State
from ..record import wrong_sums
from ..sql import statement
from ..write import Entry, other_history


@dataclass(frozen=True)
class Bookkeeping:
    """What is compared.

    Args:
        planner: with its state.
        state: as claimed.
        shape: the sync's shape as it is now.
        entry: what the ledger knows of the sync; None for nothing.
        partition: name of the slice that is compared; empty for the whole model.
        audit: name of the audit's schema.
    """

    planner: Planner
    state: State
    shape: Shape
    entry: Entry | None
    partition: str
    audit: str

    def problems(self, connection: psycopg.Connection[Any]) -> Iterator[str]:
        """One sentence for each thing that does not agree.

        Args:
            connection: a transaction of the planner.
        """
        run = self.entry.run if self.entry else None
        unfinished = self._runs(connection, "unfinished.sql", run=run)
        for run in unfinished:
            yield (
                f"run {run} was interrupted and is not settled: the next run does that first; "
                "until then rows that it has written may look as if somebody else had changed them"
            )
        yield from self._state(connection)
        if not unfinished:
            yield from self._history()
        last = self.last_runs(connection)
        sync = self.state.sync
        for wrong in wrong_sums(connection, self.audit, sync, self.partition, last):
            yield str(wrong)

    def last_runs(self, connection: psycopg.Connection[Any]) -> list[int]:
        """The last runs that came to their end: one, or one for each partition of a shared state.

        Args:
            connection: a transaction of the planner.
        """
        return self._runs(connection, "last_settled.sql", partition=self.partition)

    def _state(self, connection: psycopg.Connection[Any]) -> Iterator[str]:
        old = self.state.shape
        if old is None:
            return
        if old.identity != self.shape.identity:
            yield (
                f"the state is about rows of {old.table}, found by {old.key_text}"
                + ("" if old.ledger == self.shape.ledger else ", in another database")
                + ": what of the table is this sync's is not known"
            )
        rows = _one(
            connection, sql.SQL("SELECT count(*) FROM {}"), self.planner.snapshot_table(self.state)
        )
        if rows != self.state.row_count:
            yield f"the state has {rows} rows, and says that they are {self.state.row_count}"

    def _history(self) -> Iterator[str]:
        if self.state.ledger is not None and self.state.ledger != self.shape.ledger:
            return  # another destination altogether, as was said
        other = other_history(self.state, self.entry)
        if other is not None:
            yield (
                f"the planner knows {other[0]} as the last one that wrote, the ledger {other[1]}: "
                "one of the databases was restored, a standby without the last transactions took "
                "over, or the engine was switched"
            )
        elif self.entry is not None and self.entry.fence >= self.state.epoch:
            yield (
                f"the ledger was written under epoch {self.entry.fence}, the planner counts "
                f"{self.state.epoch}: the planner was restored"
            )

    def _runs(self, connection: psycopg.Connection[Any], name: str, **values: Any) -> list[int]:
        query = statement(__package__ or "", name, planner=self.planner.schema)
        rows = connection.execute(query, {"state": self.state.id} | values)
        return [run for (run,) in rows]


def _one(connection: psycopg.Connection[Any], query: sql.SQL, *parts: sql.Composable) -> Any:
    row = connection.execute(query.format(*parts)).fetchone()
    return row[0] if row else None
