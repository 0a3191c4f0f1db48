"""Engine lightning: planner and model are in one database, a comparison is one statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from ..model import check_moment
from ..sql import column, relation
from .reading import Connection, Fetch, Question
from .run import Run
from .settings import Settings
from .shape import Shape
from .state import Planner, State
from .streamed import Streamed


class InPlace:
    """Planner and model are in one database.

    Args:
        planner: of this database.
        state: as claimed.
        question: what is read.
        streamed: holds the snapshot until the rows are written, where they may travel that way.
    """

    bytes = 0

    def __init__(
        self,
        planner: Planner,
        state: State,
        question: Question,
        streamed: Streamed | None = None,
    ) -> None:
        self._streamed = streamed
        self._question = question
        self._session = planner.session
        self._stored = relation(planner.schema, f"model_{state.id}")
        self._is_stored = False

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """The planner's own transaction is the snapshot."""
        yield

    def fetch(self, *, images: bool) -> Fetch | None:
        """Nothing: reading all columns costs nothing here."""
        return None

    def stream(self, connection: Connection, run: Run) -> int | None:
        """Keys, digests and places are stored; see `Streamed`."""
        self._settings = Settings(self._session)
        if self._streamed is None:
            return None
        size = self._streamed.plan_here(connection, run)
        if size is None:
            self._streamed.close()
        else:
            self.check(connection)
        return size

    def among(self, alias: str) -> sql.Composable | None:
        """Nothing has to travel: all rows are compared."""
        return None

    def model(self, connection: Connection, *, images: bool, old: Shape | None) -> sql.Composable:
        """The model itself where an index proves its key; else a copy.

        Read twice, it might answer differently, and rows with an invalid key are counted first.
        """
        selected = self._question.rows(self._question.shape.columns)
        if self._question.relation.unique_key:
            return sql.SQL("({}) AS model").format(selected)
        # Unlogged, as it lives for this transaction only. binary=True asks for the extended
        # protocol, which takes one statement only, whatever the model says.
        connection.execute(
            sql.SQL("CREATE UNLOGGED TABLE {} AS {}").format(self._stored, selected), binary=True
        )
        self._is_stored = True
        return sql.SQL("{} AS model").format(self._stored)

    def keys_left(self, connection: Connection, gone: sql.Composable) -> sql.Composable:
        """The whole model; PostgreSQL probes its index where there is one."""
        return self._question.keys_of_all()

    def highest(self, connection: Connection, name: str) -> str | None:
        """Asks the model again, in the same snapshot: the column may not travel."""
        row = connection.execute(
            sql.SQL("SELECT max({})::text FROM ({}) AS model").format(
                column(name, "model"), self._question.cut((name,))
            ),
            binary=True,
        ).fetchone()
        return row[0] if row else None

    def check(self, connection: Connection) -> None:
        """By the planner's own transaction, which has read the model."""
        self._settings.check_ours()
        check_moment(connection, self._session.name)

    def forget(self, connection: Connection) -> None:
        """Drops the copy."""
        if self._is_stored:
            connection.execute(sql.SQL("DROP TABLE {}").format(self._stored))
