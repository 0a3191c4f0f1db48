"""The planner: what it knows of each sync (or partition), and the run that is under way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from typing import Any

import psycopg
from psycopg import sql

from ..connect import NOTHING, READ_ONLY, REPEATABLE_READ, Session
from ..errors import FencedOff
from ..outcome import Counts, Rejection
from ..sql import column, relation, statement
from .keys import OPERATION, ROW, operation, row_id, row_key
from .run import Plan, Run
from .state_row import State

__all__ = ["Planner", "Refused", "State"]

Refused = tuple[int, str | None, str | None, str | None, str]
"""What a ledger says about a refused row: plan row, SQLSTATE, constraint, column, reason."""


class Planner:
    """The schema `hightouch_planner`, through one session.

    Args:
        session: on the database that holds it (lightning: the source).
        schema: its name.
    """

    def __init__(self, session: Session, schema: str) -> None:
        self.session = session
        self.schema = schema

    def plan_table(self, run: Run) -> sql.Composable:
        """`"hightouch_planner"."plan_<run id>"`."""
        return relation(self.schema, f"plan_{run.id}")

    def snapshot_table(self, state: State) -> sql.Composable:
        """`"hightouch_planner"."snapshot_<id>"`."""
        return relation(self.schema, f"snapshot_{state.id}")

    def statement(self, name: str) -> sql.Composed:
        """One of the fixed statements of this room."""
        return statement(__package__, name, planner=self.schema)

    def claim(self, sync: str, partition: str, fence: int = 0, by: str | None = None) -> State:
        """Takes a sync over under a new epoch. The lock has to be held.

        Args:
            sync: its name.
            partition: name of the partition, or empty.
            fence: the epoch will be above it.
            by: who does it; None: who has said so before.
        """
        values = {"sync": sync, "partition": partition, "fence": fence, "by": by}
        claim = self.statement("claim.sql")
        (row,) = self.session.read("claiming the sync", claim, values)
        return State.of(sync, partition, row)

    def look(self, sync: str, partition: str) -> State | None:
        """What is known of a sync, without taking it over; None for nothing."""
        values = {"sync": sync, "partition": partition}
        rows = self._read("looking at the state", "look.sql", values)
        return State.of(sync, partition, rows[0]) if rows else None

    def partitions_of(self, sync: str, *, filled: bool = False) -> list[str]:
        """Names of the states of a sync; the empty one is that of the whole model.

        Args:
            sync: its name.
            filled: only those that know of rows.
        """
        rows = self._read("looking at the states", "states_of.sql", {"sync": sync})
        return [name for name, has_rows in rows if has_rows or not filled]

    def is_full_due(self, state: State, every: str) -> bool:
        """Whether the whole model was not compared for so long, by the planner's clock.

        Args:
            state: as claimed.
            every: a duration, as in `1 day`.
        """
        values = {"state": state.id, "every": every}
        ((is_due,),) = self._read("looking at the clock", "full_due.sql", values)
        return bool(is_due)

    @contextmanager
    def hold(self, state: State, doing: str, then: str = "") -> Iterator[psycopg.Connection[Any]]:
        """A planner transaction that only the newest run may have.

        Args:
            state: as claimed.
            doing: what the block does, for messages.
            then: a statement of this room without values, that travels with the fence.

        Raises:
            FencedOff: a newer run took over.
        """
        with self._held(state, doing, then) as (connection, _):
            yield connection

    @contextmanager
    def _held(
        self, state: State, doing: str, then: str = "", values: Mapping[str, object] = NOTHING
    ) -> Iterator[tuple[psycopg.Connection[Any], list[tuple[Any, ...]]]]:
        """See `hold`; with the rows of a statement of this room that travels with the fence."""
        known = {**state.fence, **values}
        first = [self.statement(name) for name in ("hold.sql", then) if name]
        with self.session.begun(doing, REPEATABLE_READ, first, known) as (connection, answers):
            _require(answers[0], state, doing)
            yield connection, answers[-1]

    def _read(self, doing: str, name: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        return self.session.read(doing, self.statement(name), values, READ_ONLY)

    @contextmanager
    def hold_all(self, states: Iterable[State], doing: str) -> Iterator[psycopg.Connection[Any]]:
        """A planner transaction about several states; see `hold`.

        Args:
            states: as claimed.
            doing: what the block does, for messages.

        Raises:
            FencedOff: a newer run took over.
        """
        with self.session.transaction(doing, REPEATABLE_READ) as connection:
            for state in states:
                held = connection.execute(self.statement("hold.sql"), state.fence)
                _require(held.fetchall(), state, doing)
            yield connection

    def abandoned(self, state: State) -> list[Run]:
        """Closes runs that were interrupted before their plan was complete.

        Returns:
            Those runs, so that the audit can tell of them.
        """
        with self._held(state, "closing interrupted runs", "abandon.sql") as (_, rows):
            return [Run(*row) for row in rows]

    def begin(self, state: State, partition: str = "") -> Run:
        """Starts a run; there must be none under way."""
        values = {"partition": partition}
        with self._held(state, "starting the run", "begin.sql", values) as (_, rows):
            ((number, started_at),) = rows
        return Run(number, started_at, partition)

    def open_plan(self, state: State, status: str = "planned") -> Plan | None:
        """The complete plan that an earlier run left, if there is one.

        Args:
            state: of the sync.
            status: `planned` (unfinished), or `held` (to be looked at).
        """
        return next(iter(self._open_plans(state, status)), None)

    def unsettled(self, state: State, run: int) -> Plan | None:
        """The complete plan of a run that the ledger knows, under way or still marked as held."""
        plans = self._open_plans(state, "planned", "held")
        return next((plan for plan in plans if plan.run.id == run), None)

    def _open_plans(self, state: State, *statuses: str) -> list[Plan]:
        values = {"state": state.id, "statuses": list(statuses)}
        rows = self._read("looking for a plan", "open_run.sql", values)
        return [Plan.from_row(row) for row in rows]

    def keep(
        self, state: State, run: Run, reason: str | None = None, content: str | None = None
    ) -> None:
        """Leaves a complete plan to be looked at, in place of the one that was held before.

        Args:
            state: as claimed.
            run: whose plan it is.
            reason: why the guard holds it, where it does.
            content: fingerprint of its rows.
        """
        before = self.open_plan(state, "held")
        values = {"run": run.id, "reason": reason, "content": content}
        with self.hold(state, "keeping the plan") as connection:
            if before is not None:
                because = f"it was replaced by plan {run.id}"
                self.close(connection, before.run, "superseded", because)
            connection.execute(self.statement("keep.sql"), values)

    def resume(self, state: State, run: Run, by: str | None = None) -> None:
        """A held plan is under way again.

        Args:
            state: as claimed.
            run: whose plan it is.
            by: who approved it, where that is not known yet.
        """
        with self.hold(state, "resuming a plan") as connection:
            connection.execute(self.statement("resume.sql"), {"run": run.id, "by": by})

    def drop(self, state: State, run: Run, status: str, because: str | None = None) -> None:
        """Ends a run of which nothing was written, and drops its plan.

        Args:
            state: as claimed.
            run: the run to end.
            status: `superseded` or `failed`.
            because: what is said to who asks for the plan later.
        """
        with self.hold(state, "dropping a plan") as connection:
            self.close(connection, run, status, because)

    def close(
        self,
        connection: psycopg.Connection[Any],
        run: Run,
        status: str,
        because: str | None = None,
    ) -> None:
        """Ends a run inside a planner transaction; its plan goes, unless it became the snapshot."""
        values = {"run": run.id, "status": status, "because": because}
        connection.execute(self.statement("close.sql"), values)
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self.plan_table(run)))

    def reject(
        self, connection: psycopg.Connection[Any], plan: Plan, rejects: list[Refused]
    ) -> None:
        """Takes over what the ledger says about refused rows, with their keys from the plan."""
        if not rejects:
            return
        # Literals, not parameters: with those a % in the name of a key column would be one, too.
        lists = [sql.Literal(list(values)) for values in zip(*rejects, strict=True)]
        connection.execute(
            sql.SQL(
                "INSERT INTO {rejections} (run_id, plan_row, operation, row_id, key,"
                " sqlstate, constraint_name, column_name, reason)"
                " SELECT {run}, p.{row}, {operation}, {row_id}, {row_key},"
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
                row_key=row_key(plan.shape, "p"),
                plan=self.plan_table(plan.run),
            )
        )

    def failures(self, connection: psycopg.Connection[Any], run: Run) -> tuple[Counts, Counts]:
        """Refused rows of a run by operation: all, and those that never got into the plan."""
        row = connection.execute(self.statement("failures.sql"), {"run": run.id}).fetchone()
        assert row is not None  # noqa: S101 - an aggregate has one row
        return Counts(*row[:3]), Counts(row[3], row[4])

    def planned(self, connection: psycopg.Connection[Any], run: Run, behind: int = 0) -> Counts:
        """Rows of a plan by operation; of those behind a row of it only, where one is given."""
        row = connection.execute(
            sql.SQL(
                "SELECT count(*) FILTER (WHERE {op} = 'a'), count(*) FILTER (WHERE {op} = 'c'),"
                " count(*) FILTER (WHERE {op} = 'r') FROM {table} WHERE {row} > {behind}"
            ).format(
                op=column(OPERATION),
                table=self.plan_table(run),
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
        """Stores what the state knows after a run, and ends the run.

        Args:
            connection: the settling transaction.
            state: as it is now.
            plan: what was settled; another plan that is held is stale now if rows were written.
        """
        self.store(connection, state, is_whole=plan.tells_all, run=plan.run)
        self.close(connection, plan.run, "settled")
        if plan.batches:
            self.forget_held(connection, state, f"run {plan.run.id} has written since")

    def forget_held(
        self,
        connection: psycopg.Connection[Any],
        state: State,
        because: str = "the state has changed since",
    ) -> None:
        """The state has moved on: a plan that is held for it cannot be applied any more."""
        values = {"state": state.id, "because": because}
        stale = connection.execute(self.statement("stale.sql"), values).fetchall()
        for (run,) in stale:
            table = relation(self.schema, f"plan_{run}")
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))

    def store(
        self,
        connection: psycopg.Connection[Any],
        state: State,
        *,
        is_whole: bool = False,
        run: Run | None = None,
    ) -> None:
        """Stores a state as it is now.

        Args:
            connection: in a transaction that holds it.
            state: as it is now.
            is_whole: the whole model was compared.
            run: that compared it; default: just now.
        """
        connection.execute(
            self.statement("settled.sql"),
            {
                "state": state.id,
                "shape": json.dumps(state.shape.to_json()) if state.shape else None,
                "row_count": state.row_count,
                "ledger": state.ledger,
                "ledger_run": state.ledger_run,
                "ledger_batch": state.ledger_batch,
                "cursor": state.cursor,
                "columns": json.dumps(state.columns.to_json()) if state.columns else None,
                "is_whole": is_whole,
                "run": run.id if run else None,
            },
        )

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
                "batch_ends": None if plan.batch_ends is None else list(plan.batch_ends),
                "added": plan.counts.added,
                "changed": plan.counts.changed,
                "removed": plan.counts.removed,
                "invalid": plan.invalid,
                "base_run": plan.base_run,
                "cursor": plan.cursor,
                "is_whole": plan.is_whole,
                "left_over": list(astuple(plan.left)) if plan.left.total else None,
                "is_streamed": plan.is_streamed,
            },
        )


def _require(held: Sequence[object], state: State, doing: str) -> None:
    if len(held) != 1:
        raise FencedOff(f"{state.sync}: a newer run took over while this one was {doing}")
