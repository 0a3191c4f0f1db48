"""Where the rows of a model come from, for a comparison in the planner's database.

In place (lightning): planner and model are in one database, a plan is one statement. Across
(standard): keys and digests come over first; the images of changed rows are fetched by key in the
same snapshot of the source afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
from psycopg import sql

from ..config import ModelConfig, Partition, Slice
from ..model import Past, Relation, condition, rows
from ..sql import column, column_list
from .digest import digest
from .run import Run
from .shape import DIGEST, Shape

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Question:
    """What is read.

    Args:
        model: what to send, with its SQL loaded.
        relation: the model, described.
        shape: of the plan.
        partition: only this slice of it.
        by_digest: rows are compared by digest.
        past: only what lies past a cursor.
        covered: what all partitions hold together; None for everything.
    """

    model: ModelConfig
    relation: Relation
    shape: Shape
    partition: Partition | None
    by_digest: bool
    past: Past | None = None
    covered: Slice | None = None

    def keys_of_all(self) -> sql.Composable:
        """A SELECT of the keys of all partitions together."""
        among = condition(self.covered, "model") if self.covered else None
        return rows(self.model, self.shape.key, None, among)

    def cut(self, columns: tuple[str, ...]) -> sql.Composable:
        """A SELECT of some columns of the rows that are read."""
        past = self.past.condition("model") if self.past else None
        return rows(self.model, columns, self.partition, past)

    def rows(self, columns: tuple[str, ...]) -> sql.Composable:
        """A SELECT of some columns, and the digest of all where rows are compared by it."""
        shape = self.shape
        image = self.cut(shape.columns)
        if not self.by_digest:
            return image
        return sql.SQL("SELECT {}, {} AS {} FROM ({}) AS model").format(
            column_list(columns, "model"),
            digest(zip(shape.columns, shape.types, strict=True), "model", shape.algorithm),
            column(DIGEST),
            image,
        )


Fetch = Callable[[Connection, sql.Composable], sql.Composable]
"""Makes a table of the images of changed rows, as they are in the same moment, in the planner's
transaction; of a table with the keys of all changes, numbered (`_pgsync_row`), and what happened
to each (`_pgsync_op`)."""


class Reading(Protocol):
    """The model, readable in the planner's database within one transaction."""

    bytes: int
    """Read from the source so far, where that is another server."""

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Holds one moment of the source for the length of the block."""
        yield

    def stream(self, connection: Connection, run: Run) -> int | None:
        """Makes the plan of a first sync whose rows stay where they are until they are written.

        Args:
            connection: the planner's transaction.
            run: whose plan it is.

        Returns:
            Bytes of the table's file; None where the rows have to be stored.
        """

    def model(self, connection: Connection, *, images: bool, old: Shape | None) -> sql.Composable:
        """A relation, named `model`, with the rows to be compared.

        Args:
            connection: the planner's transaction.
            images: with all columns, not only what tells whether a row changed.
            old: of the snapshot that they are compared with, if they are.
        """

    def among(self, alias: str) -> sql.Composable | None:
        """The condition on rows of the snapshot that the rows of `model` are to be compared with.

        Args:
            alias: of the snapshot.

        Returns:
            None: all of them. The others are in the model as they are in the snapshot.
        """

    def fetch(self, *, images: bool) -> Fetch | None:
        """What brings the images of changed rows; None where the relation has them already.

        Args:
            images: as `model` was asked.
        """

    def keys_left(self, connection: Connection, gone: sql.Composable) -> sql.Composable:
        """A SELECT of those keys of `gone` that the whole model, uncut, still has."""

    def highest(self, connection: Connection, name: str) -> str | None:
        """The highest value of a column among the rows that are read, as text."""

    def check(self, connection: Connection) -> None:
        """Looks whether everything that was read is of one moment.

        Raises:
            Contention: a table was replaced meanwhile.
        """

    def forget(self, connection: Connection) -> None:
        """Drops what was stored for the comparison."""
