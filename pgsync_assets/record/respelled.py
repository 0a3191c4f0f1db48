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
from .row_names import RowNames


def forget_old_spellings(
    connection: psycopg.Connection[Any],
    planner: Planner,
    audit: str,
    sync: str,
    names: RowNames,
    state: State,
    plan: Plan,
    committed: int,
) -> None:
    """Takes rows out of `sync_snapshot` whose key was written anew in another spelling.

    Args:
        connection: the settling transaction, before the plan is applied to the snapshot.
        planner: where plan and snapshot are.
        audit: name of the audit's schema.
        sync: name of the sync.
        names: how its rows are named.
        state: as claimed.
        plan: its plan.
        committed: last row of the plan whose batch was committed.
    """
    if state.shape is None or not plan.counts.changed or not plan.shape.may_respell_keys:
        return
    connection.execute(
        sql.SQL(
            "WITH gone AS ("
            " INSERT INTO {gone} AS known (sync_id, row_id, until_run)"
            " SELECT DISTINCT {sync}, {old_id}, {run} - 1 FROM {plan} AS p"
            " JOIN {snapshot} AS s ON {same_key}"
            " WHERE p.{op} = 'c' AND p.{row} <= {committed} AND {old_id} <> {new_id}"
            " AND NOT EXISTS (SELECT FROM {rejections} AS r"
            " WHERE r.run_id = {run} AND r.plan_row = p.{row})"
            " ON CONFLICT (sync_id, row_id) DO UPDATE SET until_run = excluded.until_run"
            " RETURNING row_id)"
            " DELETE FROM {failures} AS known USING gone"
            " WHERE known.sync_id = {sync} AND known.row_id = gone.row_id"
        ).format(
            gone=relation(audit, "snapshot_gone"),
            failures=relation(audit, "snapshot_failures"),
            plan=planner.plan_table(plan.run),
            snapshot=planner.snapshot_table(state),
            same_key=keys.same_key(plan.shape, "s", "p"),
            op=sql.Identifier(keys.OPERATION),
            row=sql.Identifier(keys.ROW),
            committed=sql.Literal(committed),
            old_id=names.of(plan.shape, "s"),
            new_id=names.of(plan.shape, "p"),
            sync=sql.Literal(sync),
            rejections=relation(planner.schema, "rejections"),
            run=sql.Literal(plan.run.id),
        )
    )
