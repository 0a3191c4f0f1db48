"""What the planner knows of a sync (or one partition), and the run that is under way."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from ..connect import REPEATABLE_READ, Session
from ..errors import FencedOff
from ..outcome import Counts, Rejection
from ..sql import column, relation, statement
from .keys import OPERATION, ROW, operation, row_id
from .shape import Shape

Refused = tuple[int, str | None, str | None, str | None, str]
"""What a ledger says about a refused row: plan row, SQLSTATE, constraint, column, reason."""


@dataclass(frozen=True)
class State:
    """One row of `states`, claimed by this run.

    Args:
        id: names the tables `snapshot_<id>` and `plan_<id>`.
        epoch: our fence number.
        shape: what the snapshot holds; None where there is no snapshot.
        row_count: rows in the snapshot.
        ledger: identity of the destination that the snapshot is about.
        ledger_run: the last run that the ledger has to know; None where none wrote yet.
        installation: who we are in the ledger.
    """

    id: int
    sync: str
    partition: str
    epoch: int
    shape: Shape | None
    row_count: int
    ledger: UUID | None
    ledger_run: int | None
    installation: UUID


@dataclass(frozen=True)
class Run:
    """A run whose plan may not be complete yet."""

    id: int
    started_at: dt.datetime


@dataclass(frozen=True)
class Plan:
    """A complete plan: `plan_<state id>` holds its rows, numbered from 1, removals first.

    Args:
        run: the run that it belongs to.
        is_full: it holds every row of the model and becomes the snapshot; else changes only.
        fingerprint: of the configuration and destination that it was made for.
        shape: of its rows.
        batch_size: rows per destination transaction; batch k holds the rows
            `(k - 1) * batch_size < row <= k * batch_size`.
        counts: rows in it by operation.
        invalid: rows of the model with a NULL or repeated key, which are not in it.
        is_held: it is there to be looked at, nobody is writing it.
    """

    run: Run
    is_full: bool
    fingerprint: str
    shape: Shape
    batch_size: int
    counts: Counts
    invalid: int
    is_held: bool = False

    @property
    def batches(self) -> int:
        """Number of batches; 0 where there is nothing to write."""
        return -(-self.counts.total // self.batch_size)

    def rows_of(self, batch: int) -> tuple[int, int]:
        """Row numbers of a batch: (last row before it, its last row)."""
        first = (batch - 1) * self.batch_size
        return first, min(first + self.batch_size, self.counts.total)


class Planner:
    """The schema `hightouch_planner`, through one session.

    Args:
        session: on the database that holds it (lightning: the source).
        schema: its name.
    """

    def __init__(self, session: Session, schema: str) -> None:
        self.session = session
        self.schema = schema

    def plan_table(self, state: State) -> sql.Composable:
        """`"hightouch_planner"."plan_<id>"`."""
        return relation(self.schema, f"plan_{state.id}")

    def snapshot_table(self, state: State) -> sql.Composable:
        """`"hightouch_planner"."snapshot_<id>"`."""
        return relation(self.schema, f"snapshot_{state.id}")

    def statement(self, name: str) -> sql.Composed:
        """One of the fixed statements of this room."""
        return statement(__package__, name, planner=self.schema)

    def claim(self, sync: str, partition: str, fence: int = 0) -> State:
        """Takes a sync over under a new epoch. The lock has to be held.

        Args:
            sync: its name.
            partition: name of the partition, or empty.
            fence: the epoch will be above it.
        """
        with self.session.transaction("claiming the sync") as connection:
            row = connection.execute(
                self.statement("claim.sql"), {"sync": sync, "partition": partition, "fence": fence}
            ).fetchone()
            who = connection.execute(self.statement("installation.sql"), {}).fetchone()
        assert row is not None and who is not None  # noqa: S101, PT018 - both always have a row
        shape = Shape.from_json(row[2]) if row[2] is not None else None
        return State(row[0], sync, partition, row[1], shape, row[3], row[4], row[5], who[0])

    @contextmanager
    def hold(self, state: State, doing: str) -> Iterator[psycopg.Connection[Any]]:
        """A planner transaction that only the newest run may have.

        Args:
            state: as claimed.
            doing: what the block does, for messages.

        Raises:
            FencedOff: a newer run took over.
        """
        with self.session.transaction(doing, REPEATABLE_READ) as connection:
            held = connection.execute(
                self.statement("hold.sql"), {"state": state.id, "epoch": state.epoch}
            )
            if held.rowcount != 1:
                raise FencedOff(f"{state.sync}: a newer run took over while this one was {doing}")
            yield connection

    def abandoned(self, state: State) -> list[Run]:
        """Closes runs that were interrupted before their plan was complete.

        Returns:
            Those runs, so that the audit can tell of them.
        """
        with self.hold(state, "closing interrupted runs") as connection:
            rows = connection.execute(self.statement("abandon.sql"), {"state": state.id}).fetchall()
        return [Run(*row) for row in rows]

    def begin(self, state: State) -> Run:
        """Starts a run; there must be no open one."""
        with self.hold(state, "starting the run") as connection:
            row = connection.execute(self.statement("begin.sql"), {"state": state.id}).fetchone()
        assert row is not None  # noqa: S101 - INSERT .. RETURNING
        return Run(*row)

    def open_plan(self, state: State) -> Plan | None:
        """The plan that an earlier run left unsettled, if there is one."""
        with self.hold(state, "looking for an unfinished plan") as connection:
            row = connection.execute(self.statement("open_run.sql"), {"state": state.id}).fetchone()
        if row is None:
            return None
        return Plan(
            run=Run(row[0], row[1]),
            is_full=row[2],
            fingerprint=row[3],
            shape=Shape.from_json(row[4]),
            batch_size=row[5],
            counts=Counts(row[6], row[7], row[8]),
            invalid=row[9],
            is_held=row[10],
        )

    def keep(self, state: State, run: Run) -> None:
        """Leaves a complete plan for people to look at, until the next run replaces it."""
        with self.hold(state, "keeping the plan") as connection:
            connection.execute(self.statement("keep.sql"), {"run": run.id})

    def drop(self, state: State, run: Run, status: str) -> None:
        """Ends a run of which nothing was written, and drops its plan.

        Args:
            state: as claimed.
            run: the run to end.
            status: `superseded` or `failed`.
        """
        with self.hold(state, "dropping a plan") as connection:
            self.close(connection, state, run, status)

    def close(
        self, connection: psycopg.Connection[Any], state: State, run: Run, status: str
    ) -> None:
        """Ends a run inside a planner transaction; its plan goes, unless it became the snapshot."""
        connection.execute(self.statement("close.sql"), {"run": run.id, "status": status})
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self.plan_table(state)))

    def reject(
        self, connection: psycopg.Connection[Any], state: State, plan: Plan, rejects: list[Refused]
    ) -> None:
        """Takes over what the ledger says about refused rows, with their keys from the plan."""
        if not rejects:
            return
        # Literals, not parameters: with those a % in the name of a key column would be one, too.
        lists = [sql.Literal(list(values)) for values in zip(*rejects, strict=True)]
        connection.execute(
            sql.SQL(
                "INSERT INTO {rejections} (run_id, plan_row, operation, row_id,"
                " sqlstate, constraint_name, column_name, reason)"
                " SELECT {run}, p.{row}, {operation}, {row_id},"
                " refused.sqlstate, refused.constraint_name, refused.column_name, refused.reason"
                " FROM unnest({}::bigint[], {}::text[], {}::text[], {}::text[], {}::text[])"
                " AS refused (plan_row, sqlstate, constraint_name, column_name, reason)"
                " JOIN {plan} AS p ON p.{row} = refused.plan_row"
            ).format(
                *lists,
                rejections=relation(self.schema, "rejections"),
                run=sql.Literal(plan.run.id),
                row=column(ROW),
                operation=operation("p"),
                row_id=row_id(plan.shape, "p"),
                plan=self.plan_table(state),
            )
        )

    def failures(self, connection: psycopg.Connection[Any], run: Run) -> tuple[Counts, Counts]:
        """Refused rows of a run by operation: all, and those that never got into the plan."""
        row = connection.execute(self.statement("failures.sql"), {"run": run.id}).fetchone()
        assert row is not None  # noqa: S101 - an aggregate has one row
        return Counts(*row[:3]), Counts(row[3], row[4])

    def untried(self, connection: psycopg.Connection[Any], state: State, committed: int) -> Counts:
        """Rows of the plan behind its last committed one, by operation."""
        return self._counted(connection, state, committed)

    def planned(self, connection: psycopg.Connection[Any], state: State) -> Counts:
        """Rows of the plan, by operation."""
        return self._counted(connection, state, 0)

    def _counted(self, connection: psycopg.Connection[Any], state: State, behind: int) -> Counts:
        row = connection.execute(
            sql.SQL(
                "SELECT count(*) FILTER (WHERE {op} = 'a'), count(*) FILTER (WHERE {op} = 'c'),"
                " count(*) FILTER (WHERE {op} = 'r') FROM {table} WHERE {row} > {behind}"
            ).format(
                op=column(OPERATION),
                table=self.plan_table(state),
                row=column(ROW),
                behind=sql.Literal(behind),
            )
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate has one row
        return Counts(*row)

    def sample(
        self, connection: psycopg.Connection[Any], run: Run, limit: int = 20
    ) -> tuple[Rejection, ...]:
        """The first refused rows of a run, without values."""
        values = {"run": run.id, "limit": limit}
        rows = connection.execute(self.statement("rejections.sql"), values).fetchall()
        return tuple(Rejection(*row) for row in rows)

    def settled(self, connection: psycopg.Connection[Any], state: State, plan: Plan) -> None:
        """Stores what the state knows after a run, and ends the run."""
        connection.execute(
            self.statement("settled.sql"),
            {
                "state": state.id,
                "shape": json.dumps(state.shape.to_json()) if state.shape else None,
                "row_count": state.row_count,
                "ledger": state.ledger,
                "ledger_run": state.ledger_run,
            },
        )
        self.close(connection, state, plan.run, "settled")

    def save(self, connection: psycopg.Connection[Any], plan: Plan) -> None:
        """Marks a plan as complete, inside the transaction that made it."""
        connection.execute(
            self.statement("planned.sql"),
            {
                "run": plan.run.id,
                "is_full": plan.is_full,
                "fingerprint": plan.fingerprint,
                "shape": json.dumps(plan.shape.to_json()),
                "batch_size": plan.batch_size,
                "added": plan.counts.added,
                "changed": plan.counts.changed,
                "removed": plan.counts.removed,
                "invalid": plan.invalid,
            },
        )
