"""Accepted rows go into the snapshot; the state of every other row stays as it was.

added and refused: no state; changed and refused: the old image; removed and refused: kept. So it
is planned again, and its later removal is not forgotten.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from ..sql import COMMA, all_of, column, column_list, relation
from . import convert
from .keys import OPERATION, ROW, SEND_AGAIN, same_key
from .run import Plan
from .shape import DIGEST, LABEL
from .state import Planner, State
from .streamed import PLACE


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
        self._planner = planner
        self._connection = connection
        self._state = state
        self._plan = plan
        self._committed = committed
        self._refused = refused
        self._names = {
            "plan": planner.plan_table(plan.run),
            "snapshot": planner.snapshot_table(state),
            "rejections": relation(planner.schema, "rejections"),
            "rows_index": relation(planner.schema, f"rows_{plan.run.id}"),
        }

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
        if self._plan.is_streamed:
            self._run("ALTER TABLE {plan} DROP COLUMN {place}", place=column(PLACE))
        if self._plan.shape.holds == "rows" or self._plan.is_streamed:
            self._run("DROP INDEX {rows_index}")
            self._take_plan()
            return self._count()
        return self._take_digests()

    def _take_plan(self) -> None:
        self._label("ALTER TABLE {plan} ADD COLUMN {label} text")
        convert.rename(self._connection, self._planner, self._state, self._names["plan"])
        self._label("UPDATE {snapshot} SET {label} = {here}")

    def _take_digests(self) -> int:
        rows = self._run(
            "CREATE TABLE {snapshot} WITH (fillfactor = 90) AS"
            " SELECT {row}, {op}, {kept} FROM {plan}",
            kept=column_list(self._plan.shape.kept),
        )
        convert.index(self._connection, self._planner, self._state, self._plan.shape)
        self._label("ALTER TABLE {snapshot} ADD COLUMN {label} text")
        self._label("UPDATE {snapshot} SET {label} = {here}")
        return rows

    def _merge(self) -> int:
        kept = self._plan.shape.kept
        removed = self._run(
            "DELETE FROM {snapshot} AS s USING {plan} AS p"
            " WHERE p.{op} = 'r' AND {same_key} AND {accepted}"
        )
        assignments = COMMA.join(
            sql.SQL("{} = {}").format(column(name), column(name, "p"))
            for name in (*kept, OPERATION)
        )
        self._run(
            "UPDATE {snapshot} AS s SET {assignments} FROM {plan} AS p"
            " WHERE p.{op} = 'c' AND {same_key} AND {accepted}",
            assignments=assignments,
        )
        is_labelled = self._plan.shape.is_labelled
        added = self._run(
            "INSERT INTO {snapshot} ({row}, {kept}{label}) SELECT 0, {new}{here} FROM {plan} AS p"
            " WHERE p.{op} = 'a' AND {accepted}",
            kept=column_list(kept),
            new=column_list(kept, "p"),
            label=sql.SQL(", {}").format(column(LABEL)) if is_labelled else sql.SQL(""),
            here=sql.SQL(", {}").format(self._here) if is_labelled else sql.SQL(""),
        )
        return self._state.row_count - removed + added

    @property
    def _here(self) -> sql.Composable:
        return sql.Literal(self._plan.run.partition)

    def _label(self, template: str) -> None:
        if self._plan.shape.is_labelled:
            self._run(template, label=column(LABEL), here=self._here)

    def _is_same_set(self) -> bool:
        old = self._state.shape
        return old is not None and old.has_rows_of(self._plan.shape)

    def _keep_old(self) -> None:
        """Rows that were not accepted keep their old image, marked to be sent again.

        The mark is needed where only the mapping changed: old and new image are equal then.
        """
        old, shape = self._state.shape, self._plan.shape
        kept = [name for name in shape.columns if old is not None and old.keeps(name, shape)]
        if old and old.holds == shape.holds == "digest" and old.compares_with(shape):
            kept.append(DIGEST)
        self._run(
            "INSERT INTO {plan} ({row}, {op}, {kept}) SELECT 0, {again}, {old} FROM {snapshot} AS s"
            " WHERE NOT EXISTS (SELECT FROM {plan} AS p WHERE {same_key})",
            kept=column_list(kept),
            old=column_list(kept, "s"),
            again=sql.Literal(SEND_AGAIN),
        )

    def _count(self) -> int:
        row = self._connection.execute(
            sql.SQL("SELECT count(*) FROM {snapshot}").format(**self._names)
        ).fetchone()
        return int(row[0]) if row else 0

    def _run(self, template: str, **parts: sql.Composable) -> int:
        query = sql.SQL(template).format(
            **self._names,
            **parts,
            accepted=self._accepted(),
            same_key=same_key(self._plan.shape, "s", "p"),
            row=column(ROW),
            op=column(OPERATION),
        )
        return self._connection.execute(query).rowcount

    def _accepted(self) -> sql.Composable:
        """Whether a row of the plan is in; nothing is asked of a run that lost none.

        NOT IN is looked up in a hash table. NOT EXISTS would be joined, row by row with each
        refused one: nothing is known yet of how many there are.
        """
        conditions: list[sql.Composable] = []
        if self._committed < self._plan.counts.total:
            conditions.append(
                sql.SQL("p.{} <= {}").format(column(ROW), sql.Literal(self._committed))
            )
        if self._refused:
            conditions.append(
                sql.SQL(
                    "p.{} NOT IN (SELECT refused.plan_row FROM {rejections} AS refused"
                    " WHERE refused.run_id = {})"
                ).format(column(ROW), sql.Literal(self._plan.run.id), **self._names)
            )
        return all_of(conditions)
