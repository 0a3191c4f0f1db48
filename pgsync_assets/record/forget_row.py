"""A row is forgotten: found wherever the planner and the audit know it, and taken out of there.

Its names and values go. What runs have counted stays: a line of the log without a name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..outcome import InvalidKey
from ..plan import Plan, Planner, Shape, State, keys
from ..plan.invalid_keys import key_columns
from ..privacy import NO_KEY
from ..sql import relation, statement
from ..write import SAID
from .former_names import former_names
from .own_table import drop_left
from .row_names import RowNames

Connection = psycopg.Connection[Any]

NEWEST = 2**63 - 1  # a sync's own name is its name in every run
BECAUSE = "a row of it was forgotten"


@dataclass(frozen=True)
class Found:
    """What one state of the planner has of a row.

    Args:
        state: as claimed.
        names: its plain names there.
        rejections: run and number of the row in its plan, of each time that it was refused.
        is_refused: it is refused now.
        held: the plan that holds it, where one does.
        rows: of the state's snapshot: it was sent.
        frames: numbers of the loads of its model that have it.
    """

    state: State
    names: frozenset[str]
    rejections: tuple[tuple[int, int], ...]
    is_refused: bool
    held: Plan | None
    rows: int
    frames: tuple[int, ...]


class RowForgetting:
    """One row, in the planner and in the audit beside it.

    Args:
        planner: where its states are.
        audit: name of the audit's schema.
        names: how rows of the sync are named.
        row_ids: every name that the row may have.
        model: name of the model, by which loads of it are known.
    """

    def __init__(
        self,
        planner: Planner,
        audit: str,
        names: RowNames,
        row_ids: Iterable[str],
        model: str | None,
    ) -> None:
        self._planner = planner
        self._audit = audit
        self._names = names
        self._row_ids = tuple(row_ids)
        self._model = model

    def bind(self, connection: Connection) -> None:
        """Gives a transaction the names of the row, and the key of the hash."""
        self._names.bind(connection)
        self._execute(connection, "forget_wanted.sql")

    def find(self, connection: Connection, state: State, held: Plan | None) -> Found:
        """Looks for the row in one state. Reads its snapshot and its plan once.

        Args:
            connection: a transaction on the planner's database, with the names of the row.
            state: as claimed.
            held: its plan that waits, if there is one.
        """
        refused = self._execute(connection, "forget_find.sql", state=state.id).fetchall()
        planned, sent = [], []
        if held is not None:
            table = self._planner.plan_table(held.run)
            planned = self._among(connection, table, held.shape)
        if state.shape is not None:
            table = self._planner.snapshot_table(state)
            sent = self._among(connection, table, state.shape)
        return Found(
            state=state,
            names=frozenset([*(name for name, _, _ in refused), *planned, *sent]),
            rejections=tuple((run, row) for _, run, row in refused if run is not None),
            is_refused=any(run is None for _, run, _ in refused),
            held=held if planned else None,
            rows=len(sent),
            frames=tuple(self._frames(connection, state)),
        )

    def forget(
        self, connection: Connection, found: Found, *, also_state: bool
    ) -> Iterator[tuple[str, int]]:
        """Takes the row out of what the planner knows of one state.

        Args:
            connection: the planner's transaction, which holds the state, with the names.
            found: in this state.
            also_state: out of the snapshot, too.

        Returns:
            Rows by table.
        """
        state = found.state
        for table, name in (
            ("refused_rows", "forget_refused_rows.sql"),
            ("rejections", "forget_rejections.sql"),
        ):
            yield table, self._execute(connection, name, state=state.id).rowcount
        if found.held is not None:
            self._planner.close(connection, found.held.run, "superseded", BECAUSE)
            yield "held plans", 1
        if also_state and state.shape is not None and found.rows:
            deleted = connection.execute(
                sql.SQL("DELETE FROM {} AS t WHERE {}").format(
                    self._planner.snapshot_table(state), self._is_it(state.shape)
                )
            ).rowcount
            self._execute(connection, "forget_state_count.sql", state=state.id, row_count=deleted)
            self._planner.forget_held(connection, state, BECAUSE)
            yield "snapshot", deleted

    def forget_in_audit(self, connection: Connection, sync: str) -> Iterator[tuple[str, int]]:
        """Takes the row out of the audit, also under former names of the sync.

        Args:
            connection: the same transaction.
            sync: name of the sync.

        Returns:
            Rows by table.
        """
        drop_left(connection, self._planner, self._audit)  # a crashed run's, which nobody reads
        known = {**former_names(connection, self._audit, sync), sync: NEWEST}
        values = {
            "names": list(known),
            "runs": list(known.values()),
            "pattern": _named(self._names.privacy.key, self._row_ids),
        }
        for table, name in (
            ("sync_snapshot", "forget_snapshot.sql"),  # a view of the log, which comes after it
            ("sync_changelog", "forget_changelog.sql"),
            ("sync_changelog", "forget_columns.sql"),
            ("sync_runs", "forget_errors.sql"),
        ):
            yield table, self._execute(connection, name, **values).rowcount

    def note(self, connection: Connection, sync: str, removed: Mapping[str, int], by: str) -> None:
        """Keeps that it was done: by whom, and how many rows of each table; never which.

        Args:
            connection: the same transaction.
            sync: name of the sync.
            removed: rows by table.
            by: who did it.
        """
        self._execute(connection, "forget_noted.sql", sync=sync, by=by, removed=json.dumps(removed))

    def _frames(self, connection: Connection, state: State) -> Iterator[int]:
        if self._model is None or state.shape is None:
            return
        loads = self._execute(connection, "forget_frames.sql", model=self._model).fetchall()
        for (number,) in loads:
            table = relation(self._planner.schema, f"frame_{number}")
            if self._among(connection, table, state.shape):
                yield number

    def _among(self, connection: Connection, table: sql.Composable, shape: Shape) -> list[str]:
        """The plain names under which a relation has the row: one for each time."""
        query = sql.SQL("SELECT {} FROM {} AS t WHERE {}").format(
            keys.row_id(shape, "t"), table, self._is_it(shape)
        )
        return [name for (name,) in connection.execute(query)]

    def _is_it(self, shape: Shape) -> sql.Composable:
        names = (keys.row_id(shape, "t"), self._names.of(shape, "t"))
        # By text: no collation of the model may decide here.
        return sql.SQL(" OR ").join(
            sql.SQL(
                '({}) COLLATE pg_catalog."C" = ANY'
                " (pg_catalog.current_setting('pgsync.row_ids')::text[])"
            ).format(name)
            for name in names
        )

    def _execute(self, connection: Connection, name: str, **values: Any) -> psycopg.Cursor[Any]:
        query = statement(__package__ or "", name, audit=self._audit, planner=self._planner.schema)
        ours = {"row_ids": list(self._row_ids), "said": SAID, **self._names.values}
        return connection.execute(query, ours | values)


def _named(key: tuple[str, ...], row_ids: Iterable[str]) -> str:
    """A pattern for a row as `InvalidKeys` names it in a message: `id=5`, never that of `id=55`."""
    columns = (key_columns(key, name, is_missing=name == NO_KEY) for name in row_ids)
    names = "|".join(re.escape(str(InvalidKey(one, 1))) for one in columns)
    return rf"({names})(?=$|;| \()"


def added_up(removed: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Rows by table; of tables that had some.

    Args:
        removed: rows of a table, in any order.
    """
    total: Counter[str] = Counter()
    for table, rows in removed:
        total[table] += rows
    return {table: rows for table, rows in total.items() if rows}
