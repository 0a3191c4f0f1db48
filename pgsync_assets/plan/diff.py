"""What changed: the model compared with the snapshot, as the numbered rows of a plan table.

One REPEATABLE READ transaction compares, stores the changed rows with their images and counts
them. Later edits at the source cannot change this run. A full plan holds every row of the model
(a first sync, a resync, a changed mapping) and *becomes* the snapshot: one copy.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from ..config import ModelConfig, Partition
from ..errors import ConfigurationError, TooManyRejectedRows
from ..model import rows
from ..sql import COMMA, column, column_list, relation
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
        self._planner = planner
        self._state = state
        self._model = model
        self._shape = shape
        self._proven = proven
        self._partition = partition
        self._old = _comparable(state, shape, resync)
        self.is_full = resync or self._old is None or self._old != shape

    def store(self, run: Run, fingerprint: str, batch_size: int, max_invalid: int) -> Plan:
        """Compares, and stores the plan; commits.

        Args:
            run: the run that the plan belongs to.
            fingerprint: of configuration and destination.
            batch_size: rows per destination transaction.
            max_invalid: more rows with an invalid key than this stop the run.

        Raises:
            TooManyRejectedRows: of those; nothing was stored.
            FencedOff: a newer run took over.
        """
        with self._planner.hold(self._state, "planning") as connection:
            self._create_table(connection)
            # binary=True: the extended protocol takes one statement only, whatever the model says.
            connection.execute(self._insert(run), binary=True)
            invalid = self._planner.failures(connection, run)[1].total
            if invalid > max_invalid:
                raise TooManyRejectedRows(
                    f"{self._state.sync}: {invalid} rows of the model have a NULL or repeated key"
                    f" ({', '.join(self._shape.key)}), max_rejected_rows is {max_invalid}",
                    "choose a key that identifies a row, or filter such rows in the model",
                )
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
        return plan

    def _create_table(self, connection: psycopg.Connection[Any]) -> None:
        # Types and collations come from PostgreSQL itself; only the query tells them all.
        connection.execute(
            sql.SQL(
                "CREATE TABLE {} WITH (fillfactor = 90) AS"
                ' SELECT NULL::bigint AS {}, NULL::"char" AS {}, described.*'
                " FROM ({}) AS described WITH NO DATA"
            ).format(
                self._planner.plan_table(self._state),
                column(ROW),
                column(OPERATION),
                rows(self._model, self._shape.columns),
            ),
            binary=True,
        )

    def _create_indexes(self, connection: psycopg.Connection[Any], run: Run) -> None:
        table = self._planner.plan_table(self._state)
        # Batches are read by row number; rows lie in that order, so a block range index finds them.
        connection.execute(
            sql.SQL("CREATE INDEX {} ON {} USING brin ({}) WITH (pages_per_range = 16)").format(
                sql.Identifier(f"rows_{run.id}"), table, column(ROW)
            )
        )
        if self.is_full:
            connection.execute(
                sql.SQL("CREATE UNIQUE INDEX {} ON {} ({})").format(
                    sql.Identifier(f"key_{run.id}"), table, column_list(self._shape.key)
                )
            )

    def _insert(self, run: Run) -> sql.Composable:
        return sql.SQL("WITH {} INSERT INTO {} ({}) {}").format(
            COMMA.join([self._model_cte(), *self._key_ctes(run)]),
            self._planner.plan_table(self._state),
            column_list((*self._shape.columns, ROW, OPERATION)),
            self._all_rows() if self._old is None else self._changed_rows(),
        )

    def _model_cte(self) -> sql.Composable:
        # Read once: a model may answer differently the second time. Where nothing but the
        # comparison reads it, PostgreSQL may plan it together with the comparison.
        return sql.SQL("model AS {} ({})").format(
            sql.SQL("NOT MATERIALIZED" if self._proven else "MATERIALIZED"),
            rows(self._model, self._shape.columns, self._partition),
        )

    def _key_ctes(self, run: Run) -> list[sql.Composable]:
        if self._proven:
            return [sql.SQL("sound AS (SELECT * FROM model)")]
        return [self._repeated(), self._refused(run), self._sound()]

    def _repeated(self) -> sql.Composable:
        key = column_list(self._shape.key, "model")
        return sql.SQL(
            "repeated AS MATERIALIZED"
            " (SELECT {} FROM model WHERE {} GROUP BY {} HAVING count(*) > 1)"
        ).format(key, has_key(self._shape, "model"), key)

    def _refused(self, run: Run) -> sql.Composable:
        in_snapshot = sql.SQL("false")
        if self._old is not None:
            in_snapshot = sql.SQL("EXISTS (SELECT FROM {} AS old WHERE {})").format(
                self._planner.snapshot_table(self._state), same_key(self._shape, "old", "model")
            )
        return sql.SQL(
            "refused AS (INSERT INTO {rejections} (run_id, plan_row, operation, row_id, reason)"
            " SELECT {run}, -row_number() OVER (),"
            " CASE WHEN {in_snapshot} THEN 'changed' ELSE 'added' END, {row_id},"
            " CASE WHEN {has_key} THEN 'the key occurs more than once in the model'"
            " ELSE 'a key column is NULL' END"
            " FROM model WHERE NOT {has_key} OR EXISTS (SELECT FROM repeated WHERE {same}))"
        ).format(
            rejections=relation(self._planner.schema, "rejections"),
            run=sql.Literal(run.id),
            in_snapshot=in_snapshot,
            row_id=row_id(self._shape, "model"),
            has_key=has_key(self._shape, "model"),
            same=same_key(self._shape, "repeated", "model"),
        )

    def _sound(self) -> sql.Composable:
        return sql.SQL(
            "sound AS (SELECT * FROM model"
            " WHERE {} AND NOT EXISTS (SELECT FROM repeated WHERE {}))"
        ).format(has_key(self._shape, "model"), same_key(self._shape, "repeated", "model"))

    def _all_rows(self) -> sql.Composable:
        return sql.SQL("SELECT {}, row_number() OVER (), 'a' FROM sound").format(
            column_list(self._shape.columns, "sound")
        )

    def _changed_rows(self) -> sql.Composable:
        """Removals first: another row may take over a unique value of a removed one (trap 9)."""
        operation = sql.SQL(
            "CASE WHEN old.{row} IS NULL THEN 'a' WHEN new.{key} IS NULL THEN 'r' ELSE 'c' END"
        ).format(row=column(ROW), key=column(self._shape.key[0]))
        return sql.SQL(
            "SELECT {columns}, row_number() OVER (ORDER BY operation DESC), operation FROM ("
            " SELECT {images}, {operation} AS operation"
            " FROM sound AS new FULL JOIN {snapshot} AS old ON {same_key}"
            " WHERE {is_change}) AS change"
        ).format(
            columns=column_list(self._shape.columns, "change"),
            images=COMMA.join(self._image(name) for name in self._shape.columns),
            operation=operation,
            snapshot=self._planner.snapshot_table(self._state),
            same_key=same_key(self._shape, "old", "new"),
            is_change=self._is_change(),
        )

    def _image(self, name: str) -> sql.Composable:
        """The new value; of a removed row the old one, where the snapshot has it."""
        new = column(name, "new")
        if not self._is_kept(name):
            return sql.SQL("{} AS {}").format(new, column(name))
        return sql.SQL("CASE WHEN new.{} IS NULL THEN {} ELSE {} END AS {}").format(
            column(self._shape.key[0]), column(name, "old"), new, column(name)
        )

    def _is_kept(self, name: str) -> bool:
        old = self._old
        return old is not None and old.type_of(name) == self._shape.type_of(name)

    def _is_change(self) -> sql.Composable:
        still_there = sql.SQL("true")
        if not self._proven:
            # A key that occurs twice is refused, not removed: its state stays as it was.
            still_there = sql.SQL(
                "(new.{} IS NOT NULL OR NOT EXISTS (SELECT FROM repeated WHERE {}))"
            ).format(column(self._shape.key[0]), same_key(self._shape, "repeated", "old"))
        if self.is_full:
            return still_there
        return sql.SQL(
            "{} AND (old.{} IS NULL OR new.{} IS NULL OR old.{} = {} OR {})"
        ).format(
            still_there,
            column(ROW),
            column(self._shape.key[0]),
            column(OPERATION),
            sql.Literal(SEND_AGAIN),
            images_differ(self._shape, "new", "old"),
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
