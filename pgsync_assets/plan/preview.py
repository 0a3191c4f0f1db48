"""A plan for people: its changes row by row, before and after, as text."""

from __future__ import annotations

from psycopg import sql

from ..connect import READ_ONLY
from ..outcome import Change
from ..sql import COMMA, column
from .keys import NAMES, OPERATION, ROW, row_id, same_key
from .run import Plan
from .shape import Shape
from .state import Planner, State


def preview(planner: Planner, state: State, plan: Plan, limit: int) -> tuple[Change, ...]:
    """The first changes of a plan.

    Args:
        planner: where plan and snapshot are.
        state: as claimed.
        plan: complete, not settled.
        limit: rows at the most.

    Returns:
        Changes in the order in which they would be written: removals first.
    """
    old = state.shape
    if old and (old.identity != plan.shape.identity or old.holds != "rows"):
        old = None
    query = sql.SQL(
        "SELECT {row_id}, p.{op}, {before}, {after} FROM {plan} AS p {join}"
        " WHERE p.{row} <= {limit} ORDER BY p.{row}"
    ).format(
        row_id=row_id(plan.shape, "p"),
        op=column(OPERATION),
        before=_image(old, "s") if old else sql.SQL("NULL"),
        after=_image(plan.shape, "p"),
        plan=planner.plan_table(plan.run),
        join=_snapshot(planner, state, plan) if old else sql.SQL(""),
        row=column(ROW),
        limit=sql.Literal(limit),
    )
    with planner.session.transaction("reading the plan", READ_ONLY) as connection:
        found = connection.execute(query).fetchall()
    return tuple(
        Change(
            key,
            NAMES[operation],
            before if operation != "a" else None,
            after if operation != "r" else None,
        )
        for key, operation, before, after in found
    )


def _snapshot(planner: Planner, state: State, plan: Plan) -> sql.Composable:
    return sql.SQL("LEFT JOIN {} AS s ON {}").format(
        planner.snapshot_table(state), same_key(plan.shape, "s", "p")
    )


def _image(shape: Shape, alias: str) -> sql.Composable:
    return sql.SQL("pg_catalog.json_object(ARRAY[{}]::text[], ARRAY[{}]::text[])").format(
        COMMA.join(map(sql.Literal, shape.columns)),
        COMMA.join(sql.SQL("{}::text").format(column(c, alias)) for c in shape.columns),
    )
