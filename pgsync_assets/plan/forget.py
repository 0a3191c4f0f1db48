"""What was sent is forgotten: the state is emptied, or goes altogether."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from .state import Planner, State


def forget(
    planner: Planner,
    state: State,
    ledger: UUID | None = None,
    ledger_run: int | None = None,
    because: str = "the state was reset since",
) -> State:
    """Empties a state: its snapshot and plans go, its epoch stays.

    Args:
        planner: that has it.
        state: as claimed.
        ledger: identity of the destination, where it goes on knowing a run of this state.
        ledger_run: that run.
        because: what is said to who asks for a plan that was held.

    Returns:
        The state as it is now: the next run begins from nothing.

    Raises:
        FencedOff: a newer run took over.
    """
    with planner.hold(state, "forgetting the state") as connection:
        _drop_tables(connection, planner, state, because)
        connection.execute(planner.statement("refused_forget.sql"), {"state": state.id})
        empty = replace(
            state,
            shape=None,
            row_count=0,
            ledger=ledger,
            ledger_run=ledger_run,
            ledger_batch=state.ledger_batch if ledger_run else None,
            cursor=None,
            columns=None,
        )
        planner.store(connection, empty)
    return empty


def drop(planner: Planner, state: State) -> None:
    """Removes a state with everything that the planner knows of it.

    Args:
        planner: that has it.
        state: as claimed.

    Raises:
        FencedOff: a newer run took over.
    """
    with planner.hold(state, "dropping the state") as connection:
        remove(connection, planner, state, "the sync was dropped")


def remove(
    connection: psycopg.Connection[Any], planner: Planner, state: State, because: str
) -> None:
    """Removes a state in a transaction that holds it.

    Args:
        connection: in that transaction.
        planner: that has it.
        state: as claimed.
        because: see `forget`.
    """
    _drop_tables(connection, planner, state, because)
    connection.execute(planner.statement("drop_state.sql"), {"state": state.id})


def _drop_tables(
    connection: psycopg.Connection[Any], planner: Planner, state: State, because: str
) -> None:
    for status in ("planned", "held"):
        plan = planner.open_plan(state, status)
        if plan is not None:
            planner.close(connection, plan.run, "superseded", because)
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(planner.snapshot_table(state)))
