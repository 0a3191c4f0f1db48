"""Rows that are refused now, beside the comparison of the next run: the parked ones are left out.

A parked row is left out for what it was refused: its image, or its removal. One that was refused
and has left the model since is removed like any other, where the destination has an older image.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from ..sql import COMMA, column, column_list, relation
from .keys import OPERATION, same_key
from .part import ATTEMPTS
from .run import Run
from .shape import LABEL, Shape
from .state import Planner, State

Connection = psycopg.Connection[Any]

ROW_ID = "_pgsync_row_id"
PARKED = "_pgsync_parked"


class Parked:
    """What earlier runs were refused, with its keys typed, in a table of the planning transaction.

    Args:
        planner: which knows the rows.
        connection: the planner's transaction.
        state: as claimed; about the same rows as the shape.
        shape: of the plan.
        run: the run that plans.
    """

    def __init__(
        self, planner: Planner, connection: Connection, state: State, shape: Shape, run: Run
    ) -> None:
        self._connection = connection
        self._shape = shape
        self.left_out = 0
        self._parts: dict[str, sql.Composable] = {
            "refused": relation(planner.schema, f"refused_{state.id}"),
            "refused_rows": relation(planner.schema, "refused_rows"),
            "state": sql.Literal(state.id),
            "run": sql.Literal(run.id),
            "here": sql.Literal(run.partition),
            "op": column(OPERATION),
            "label": column(LABEL),
            "row_id": column(ROW_ID),
            "parked": column(PARKED),
            "attempts": column(ATTEMPTS),
        }
        self._run(
            "CREATE UNLOGGED TABLE {refused} AS"
            " SELECT {keys}, known.row_id AS {row_id}, known.is_parked AS {parked},"
            " known.attempts AS {attempts},"
            " known.partition AS {label},"
            " CASE known.operation WHEN 'removed' THEN 'r' ELSE 'c' END AS {op}"
            " FROM {refused_rows} AS known WHERE known.state_id = {state}",
            keys=COMMA.join(self._typed(number) for number in range(len(shape.key))),
        )

    def is_left_out(self, change: str) -> sql.Composable:
        """Whether a change is one that is parked.

        Args:
            change: alias of a relation with key and operation.
        """
        return self._sql(
            "EXISTS (SELECT FROM {refused} AS refused WHERE {same})", same=self._same(change)
        )

    def take_out(self, changes: sql.Composable) -> None:
        """Removes parked rows from a table of changes, and remembers that they were found.

        Args:
            changes: the table, with key and operation of each.
        """
        self.left_out = self._run(
            "WITH left_out AS (DELETE FROM {changes} AS change USING {refused} AS refused"
            " WHERE {same} RETURNING refused.{row_id})"
            " UPDATE {refused_rows} AS known SET seen_run = {run}, partition = {here}"
            " FROM left_out WHERE known.state_id = {state} AND known.row_id = left_out.{row_id}",
            changes=changes,
            same=self._same("change"),
        )

    @property
    def attempts(self) -> sql.Composable:
        """A relation with the key of each refused row, and how often it was tried."""
        return self._sql(
            "(SELECT {keys}, max({attempts}) AS {attempts} FROM {refused} GROUP BY {keys})",
            keys=column_list(self._shape.key),
        )

    def missing(self, model: sql.Composable) -> sql.Composable:
        """Another part of a UNION: keys of refused rows that this partition has no more.

        Args:
            model: relation named `model`.
        """
        return self._sql(
            "UNION ALL SELECT {keys} FROM {refused} AS refused WHERE {is_here}"
            " AND NOT EXISTS (SELECT FROM {model} WHERE {same_key})",
            keys=column_list(self._shape.key, "refused"),
            model=model,
            same_key=same_key(self._shape, "refused", "model"),
        )

    def keep_moved(self, model: sql.Composable, gone: sql.Composable) -> None:
        """Rows that another partition has now are that one's business, and not forgotten here.

        Args:
            model: relation named `model`: this partition.
            gone: table of keys that no partition has.
        """
        self._run(
            "UPDATE {refused_rows} AS known SET seen_run = {run} FROM {refused} AS refused"
            " WHERE known.state_id = {state} AND known.row_id = refused.{row_id} AND {is_here}"
            " AND NOT EXISTS (SELECT FROM {model} WHERE {in_model})"
            " AND NOT EXISTS (SELECT FROM {gone} AS gone WHERE {is_gone})",
            model=model,
            gone=gone,
            in_model=same_key(self._shape, "refused", "model"),
            is_gone=same_key(self._shape, "refused", "gone"),
        )

    def forget(self) -> None:
        """Drops the table."""
        self._run("DROP TABLE {refused}")

    def _typed(self, number: int) -> sql.Composable:
        name = self._shape.key[number]
        # The type comes from format_type, never from a user.
        return sql.SQL("(known.key)[{}]::{} AS {}").format(
            sql.Literal(number + 1), sql.SQL(self._shape.stored_type(name)), column(name)
        )

    def _same(self, change: str) -> sql.Composable:
        return sql.SQL("refused.{parked} AND {same_key} AND {left} = {right}").format(
            parked=column(PARKED),
            same_key=same_key(self._shape, "refused", change),
            left=sql.SQL("(refused.{} = 'r')").format(column(OPERATION)),
            right=sql.SQL("({} = 'r')").format(column(OPERATION, change)),
        )

    def _sql(self, template: str, **more: sql.Composable) -> sql.Composed:
        is_here = sql.SQL("refused.{label} IN ({here}, '')").format(**self._parts)
        return sql.SQL(template).format(**self._parts, **more, is_here=is_here)

    def _run(self, template: str, **more: sql.Composable) -> int:
        return self._connection.execute(self._sql(template, **more), binary=True).rowcount
