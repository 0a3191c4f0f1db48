"""Accepted rows go into the snapshot; the state of every other row stays as it was.

added and refused: no state; changed and refused: the old image; removed and refused: kept. So it
is planned again, and its later removal is not forgotten.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from ..sql import COMMA, column, column_list, relation
from .keys import OPERATION, ROW, SEND_AGAIN, same_key
from .state import Plan, Planner, State


class Advance:
    """Applies the accepted part of a plan to the snapshot, inside a planner transaction.

    Args:
        planner: where plan and snapshot are.
        connection: in a transaction that holds the state.
        state: as claimed.
        plan: the plan.
        committed: last row of the plan whose batch was committed; rows behind it were not tried.
        refused: rows of the plan that the destination refused.
    """

    def __init__(
        self,
        planner: Planner,
        connection: psycopg.Connection[Any],
        state: State,
        plan: Plan,
        committed: int,
        refused: int,
    ) -> None:
        self._connection = connection
        self._state = state
        self._plan = plan
        self._committed = committed
        self._refused = refused
        self._names = {
            "plan": planner.plan_table(state),
            "snapshot": planner.snapshot_table(state),
            "rejections": relation(planner.schema, "rejections"),
            "rows_index": relation(planner.schema, f"rows_{plan.run.id}"),
        }
        self._snapshot_name = sql.Identifier(f"snapshot_{state.id}")

    def apply(self) -> int:
        """Moves the snapshot on.

        Returns:
            Rows in it afterwards, as PostgreSQL counted them.
        """
        return self._replace() if self._plan.is_full else self._merge()

    def _replace(self) -> int:
        """The plan becomes the snapshot."""
        if self._refused or self._committed < self._plan.counts.total:
            self._run("DELETE FROM {plan} AS p WHERE NOT {accepted}")
        if self._is_same_set():
            self._keep_old()
        if self._plan.counts.removed:
            self._run("DELETE FROM {plan} WHERE {op} = 'r'")
        self._run("DROP TABLE IF EXISTS {snapshot}")
        self._run("DROP INDEX {rows_index}")
        self._run("ALTER TABLE {plan} RENAME TO {snapshot_name}")
        return self._count()

    def _merge(self) -> int:
        columns = self._plan.shape.columns
        removed = self._run(
            "DELETE FROM {snapshot} AS s USING {plan} AS p"
            " WHERE p.{op} = 'r' AND {same_key} AND {accepted}"
        )
        assignments = COMMA.join(
            sql.SQL("{} = {}").format(column(name), column(name, "p"))
            for name in (*columns, OPERATION)
        )
        self._run(
            "UPDATE {snapshot} AS s SET {assignments} FROM {plan} AS p"
            " WHERE p.{op} = 'c' AND {same_key} AND {accepted}",
            assignments=assignments,
        )
        added = self._run(
            "INSERT INTO {snapshot} ({row}, {columns}) SELECT 0, {new} FROM {plan} AS p"
            " WHERE p.{op} = 'a' AND {accepted}",
            columns=column_list(columns),
            new=column_list(columns, "p"),
        )
        return self._state.row_count - removed + added

    def _is_same_set(self) -> bool:
        old = self._state.shape
        return old is not None and old.identity == self._plan.shape.identity

    def _keep_old(self) -> None:
        """Rows that were not accepted keep their old image, marked to be sent again.

        The mark is needed where only the mapping changed: old and new image are equal then.
        """
        kept = [name for name in self._plan.shape.columns if self._has_old(name)]
        self._run(
            "INSERT INTO {plan} ({row}, {op}, {kept}) SELECT 0, {again}, {old} FROM {snapshot} AS s"
            " WHERE NOT EXISTS (SELECT FROM {plan} AS p WHERE {same_key})",
            kept=column_list(kept),
            old=column_list(kept, "s"),
            again=sql.Literal(SEND_AGAIN),
        )

    def _has_old(self, name: str) -> bool:
        old, new = self._state.shape, self._plan.shape
        return old is not None and old.type_of(name) == new.type_of(name)

    def _count(self) -> int:
        row = self._connection.execute(
            sql.SQL("SELECT count(*) FROM {snapshot}").format(**self._names)
        ).fetchone()
        return int(row[0]) if row else 0

    def _run(self, template: str, **parts: sql.Composable) -> int:
        accepted = sql.SQL(
            "(p.{row} <= {committed} AND NOT EXISTS (SELECT FROM {rejections} AS refused"
            " WHERE refused.run_id = {run} AND refused.plan_row = p.{row}))"
        ).format(
            row=column(ROW),
            committed=sql.Literal(self._committed),
            run=sql.Literal(self._plan.run.id),
            rejections=self._names["rejections"],
        )
        query = sql.SQL(template).format(
            **self._names,
            **parts,
            accepted=accepted,
            same_key=same_key(self._plan.shape, "s", "p"),
            snapshot_name=self._snapshot_name,
            row=column(ROW),
            op=column(OPERATION),
        )
        return self._connection.execute(query).rowcount
