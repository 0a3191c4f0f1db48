"""The SQL of a comparison: model and snapshot joined on the key, and what each pair means."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from ..outcome import Counts
from ..sql import COMMA, column, column_list, relation
from .keys import OPERATION, ROW, SEND_AGAIN, has_key, images_differ, same_key
from .parked import Parked
from .part import Part, take
from .reading import Reading
from .scope import Scope
from .shape import DIGEST, LABEL, Shape
from .state import Planner, State

MOST_OF_A_SIDE = 800  # columns: PostgreSQL has no row of more than 1,664, be it of a join
THERE = "_pgsync_there"  # true in every row of the model, where its key may be NULL

Connection = psycopg.Connection[Any]


class Comparison:
    """One model beside one snapshot, in the planner's database.

    Args:
        planner: where the snapshot is.
        state: as claimed.
        shape: of the plan.
        old: of the snapshot; None: begin from nothing.
        model: relation named `model`.
        proven: an index guarantees that its key is unique and never NULL.
        scope: which rows are compared.
        among: the condition on rows of the snapshot, named `old`, that are; None: all of them.
    """

    def __init__(
        self,
        planner: Planner,
        state: State,
        shape: Shape,
        old: Shape | None,
        model: sql.Composable,
        proven: bool,
        scope: Scope,
        among: sql.Composable | None,
    ) -> None:
        self.shape = shape
        self.old = old
        self.proven = proven
        self._scope = scope
        self._changed = relation(planner.schema, f"changed_{state.id}")
        self._gone = relation(planner.schema, f"gone_{state.id}")
        self._part = relation(planner.schema, f"part_{state.id}")
        self._stored: list[sql.Composable] = []
        self.parts: dict[str, sql.Composable] = {
            "model": model,
            "snapshot": planner.snapshot_table(state),
            "rejections": relation(planner.schema, "rejections"),
            "row": column(ROW),
            "op": column(OPERATION),
            "digest": column(DIGEST),
            "label": column(LABEL),
            "here": sql.Literal(scope.label),
            "there": column(THERE if shape.nullable_key and not proven else shape.key[0]),
            "keys": column_list(shape.key),
        }
        self._known = self.parts["snapshot"]
        if among is not None:
            self._known = self._sql("(SELECT * FROM {snapshot} AS old WHERE {among})", among=among)

    def prepare(self, connection: Connection, reading: Reading, parked: Parked | None) -> None:
        """Where partitions share the snapshot: whose rows are whose, and which are really gone.

        Args:
            connection: the planner's transaction.
            reading: of the model.
            parked: rows that earlier runs were refused; the snapshot may not know them.
        """
        if self._scope.label is None or self.old is None or not self._scope.finds_removals:
            return
        # A row that came from another partition is this one's from now on, sent or not.
        connection.execute(
            self._sql(
                "UPDATE {snapshot} AS old SET {label} = {here} FROM {model}"
                " WHERE {same_key} AND old.{label} IS DISTINCT FROM {here}",
                same_key=same_key(self.shape, "old", "model"),
            ),
            binary=True,
        )
        connection.execute(
            self._sql(
                "CREATE UNLOGGED TABLE {gone} AS"
                " SELECT row_number() OVER () AS {row}, missing.* FROM ("
                " SELECT {old_keys} FROM {snapshot} AS old"
                " WHERE (old.{label} = {here} OR old.{label} IS NULL)"
                " AND NOT EXISTS (SELECT FROM {model} WHERE {same_key}) {refused}) AS missing",
                gone=self._gone,
                refused=parked.missing(self.parts["model"]) if parked else sql.SQL(""),
                old_keys=column_list(self.shape.key, "old"),
                same_key=same_key(self.shape, "old", "model"),
            ),
            binary=True,
        )
        self._stored.append(self._gone)
        left = reading.keys_left(connection, self._gone)
        connection.execute(
            self._sql(
                "DELETE FROM {gone} AS gone USING ({left}) AS still WHERE {same_key}",
                gone=self._gone,
                left=left,
                same_key=same_key(self.shape, "gone", "still"),
            ),
            binary=True,
        )
        if parked is not None:
            parked.keep_moved(self.parts["model"], self._gone)

    def ctes(self) -> sql.Composable:
        """`sound`: rows with a key of their own; `repeated`: keys that occur more than once."""
        if self.proven:
            return self._sql("WITH sound AS (SELECT * FROM {model})")
        return self._sql(
            "WITH {repeated}, sound AS (SELECT model.*{is_there} FROM {model}"
            " WHERE {has_key} AND NOT EXISTS (SELECT FROM repeated WHERE {same_key}))",
            repeated=self.repeated(),
            is_there=sql.SQL(", true AS {}").format(column(THERE))
            if self.shape.nullable_key
            else sql.SQL(""),
            has_key=has_key(self.shape, "model"),
            same_key=same_key(self.shape, "repeated", "model"),
        )

    def repeated(self) -> sql.Composable:
        """The keys that occur more than once, as a common table expression."""
        return self._sql(
            "repeated AS MATERIALIZED (SELECT {model_keys} FROM {model} WHERE {has_key}"
            " GROUP BY {model_keys} HAVING count(*) > 1)",
            model_keys=column_list(self.shape.key, "model"),
            has_key=has_key(self.shape, "model"),
        )

    def changes(self, columns: tuple[str, ...]) -> sql.Composable:
        """A SELECT of what changed: its operation and some columns. Stands behind `ctes`.

        Args:
            columns: of the new image; of a removed row those that the snapshot has.
        """
        if self.old is None:
            return self._sql(
                "SELECT {columns}, 'a' AS {op} FROM sound", columns=column_list(columns, "sound")
            )
        return self._sql(
            "SELECT {images}, CASE WHEN old.{row} IS NULL THEN 'a'"
            " WHEN new.{there} IS NULL THEN 'r' ELSE 'c' END AS {op}"
            " FROM sound AS new {join} {known} AS old ON {same_key} WHERE {is_change} {apart}",
            images=COMMA.join(self._image(name) for name in columns),
            known=self._known,
            join=sql.SQL("FULL JOIN" if self._scope.finds_removals else "LEFT JOIN"),
            same_key=same_key(self.shape, "old", "new"),
            is_change=self._is_change(),
            # Who numbers these rows would carry the columns of both sides along.
            apart=sql.SQL("OFFSET 0" if len(columns) > MOST_OF_A_SIDE else ""),
        )

    @property
    def known(self) -> tuple[str, ...]:
        """What is known of a row before its image is fetched."""
        return (*self.shape.key, DIGEST)

    def store_changes(self, connection: Connection, columns: tuple[str, ...]) -> sql.Composable:
        """A table of the changes, numbered: their operation and some columns."""
        connection.execute(
            self._sql(
                "CREATE UNLOGGED TABLE {changed} AS {ctes}"
                " SELECT row_number() OVER () AS {row}, change.* FROM ({changes}) AS change",
                changed=self._changed,
                ctes=self.ctes(),
                changes=self.changes(columns),
            ),
            binary=True,
        )
        self._stored.append(self._changed)
        return self._changed

    def take(
        self,
        connection: Connection,
        part: Part,
        changed: sql.Composable,
        columns: tuple[str, ...],
        refused: sql.Composable | None,
    ) -> tuple[sql.Composable, Counts]:
        """The part of the stored changes that is planned, as a table, and what is left over."""
        counts = take(connection, part, self.shape, changed, columns, refused, self._part)
        self._stored.append(self._part)
        return self._part, counts

    def with_images(
        self, changed: sql.Composable, images: sql.Composable, columns: tuple[str, ...]
    ) -> sql.Composable:
        """A SELECT of stored changes and their fetched images, where those are the same rows."""
        return self._sql(
            "SELECT {columns}, changed.{op} FROM {changed} AS changed"
            " LEFT JOIN {images} AS image ON {same_key} AND changed.{op} <> 'r'"
            " WHERE changed.{op} = 'r' OR image.{digest} = changed.{digest}",
            columns=COMMA.join(
                column(name, "changed" if name in self.known else "image") for name in columns
            ),
            changed=changed,
            images=images,
            same_key=same_key(self.shape, "image", "changed"),
        )

    def forget(self, connection: Connection) -> None:
        """Drops what was stored for the comparison."""
        for table in self._stored:
            connection.execute(sql.SQL("DROP TABLE {}").format(table))

    def _image(self, name: str) -> sql.Composable:
        """The new value; of a removed row the old one, where the snapshot has it."""
        new = column(name, "new")
        if self.old is None or not self.old.keeps(name, self.shape):
            return sql.SQL("{} AS {}").format(new, column(name))
        return self._sql(
            "CASE WHEN new.{there} IS NULL THEN {old} ELSE {new} END AS {name}",
            old=column(name, "old"),
            new=new,
            name=column(name),
        )

    def _is_change(self) -> sql.Composable:
        if self._scope.only_new:
            return self._sql("old.{row} IS NULL")
        counts = self._still_there()
        if self._scope.sends_all:
            return counts
        compared = self.shape if self.old is None or self.old.holds == "rows" else self.old
        return self._sql(
            "{counts} AND (old.{row} IS NULL OR new.{there} IS NULL OR old.{op} = {again}"
            " OR {images_differ})",
            counts=counts,
            again=sql.Literal(SEND_AGAIN),
            images_differ=images_differ(compared, "new", "old"),
        )

    def _still_there(self) -> sql.Composable:
        """Whether a pair counts: a row that is missing has to be gone for good."""
        if not self._scope.finds_removals:
            return sql.SQL("true")
        gone: list[sql.Composable] = []
        if not self.proven:
            # A key that occurs twice is refused, not removed: its state stays as it was.
            gone.append(
                self._sql(
                    "NOT EXISTS (SELECT FROM repeated WHERE {same})",
                    same=same_key(self.shape, "repeated", "old"),
                )
            )
        if self._scope.label is not None:
            gone.append(
                self._sql(
                    "EXISTS (SELECT FROM {gone} AS gone WHERE {same})",
                    gone=self._gone,
                    same=same_key(self.shape, "gone", "old"),
                )
            )
        if not gone:
            return sql.SQL("true")
        return self._sql("(new.{there} IS NOT NULL OR ({gone}))", gone=sql.SQL(" AND ").join(gone))

    def _sql(self, template: str, **more: sql.Composable) -> sql.Composed:
        return sql.SQL(template).format(**self.parts, **more)
