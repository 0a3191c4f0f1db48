"""What the planner knows of a sync, or of one partition of it: a row of `states`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from .shape import Shape
from .sides import Sides


@dataclass(frozen=True)
class State:
    """One row of `states`, claimed by this run.

    Args:
        id: names the table `snapshot_<id>`.
        epoch: our fence number.
        shape: what the snapshot holds; None where there is no snapshot.
        row_count: rows in the snapshot.
        ledger: identity of the destination that the snapshot is about.
        ledger_run: the last run that the ledger has to know; None where none wrote yet.
        installation: who we are in the ledger.
        cursor: where the last comparison past a cursor ended, as text.
        full_at: when the whole model was compared last, by the planner's clock.
        ledger_batch: the last batch of `ledger_run` that the ledger has to know; None: not noted.
        columns: of both ends, at the last run that succeeded; None: not noted.
    """

    id: int
    sync: str
    partition: str
    epoch: int
    shape: Shape | None
    row_count: int
    ledger: UUID | None
    ledger_run: int | None
    installation: UUID
    cursor: str | None = None
    full_at: dt.datetime | None = None
    ledger_batch: int | None = None
    columns: Sides | None = None

    @classmethod
    def of(cls, sync: str, partition: str, row: Sequence[Any]) -> State:
        """Reads the columns of `claim.sql` and `look.sql`, in their order.

        Args:
            sync: its name.
            partition: of the state; empty for the whole model.
            row: as PostgreSQL answers it.
        """
        shape = Shape.from_json(row[2]) if row[2] is not None else None
        columns = Sides.from_json(row[-1]) if row[-1] is not None else None
        return cls(row[0], sync, partition, row[1], shape, *(*row[3:-1], columns))

    @property
    def fence(self) -> dict[str, int]:
        """Values of `hold.sql`."""
        return {"state": self.id, "epoch": self.epoch}
