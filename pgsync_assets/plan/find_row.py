"""Where one row is in the planner: what was sent of it, and open plans that have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..sql import COMMA, column, relation, statement
from .keys import NAMES, OPERATION, ROW, SEND_AGAIN, same_key
from .shape import Shape

Connection = psycopg.Connection[Any]
Key = Mapping[str, str | None]
"""Text of each column of a key; None for NULL."""

ASKED = "asked"


@dataclass(frozen=True)
class SentRow:
    """A row that the destination took, as a state has it.

    Args:
        partition: of the state; empty for the whole model.
        is_sent_again: the next run sends it, whether it changed or not.
    """

    partition: str
    is_sent_again: bool


@dataclass(frozen=True)
class PlannedRow:
    """A row of a plan that is not settled.

    Args:
        run: number of the plan.
        status: `held`: it waits for somebody; `planned`: its run is under way, or was interrupted.
        partition: that the plan is about; empty for all of the model.
        operation: `added`, `changed` or `removed`.
    """

    run: int
    status: str
    partition: str
    operation: str


@dataclass(frozen=True)
class StateOf:
    """A state of a sync, by its number: the whole model's, or that of a partition."""

    id: int
    partition: str
    shape: Shape


def states_of(connection: Connection, schema: str, sync: str) -> list[StateOf]:
    """The states of a sync that hold rows.

    Args:
        connection: a transaction on the planner's database.
        schema: name of the planner's schema.
        sync: name of the sync.
    """
    query = statement(__package__ or "", "states_known.sql", planner=schema)
    rows = connection.execute(query, {"sync": sync}).fetchall()
    return [
        StateOf(number, partition, Shape.from_json(shape))
        for number, partition, shape in rows
        if shape is not None
    ]


def sent_row(
    connection: Connection, schema: str, states: Sequence[StateOf], key: Key
) -> tuple[SentRow, ...]:
    """What the states of a sync have of a row; of several partitions at most one has it.

    Args:
        connection: a transaction on the planner's database.
        schema: name of the planner's schema.
        states: of the sync.
        key: of the row.
    """
    found = []
    for state in states:
        if {*state.shape.key} != {*key}:
            continue
        query = sql.SQL("SELECT s.{} = {} FROM {} AS s JOIN {} ON {}").format(
            column(OPERATION),
            sql.Literal(SEND_AGAIN),
            relation(schema, f"snapshot_{state.id}"),
            asked(state.shape, [key[name] for name in state.shape.key]),
            same_key(state.shape, "s", ASKED),
        )
        rows = connection.execute(query).fetchall()
        found += [SentRow(state.partition, is_sent_again) for (is_sent_again,) in rows]
    return tuple(found)


def planned_row(connection: Connection, schema: str, sync: str, key: Key) -> tuple[PlannedRow, ...]:
    """The open plans of a sync that have a row.

    Args:
        connection: a transaction on the planner's database.
        schema: name of the planner's schema.
        sync: name of the sync.
        key: of the row.
    """
    query = statement(__package__ or "", "open_plans.sql", planner=schema)
    found = []
    for run, status, partition, written in connection.execute(query, {"sync": sync}).fetchall():
        shape = Shape.from_json(written)
        if {*shape.key} != {*key}:
            continue
        look = sql.SQL("SELECT p.{} FROM {} AS p JOIN {} ON {} ORDER BY p.{}").format(
            column(OPERATION),
            relation(schema, f"plan_{run}"),
            asked(shape, [key[name] for name in shape.key]),
            same_key(shape, "p", ASKED),
            column(ROW),
        )
        rows = connection.execute(look).fetchall()
        found += [PlannedRow(run, status, partition, NAMES[operation]) for (operation,) in rows]
    return tuple(found)


def asked(shape: Shape, texts: Sequence[str | None]) -> sql.Composable:
    """A key as a relation of one row, named `asked`, typed as the planner has the key.

    Args:
        shape: of the state or plan that is searched.
        texts: of the key's columns, in their order.
    """
    # Types come from format_type, never from a user.
    return sql.SQL("(SELECT {}) AS {}").format(
        COMMA.join(
            sql.SQL("CAST({} AS {}) AS {}").format(
                sql.Literal(text), sql.SQL(shape.stored_type(name)), sql.Identifier(name)
            )
            for name, text in zip(shape.key, texts, strict=True)
        ),
        sql.Identifier(ASKED),
    )
