"""A key that is the same one in another spelling: `Bob` is now `bob`, 1.0 is now 1.00.

It is one row of the snapshot and of the destination; the log, which knows keys as text, must not
keep the old spelling beside the new one.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from ..plan import Plan, Planner, State, keys
from ..sql import relation


def forget_old_spellings(
    connection: psycopg.Connection[Any],
    planner: Planner,
    audit: str,
    sync: str,
    state: State,
    plan: Plan,
    committed: int,
) -> None:
    """Removes rows of `sync_snapshot` whose key was written anew in another spelling.

    Args:
        connection: the settling transaction, before the plan is applied to the snapshot.
        planner: where plan and snapshot are.
        audit: name of the audit's schema.
        sync: name of the sync.
        state: as claimed.
        plan: its plan.
        committed: last row of the plan whose batch was committed.
    """
    if state.shape is None or not plan.counts.changed or not plan.shape.may_respell_keys:
        return
    connection.execute(
        sql.SQL(
            "DELETE FROM {known} AS known USING {plan} AS p JOIN {snapshot} AS s ON {same_key}"
            " WHERE p.{op} = 'c' AND p.{row} <= {committed} AND {old_id} <> {new_id}"
            " AND known.sync_id = {sync} AND known.row_id = {old_id}"
            " AND NOT EXISTS (SELECT FROM {rejections} AS r"
            " WHERE r.run_id = {run} AND r.plan_row = p.{row})"
        ).format(
            known=relation(audit, "sync_snapshot"),
            plan=planner.plan_table(plan.run),
            snapshot=planner.snapshot_table(state),
            same_key=keys.same_key(plan.shape, "s", "p"),
            op=sql.Identifier(keys.OPERATION),
            row=sql.Identifier(keys.ROW),
            committed=sql.Literal(committed),
            old_id=keys.row_id(plan.shape, "s"),
            new_id=keys.row_id(plan.shape, "p"),
            sync=sql.Literal(sync),
            rejections=relation(planner.schema, "rejections"),
            run=sql.Literal(plan.run.id),
        )
    )
