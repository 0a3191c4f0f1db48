"""What changed: the model compared with the snapshot, as the numbered rows of a plan table.

One REPEATABLE READ transaction compares, stores the changed rows with their images and counts
them. Later edits at the source cannot change this run. A full plan holds every row of the model
(a first sync, a resync, a changed mapping) and *becomes* the snapshot: one copy.

Tables are filled by CREATE TABLE AS: it writes in bulk, 0.6 times the cost of INSERT .. SELECT.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from ..config import DuplicateKeys, ModelConfig, Partition
from ..errors import ConfigurationError
from ..failpoints import failpoint
from ..model import rows
from ..sql import COMMA, column, column_list, relation
from .invalid_keys import MISSING, REPEATED, invalid_keys, refuse_invalid
from .keys import OPERATION, ROW, SEND_AGAIN, has_key, images_differ, row_id, same_key
from .shape import Shape
from .state import Plan, Planner, Run, State


class Diff:
    """The comparison of one model with one snapshot.

    Args:
        planner: where the snapshot is.
        state: as claimed.
        model: what to send, with its SQL loaded.
        shape: the model as it is now.
        proven: an index guarantees that the key is unique and never NULL.
        partition: only this slice of the model.
        resync: send every row again.

    Raises:
        ConfigurationError: key or destination are others than the snapshot's, and no resync was
            asked for.
    """

    def __init__(
        self,
        planner: Planner,
        state: State,
        model: ModelConfig,
        shape: Shape,
        *,
        proven: bool,
        partition: Partition | None = None,
        resync: bool = False,
    ) -> None:
        self._state = state
        self._planner = planner
        self._shape = shape
        self._proven = proven
        self._model_rows = rows(model, shape.columns, partition)
        self._old = _comparable(state, shape, resync)
        self.is_full = resync or self._old is None or self._old != shape
        self._parts: dict[str, sql.Composable] = {
            "plan": planner.plan_table(state),
            "snapshot": planner.snapshot_table(state),
            "rejections": relation(planner.schema, "rejections"),
            "row": column(ROW),
            "op": column(OPERATION),
            "key": column(shape.key[0]),
        }

    def store(
        self,
        run: Run,
        fingerprint: str,
        batch_size: int,
        max_invalid: int,
        on_duplicate_key: DuplicateKeys = "reject",
    ) -> Plan:
        """Compares, and stores the plan; commits.

        Args:
            run: the run that the plan belongs to.
            fingerprint: of configuration and destination.
            batch_size: rows per destination transaction.
            max_invalid: more rows with an invalid key than this stop the run.
            on_duplicate_key: `fail` if any such row stops the run.

        Raises:
            InvalidKeysError: there is one; nothing was stored.
            TooManyRejectedRows: there are too many; nothing was stored.
            FencedOff: a newer run took over.
        """
        with self._planner.hold(self._state, "planning") as connection:
            invalid = self._refuse_keys(connection, run, max_invalid, on_duplicate_key)
            self._create_plan(connection)
            self._create_indexes(connection, run)
            plan = Plan(
                run,
                self.is_full,
                fingerprint,
                self._shape,
                batch_size,
                self._planner.planned(connection, self._state),
                invalid,
            )
            self._planner.save(connection, plan)
            failpoint("plan made")
        return plan

    def _refuse_keys(
        self,
        connection: psycopg.Connection[Any],
        run: Run,
        at_most: int,
        on_duplicate_key: DuplicateKeys,
    ) -> int:
        """Rows with a NULL or repeated key go to the rejections; how many there are.

        The model is stored first: read twice, it might answer differently. Where an index proves
        its key, nothing can be wrong with it, and it is read by the comparison itself.
        """
        if self._proven:
            self._parts["model"] = sql.SQL("({}) AS model").format(self._model_rows)
            return 0
        stored = relation(self._planner.schema, f"model_{self._state.id}")
        self._parts["model"] = sql.SQL("{} AS model").format(stored)
        # Unlogged, as it lives for this transaction only. binary=True asks for the extended
        # protocol, which takes one statement only, whatever the model says.
        connection.execute(
            sql.SQL("CREATE UNLOGGED TABLE {} AS {}").format(stored, self._model_rows), binary=True
        )
        connection.execute(self._refused(run))
        found = invalid_keys(self._planner, connection, run, self._shape.key)
        refuse_invalid(self._state.sync, self._shape.key, found, on_duplicate_key, at_most)
        return found.total

    def _create_plan(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(
            sql.SQL("CREATE TABLE {plan} WITH (fillfactor = 90) AS {ctes} {rows}").format(
                **self._parts,
                ctes=self._ctes(),
                rows=self._all_rows() if self._old is None else self._changed_rows(),
            ),
            binary=True,
        )
        if not self._proven:
            stored = relation(self._planner.schema, f"model_{self._state.id}")
            connection.execute(sql.SQL("DROP TABLE {}").format(stored))

    def _create_indexes(self, connection: psycopg.Connection[Any], run: Run) -> None:
        # Batches are read by row number; rows lie in that order, so a block range index finds them.
        connection.execute(
            sql.SQL("CREATE INDEX {} ON {} USING brin ({}) WITH (pages_per_range = 16)").format(
                sql.Identifier(f"rows_{run.id}"), self._parts["plan"], column(ROW)
            )
        )
        if self.is_full:
            connection.execute(
                sql.SQL("CREATE UNIQUE INDEX {} ON {} ({})").format(
                    sql.Identifier(f"key_{run.id}"),
                    self._parts["plan"],
                    column_list(self._shape.key),
                )
            )

    def _ctes(self) -> sql.Composable:
        if self._proven:
            return sql.SQL("WITH sound AS (SELECT * FROM {model})").format(**self._parts)
        return sql.SQL(
            "WITH {repeated}, sound AS (SELECT model.* FROM {model}"
            " WHERE {has_key} AND NOT EXISTS (SELECT FROM repeated WHERE {same_key}))"
        ).format(
            **self._parts,
            repeated=self._repeated(),
            has_key=has_key(self._shape, "model"),
            same_key=same_key(self._shape, "repeated", "model"),
        )

    def _repeated(self) -> sql.Composable:
        return sql.SQL(
            "repeated AS MATERIALIZED"
            " (SELECT {keys} FROM {model} WHERE {has_key} GROUP BY {keys} HAVING count(*) > 1)"
        ).format(
            **self._parts,
            keys=column_list(self._shape.key, "model"),
            has_key=has_key(self._shape, "model"),
        )

    def _refused(self, run: Run) -> sql.Composed:
        in_snapshot: sql.Composable = sql.SQL("false")
        if self._old is not None:
            in_snapshot = sql.SQL("EXISTS (SELECT FROM {snapshot} AS old WHERE {same})").format(
                **self._parts, same=same_key(self._shape, "old", "model")
            )
        return sql.SQL(
            "WITH {repeated}"
            " INSERT INTO {rejections} (run_id, plan_row, operation, row_id, reason)"
            " SELECT {run}, -row_number() OVER (),"
            " CASE WHEN {in_snapshot} THEN 'changed' ELSE 'added' END, {row_id},"
            " CASE WHEN {has_key} THEN {repeated_key} ELSE {missing_key} END"
            " FROM {model} WHERE NOT {has_key} OR EXISTS (SELECT FROM repeated WHERE {same})"
        ).format(
            **self._parts,
            repeated=self._repeated(),
            run=sql.Literal(run.id),
            in_snapshot=in_snapshot,
            repeated_key=sql.Literal(REPEATED),
            missing_key=sql.Literal(MISSING),
            row_id=row_id(self._shape, "model"),
            has_key=has_key(self._shape, "model"),
            same=same_key(self._shape, "repeated", "model"),
        )

    def _all_rows(self) -> sql.Composable:
        return sql.SQL(
            "SELECT row_number() OVER () AS {row}, 'a'::pg_catalog.\"char\" AS {op}, {columns}"
            " FROM sound"
        ).format(**self._parts, columns=column_list(self._shape.columns, "sound"))

    def _changed_rows(self) -> sql.Composable:
        """Removals first: another row may take over a unique value of a removed one (trap 9)."""
        return sql.SQL(
            "SELECT row_number() OVER (ORDER BY operation DESC) AS {row},"
            ' operation::pg_catalog."char" AS {op}, {columns} FROM ('
            " SELECT {images}, CASE WHEN old.{row} IS NULL THEN 'a'"
            " WHEN new.{key} IS NULL THEN 'r' ELSE 'c' END AS operation"
            " FROM sound AS new FULL JOIN {snapshot} AS old ON {same_key}"
            " WHERE {is_change}) AS change"
        ).format(
            **self._parts,
            columns=column_list(self._shape.columns, "change"),
            images=COMMA.join(self._image(name) for name in self._shape.columns),
            same_key=same_key(self._shape, "old", "new"),
            is_change=self._is_change(),
        )

    def _image(self, name: str) -> sql.Composable:
        """The new value; of a removed row the old one, where the snapshot has it."""
        new = column(name, "new")
        if self._old is None or self._old.type_of(name) != self._shape.type_of(name):
            return sql.SQL("{} AS {}").format(new, column(name))
        return sql.SQL("CASE WHEN new.{key} IS NULL THEN {old} ELSE {new} END AS {name}").format(
            **self._parts, old=column(name, "old"), new=new, name=column(name)
        )

    def _is_change(self) -> sql.Composable:
        still_there: sql.Composable = sql.SQL("true")
        if not self._proven:
            # A key that occurs twice is refused, not removed: its state stays as it was.
            still_there = sql.SQL(
                "(new.{key} IS NOT NULL OR NOT EXISTS (SELECT FROM repeated WHERE {same}))"
            ).format(**self._parts, same=same_key(self._shape, "repeated", "old"))
        if self.is_full:
            return still_there
        return sql.SQL(
            "{still_there} AND (old.{row} IS NULL OR new.{key} IS NULL OR old.{op} = {again}"
            " OR {images_differ})"
        ).format(
            **self._parts,
            still_there=still_there,
            again=sql.Literal(SEND_AGAIN),
            images_differ=images_differ(self._shape, "new", "old"),
        )


def _comparable(state: State, shape: Shape, resync: bool) -> Shape | None:
    """The snapshot's shape where its rows can be compared by key; None: begin from nothing."""
    old = state.shape
    if old is None or old.identity == shape.identity:
        return old
    if not resync:
        raise ConfigurationError(
            f"sync {state.sync!r}: its rows were sent to {old.table}, found by "
            f"{', '.join(old.key)} there; now it says {shape.table}, {', '.join(shape.key)}"
            + ("" if old.ledger == shape.ledger else ", in another database"),
            "the old rows stay as they are; to begin anew: pgsync-assets run "
            f"{state.sync} --full-resync",
        )
    return None
