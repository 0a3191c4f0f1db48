"""What a planner knows of all syncs, whether a project has them or not. Nothing is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ..connect import READ_ONLY, Session, is_migrated
from .refused_rows import counts_refused
from .shape import Shape
from .state import Planner

PlannerId = tuple[UUID, str, str]
"""Who a planner is in the ledgers, its database, and when the server began."""


@dataclass(frozen=True)
class KnownState:
    """A state, as it is found by who does not know its sync.

    Args:
        id: names the table `snapshot_<id>`.
        sync: its name.
        partition: empty for the state of a whole sync.
        installation: who wrote, in the ledger.
        rows: that it knows of.
        shape: what they are; of a plan, where nothing was settled yet.
        is_only_held: there is nothing but a plan that is held.
        ledger: identity of the destination that it is about; None where nothing is known of it.
        held: number of that plan.
        last_run: when the last run was at it last.
        last_status: what became of that run.
        bytes: of its snapshot and of its plan on disk, with the index.
        waiting: changes of a plan that is held, or of a run that has not settled its plan.
        reason: why a guard holds the plan; None where none does.
        refused: rows that the destination refuses now.
        parked: those of them that no run tries.
    """

    id: int
    sync: str
    partition: str
    installation: UUID
    rows: int
    shape: Shape | None
    is_only_held: bool
    ledger: UUID | None
    held: int | None
    last_run: dt.datetime | None
    last_status: str | None
    bytes: int
    waiting: int
    reason: str | None
    refused: int
    parked: int


@dataclass(frozen=True)
class Neighbour:
    """A sync that a planner knows.

    Args:
        sync: its name.
        is_same: it is about rows of the table and the key that were asked for.
        rows: that it knows of.
        last_run: when the last run was at it last; None where it is not the same.
    """

    sync: str
    is_same: bool
    rows: int
    last_run: dt.datetime | None


def survey(session: Session, schema: str) -> tuple[PlannerId, list[KnownState]] | None:
    """Which planner a database has, and every state in it; None where there is no planner.

    Args:
        session: on the database.
        schema: name of the planner's schema; it may be of an older version.
    """
    if not is_migrated(session, schema):
        return None
    planner, where = Planner(session, schema), {"schema": schema}
    with session.transaction("looking at all states", READ_ONLY) as connection:
        identity = connection.execute(planner.statement("survey_identity.sql"), {}).fetchone()
        found = connection.execute(planner.statement("survey.sql"), where).fetchall()
        refused: list[tuple[int, int, int]] = []
        if counts_refused(connection, schema):
            refused = connection.execute(planner.statement("refused_counts.sql"), {}).fetchall()
    assert identity is not None  # noqa: S101 - migration 001 wrote it
    refused_of = {state: (number, parked) for state, number, parked in refused}
    states = [_known(row, refused_of) for row in found]
    return (identity[0], identity[1], identity[2]), states


def neighbours(planner: Planner, table: str, ledger: UUID, key: Sequence[str]) -> list[Neighbour]:
    """The syncs that a planner knows, and whether they are about the same rows.

    Args:
        planner: to be asked.
        table: the destination table.
        ledger: identity of the destination.
        key: names of the key columns.
    """
    values = {"table": table, "ledger": str(ledger), "keys": list(key)}
    query = planner.statement("same_rows.sql")
    rows = planner.session.read("looking at the neighbours", query, values, READ_ONLY)
    return [Neighbour(*row) for row in rows]


def _known(row: tuple[Any, ...], refused: dict[int, tuple[int, int]]) -> KnownState:
    shape = Shape.from_json(row[5]) if row[5] else None
    ledger = shape.ledger if shape else row[7]
    values = [*row[:5], shape, row[6], ledger, *row[8:], *refused.get(row[0], (0, 0))]
    return KnownState(*values)
