"""A state from one planner into another: what a changed engine finds is what the old one left.

Key and digest of each row travel, and its mark; a state that holds rows fills them in again when
it compares next. One transaction: the state is there, or it is not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql

from ..connect import READ_ONLY, pump
from ..sql import COMMA, column, column_list, relation
from . import convert
from .keys import OPERATION, ROW
from .shape import DIGEST, LABEL, Shape
from .state import Planner, State
from .storage import Storage

Connection = psycopg.Connection[Any]


def carry(old: Planner, left: State, new: Planner, state: State, storage: Storage) -> State:
    """Copies a state.

    Args:
        old: planner that has it.
        left: the state there, with a snapshot.
        new: planner that gets it.
        state: claimed there.
        storage: types of its columns in the new planner.

    Returns:
        The state in the new planner.

    Raises:
        FencedOff: a newer run took over there.
    """
    assert left.shape is not None  # noqa: S101 - by contract
    shape = replace(
        left.shape,
        holds="digest",
        stored=storage.types,
        key_operators=storage.key_operators,
    )
    with (
        old.session.transaction("reading the state", READ_ONLY) as reader,
        new.hold(state, "carrying the state over") as connection,
    ):
        _create(connection, new, state, shape)
        rows, _ = pump(reader, _selected(old, left), connection, _into(new, state, shape))
        convert.index(connection, new, state, shape)
        _carry_refused(old, reader, left, new, connection, state)
        fresh = replace(left, id=state.id, epoch=state.epoch, shape=shape, row_count=rows)
        new.store(connection, fresh)
        values = {"state": state.id, "installation": left.installation}
        connection.execute(new.statement("adopt_ledger.sql"), values)
        number = {"schema": new.schema, "run": left.ledger_run or 0}
        connection.execute(new.statement("number_runs.sql"), number)
    return fresh


REFUSED = (
    *("row_id", "key", "partition", "operation", "attempts", "first_run", "first_at"),
    *("last_run", "last_at", "sqlstate", "constraint_name", "column_name", "reason", "is_parked"),
)
"""Columns of `refused_rows` that travel; numbers of runs are those of the planner that counted."""


def _carry_refused(
    old: Planner,
    reader: Connection,
    left: State,
    new: Planner,
    connection: Connection,
    state: State,
) -> None:
    """What is refused stays refused, and parked; a row that a cursor has passed is looked at."""
    connection.execute(new.statement("refused_forget.sql"), {"state": state.id})
    rows = sql.SQL("SELECT {}, {}, CASE WHEN seen_run IS NOT NULL THEN 0 END FROM {} WHERE {} = {}")
    pump(
        reader,
        rows.format(
            sql.Literal(state.id),
            column_list(REFUSED),
            relation(old.schema, "refused_rows"),
            column("state_id"),
            sql.Literal(left.id),
        ),
        connection,
        sql.SQL("{} ({})").format(
            relation(new.schema, "refused_rows"), column_list(("state_id", *REFUSED, "seen_run"))
        ),
    )


def _kept(shape: Shape) -> tuple[str, ...]:
    label = (LABEL,) if shape.is_labelled else ()
    return (ROW, OPERATION, *shape.key, DIGEST, *label)


def _create(
    connection: psycopg.Connection[Any], planner: Planner, state: State, shape: Shape
) -> None:
    own = {ROW: "bigint", OPERATION: 'pg_catalog."char"', DIGEST: "bigint", LABEL: "text"}
    columns = [
        sql.SQL("{} {}").format(
            column(name), sql.SQL(own[name] if name in own else shape.stored_type(name))
        )
        for name in _kept(shape)
    ]
    table = planner.snapshot_table(state)
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
    connection.execute(
        sql.SQL("CREATE TABLE {} ({}) WITH (fillfactor = 90)").format(table, COMMA.join(columns))
    )


def _selected(planner: Planner, state: State) -> sql.Composable:
    assert state.shape is not None  # noqa: S101 - by contract
    label = sql.SQL(", {}").format(column(LABEL)) if state.shape.is_labelled else sql.SQL("")
    return sql.SQL("SELECT 0, {}, {}{} FROM {} AS snapshot").format(
        column(OPERATION), convert.digest_form(state.shape), label, planner.snapshot_table(state)
    )


def _into(planner: Planner, state: State, shape: Shape) -> sql.Composable:
    return sql.SQL("{} ({})").format(planner.snapshot_table(state), column_list(_kept(shape)))
