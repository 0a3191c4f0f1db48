"""`sync_changelog`: the rows of a run, written once and set-wise.

It is a view. The rows of a big run that were delivered are a table of their own (`own_table.py`),
with their values in columns (`field_columns.py`); all else stands in `changelog_rows`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from ..plan import Batches, Plan, Planner, keys
from ..sql import COMMA, column, relation, statement
from . import own_table
from .field_columns import FieldColumns
from .fields import fields_of
from .row_names import RowNames

Connection = psycopg.Connection[Any]

COLUMNS = (
    "sync_id",
    "sync_run_id",
    "row_id",
    "op_type",
    "status",
    "failure_reason",
    "fields",
    "partition",
    "plan_row",
    "batch",
)


class Changelog:
    """What became of the rows of a plan.

    Args:
        planner: where the plan is.
        audit: name of the audit's schema, in the same database.
        sync: name of the sync.
        plan: whose rows they are.
        committed: last row of the plan whose batch was committed.
        names: how its rows are named, and values shown.
        has_fields: values are written down, too.
    """

    def __init__(
        self,
        planner: Planner,
        audit: str,
        sync: str,
        plan: Plan,
        committed: int,
        names: RowNames,
        *,
        has_fields: bool,
    ) -> None:
        self._planner = planner
        self._audit = audit
        self._sync = sync
        self._plan = plan
        self._committed = committed
        self._row_names = names
        self._has_fields = has_fields
        none = sql.SQL("NULL::jsonb")
        self._names = {
            "sync": sql.Literal(sync),
            "run": sql.Literal(plan.run.id),
            "row_id": names.of(plan.shape, "p"),
            "refused_id": names.of_stored(column("row_id", "r")),
            "operation": keys.operation("p"),
            "fields": fields_of(plan.shape, "p", names) if has_fields else none,
            "partition": sql.Literal(plan.run.partition),
            "row": sql.Identifier(keys.ROW),
            "plan": planner.plan_table(plan.run),
            "rejections": relation(planner.schema, "rejections"),
            "committed": sql.Literal(committed),
            "batch": batch_of(plan, sql.SQL("p.{}").format(sql.Identifier(keys.ROW))),
            "refused_batch": batch_of(plan, sql.SQL("r.plan_row")),
        }

    def write_early(self, connection: Connection, table: str) -> bool:
        """Writes all rows of the plan as delivered, into a table that nobody reads.

        Args:
            connection: in a transaction of its own, beside the batches.
            table: its name.

        Returns:
            Whether there is such a table: for a big run only.
        """
        own_table.drop_left(connection, self._planner, self._audit)
        is_big = own_table.may_have_own_table(connection, self._audit, self._plan.counts.total)
        if is_big:
            self._fill(connection, table, sql.SQL("FROM {plan} AS p").format(**self._names))
        return is_big

    def write(self, connection: Connection, *, keeps_succeeded: bool, early: str | None) -> None:
        """Writes the rows that failed or were never tried, and those that were delivered.

        Args:
            connection: the settling transaction.
            keeps_succeeded: the delivered ones, too.
            early: a table that has all rows already.
        """
        parts = [self._refused()]
        if self._committed < self._plan.counts.total:
            parts.append(self._aborted())
        if keeps_succeeded and not self._has_own_table(connection, early):
            parts.append(self._succeeded())
        connection.execute(
            sql.SQL("INSERT INTO {} ({}) {}").format(
                relation(self._audit, own_table.WITHOUT_VALUES),
                COMMA.join(map(sql.Identifier, COLUMNS)),
                sql.SQL(" UNION ALL ").join(parts),
            )
        )

    def _has_own_table(self, connection: Connection, early: str | None) -> bool:
        """Shows the delivered rows as a table of their own, where they are many."""
        if not own_table.may_have_own_table(connection, self._audit, self._committed):
            if early is not None:
                own_table.drop(connection, self._audit, early)
            return False
        table = early or f"changelog_{self._plan.run.id}_new"
        if early is None:
            self._fill(connection, table, self._delivered())
        parent = own_table.WITH_VALUES if self._has_fields else own_table.WITHOUT_VALUES
        own_table.show(
            connection, self._planner, self._audit, table, self._plan, self._committed, parent
        )
        return True

    def _fill(self, connection: Connection, table: str, which: sql.Composable) -> None:
        """Writes rows of the plan into a table of their own.

        What is selected is what differs from row to row.
        """
        selected, added = self._values(connection)
        rows = sql.SQL(
            'SELECT p.{row} AS plan_row, {batch} AS batch, {row_id} COLLATE "C" AS row_id,'
            " {operation} AS op_type{selected} {which}"
        ).format(**self._names, selected=selected, which=which)
        own_table.fill(connection, self._audit, table, self._sync, self._plan, rows, added)

    def _values(self, connection: Connection) -> tuple[sql.Composable, Iterable[sql.Composable]]:
        """What is selected of the values, and the columns that come afterwards."""
        if not self._has_fields:
            return sql.SQL(""), [sql.SQL("fields jsonb")]
        row = connection.execute(statement(__package__ or "", "time_zone.sql")).fetchone()
        zone = row[0] if row else ""
        columns = FieldColumns(self._plan.shape, "p", self._row_names, zone)
        return columns.selected, columns.added

    def _refused(self) -> sql.Composable:
        return sql.SQL(
            "SELECT {sync}, {run}, {refused_id}, r.operation, 'failed', r.reason, {fields},"
            " {partition}, r.plan_row, CASE WHEN r.plan_row > 0 THEN {refused_batch} END"
            " FROM {rejections} AS r"
            " LEFT JOIN {plan} AS p ON p.{row} = r.plan_row WHERE r.run_id = {run}"
        ).format(**self._names)

    def _aborted(self) -> sql.Composable:
        return sql.SQL(
            "SELECT {sync}, {run}, {row_id}, {operation}, 'aborted', NULL, {fields},"
            " {partition}, p.{row}, {batch} FROM {plan} AS p WHERE p.{row} > {committed}"
        ).format(**self._names)

    def _succeeded(self) -> sql.Composable:
        return sql.SQL(
            "SELECT {sync}, {run}, {row_id}, {operation}, 'succeeded', NULL, {fields},"
            " {partition}, p.{row}, {batch} {delivered}"
        ).format(**self._names, delivered=self._delivered())

    def _delivered(self) -> sql.Composable:
        return sql.SQL(
            "FROM {plan} AS p WHERE p.{row} <= {committed} AND NOT EXISTS"
            " (SELECT FROM {rejections} AS r WHERE r.run_id = {run} AND r.plan_row = p.{row})"
        ).format(**self._names)


def batch_of(plan: Batches, row: sql.Composable) -> sql.Composable:
    """The number of the batch that a row of a plan is in, as bigint.

    Args:
        plan: how it is cut.
        row: expression for the number of the row, from 1.
    """
    if plan.batch_ends is None:
        return sql.SQL("(({} - 1) / {} + 1)::bigint").format(row, sql.Literal(plan.batch_size))
    return sql.SQL("(pg_catalog.width_bucket({} - 1, {}::bigint[]) + 1)::bigint").format(
        row, sql.Literal(list(plan.batch_ends))
    )
