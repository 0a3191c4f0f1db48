"""The policy of a sync has changed, or the key of its hash: its rows have other names than before.

`sync_snapshot` knows a row by its name, and must not have it twice. What a plain name becomes is
told from it; of a hash nobody knows the row, so the rows are taken from the planner's states
instead. The log itself keeps its names.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from ..plan import Planner, Shape, State
from ..plan.shape import LABEL
from ..sql import column, relation, statement
from .fields import fields_of
from .row_names import RowNames

Connection = psycopg.Connection[Any]


class Renaming:
    """Rows of `sync_snapshot` get the names that they have now.

    Args:
        planner: where the states are.
        audit: name of the audit's schema.
        names: how rows are named now.
        keeps_succeeded: the audit has rows that are at the destination, too.
        keeps_fields: and their values.
    """

    def __init__(
        self,
        planner: Planner,
        audit: str,
        names: RowNames,
        *,
        keeps_succeeded: bool,
        keeps_fields: bool,
    ) -> None:
        self._planner = planner
        self._audit = audit
        self._names = names
        self._keeps_succeeded = keeps_succeeded
        self._keeps_fields = keeps_fields

    def rename(self, connection: Connection, state: State) -> None:
        """Does it; nothing where they have them already.

        Args:
            connection: the settling transaction, before anything is written of the run.
            state: of the run that is settled.
        """
        values = {"sync": state.sync, "mark": self._names.privacy.mark, **self._names.values}
        known = self._execute(connection, "row_names_known.sql", values).fetchone()
        was = known[0] if known else ""
        if was == values["mark"]:
            return
        self._execute(connection, "row_names_old.sql", values)
        if was:
            self._execute(connection, "row_names_unknown.sql", values)
            self._from_states(connection, values)
        else:
            self._execute(connection, "row_names_hashed.sql", values)
        self._execute(connection, "row_names_cut.sql", values)
        self._execute(connection, "row_names_noted.sql", values)

    def _from_states(self, connection: Connection, values: dict[str, Any]) -> None:
        states = self._execute(connection, "row_names_states.sql", values).fetchall()
        for number, partition, shape, run in states:
            more = {"state": number, "is_anew": True}
            self._execute(connection, "snapshot_parked.sql", values | more)
            if self._keeps_succeeded:
                rows = relation(self._planner.schema, f"snapshot_{number}")
                query = self._standing(values["sync"], rows, Shape.from_json(shape), partition, run)
                connection.execute(query)

    def _standing(
        self, sync: str, rows: sql.Composable, shape: Shape, partition: str, run: int
    ) -> sql.Composed:
        """Rows of a state, which are those that the destination has."""
        has_fields = self._keeps_fields and shape.holds == "rows"
        none, here = sql.SQL("NULL::jsonb"), sql.Literal(partition)
        return sql.SQL(
            "INSERT INTO {named} (sync_id, sync_run_id, row_id, op_type, fields, partition)"
            " SELECT {sync}, {run}, {name}, 'added', {fields}, {partition} FROM {rows} AS s"
            " ON CONFLICT (sync_id, row_id) DO UPDATE SET sync_run_id = excluded.sync_run_id,"
            " fields = excluded.fields, partition = excluded.partition, is_new = true"
        ).format(
            named=relation(self._audit, "snapshot_named"),
            sync=sql.Literal(sync),
            run=sql.Literal(run),
            name=self._names.of(shape, "s"),
            fields=fields_of(shape, "s", self._names) if has_fields else none,
            partition=column(LABEL, "s") if shape.is_labelled else here,
            rows=rows,
        )

    def _execute(
        self, connection: Connection, name: str, values: dict[str, Any]
    ) -> psycopg.Cursor[Any]:
        query = statement(__package__ or "", name, audit=self._audit, planner=self._planner.schema)
        return connection.execute(query, values)
