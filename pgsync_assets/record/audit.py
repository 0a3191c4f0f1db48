"""The schema `hightouch_audit`: what happened to every row, written in the settling transaction.

Planned = attempted + aborted, attempted = succeeded + failed: the table itself holds it as CHECK
constraints. Sets are handled by SQL; a run of a million rows is one INSERT.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..config import AuditLevel, SyncConfig
from ..connect import Session, migrate
from ..outcome import Counts
from ..plan import Plan, Planner, Run, State, keys
from ..sql import relation, statement
from .fields import fields_of
from .respelled import forget_old_spellings

KEEPS_SUCCEEDED: dict[AuditLevel, bool] = {
    "off": False,
    "failures_only": False,
    "keys": True,
    "full": True,
}


@dataclass(frozen=True)
class Fate:
    """What became of the rows of a run, as PostgreSQL counted them.

    Args:
        planned: all changes found, rows with an invalid key among them.
        failed: rows that were refused, for whatever reason.
        aborted: rows that were planned but never tried.
    """

    planned: Counts
    failed: Counts
    aborted: Counts

    @property
    def attempted(self) -> Counts:
        """Rows that were tried."""
        return self.planned - self.aborted

    @property
    def succeeded(self) -> Counts:
        """Rows that the destination took."""
        return self.attempted - self.failed


class Audit:
    """Writes the audit log of one sync.

    Args:
        planner: the audit lies in the same database and is written in the same transaction.
        schema: name of the audit's schema.
        sync: what is logged, and how much of it.
    """

    def __init__(self, planner: Planner, schema: str, sync: SyncConfig) -> None:
        self._planner = planner
        self._schema = schema
        self._sync = sync

    @classmethod
    def prepare(cls, session: Session, planner: Planner, schema: str, sync: SyncConfig) -> Audit:
        """Opens the audit, creating or migrating its schema first.

        Raises:
            PrivilegeError: the schema does not exist and may not be created.
            SchemaVersionError: it was written by a newer version.
        """
        migrate(session, schema, __package__ or "")
        return cls(planner, schema, sync)

    def rows(
        self, connection: psycopg.Connection[Any], state: State, plan: Plan, committed: int
    ) -> None:
        """Records the rows of a plan. To be called before the plan is applied to the snapshot, and
        after what is refused now is known.

        Args:
            connection: the settling transaction.
            state: as claimed.
            plan: its plan.
            committed: last row of the plan whose batch was committed.
        """
        if self._sync.audit != "off":
            self._write_changelog(connection, plan, committed)
            forget_old_spellings(
                connection,
                self._planner,
                self._schema,
                self._sync.name,
                state,
                plan,
                committed,
            )
            self._refresh_snapshot(connection, state, plan)

    def run(
        self,
        connection: psycopg.Connection[Any],
        state: State,
        run: Run,
        fate: Fate,
        *,
        batches: int,
        error: str | None,
        status: str | None = None,
        parked: int = 0,
    ) -> None:
        """Records a run.

        Args:
            connection: the settling transaction.
            state: as it is after the run.
            run: the run.
            fate: what became of its rows.
            batches: of its plan.
            error: why it ended early, without secrets or row values; None if it did not.
            status: default: `succeeded`, or `failed` where there is an error.
            parked: rows that it did not try, as earlier runs were refused them.
        """
        counts = {
            f"{name}_{verb}": getattr(getattr(fate, name), noun)
            for name in ("planned", "attempted", "succeeded", "failed")
            for verb, noun in (("add", "added"), ("change", "changed"), ("remove", "removed"))
        }
        values = counts | {
            "sync": self._sync.name,
            "run": run.id,
            "primary_key": ", ".join(self._sync.model.key),
            "model": self._sync.model_name,
            "error": error,
            "status": status or ("succeeded" if error is None else "failed"),
            "started_at": run.started_at,
            "partition": run.partition,
            "destination_table": self._sync.table,
            "engine": self._sync.engine,
            "batches": batches,
            "row_count": state.row_count,
            "parked": parked,
        }
        connection.execute(self._statement("sync_run.sql"), values)

    def fail(
        self,
        state: State,
        run: Run,
        error: str,
        planned: Counts | None = None,
        status: str = "failed",
    ) -> None:
        """Records a run that ended before anything was written.

        Args:
            state: as claimed.
            run: the run.
            error: why, without secrets or row values.
            planned: what it would have done, if that is known; all of it counts as aborted.
            status: `failed`, or `held` where the guard keeps its plan for somebody to look at.
        """
        counts = planned or Counts()
        fate = Fate(counts, Counts(), counts)
        with self._planner.session.transaction("recording the failure") as connection:
            self.run(connection, state, run, fate, batches=0, error=error, status=status)

    def forget_rows(self) -> None:
        """Nothing is known any more of how the rows of the sync stand; its history stays."""
        with self._planner.session.transaction("forgetting the rows") as connection:
            connection.execute(self._statement("snapshot_dropped.sql"), {"sync": self._sync.name})

    def _write_changelog(
        self, connection: psycopg.Connection[Any], plan: Plan, committed: int
    ) -> None:
        parts = [self._refused_rows(plan)]
        if committed < plan.counts.total:
            parts.append(self._aborted_rows(plan, committed))
        if KEEPS_SUCCEEDED[self._sync.audit]:
            parts.append(self._succeeded_rows(plan, committed))
        connection.execute(
            sql.SQL(
                "INSERT INTO {} (sync_id, sync_run_id, row_id, op_type, status, failure_reason,"
                " fields, partition, plan_row) {}"
            ).format(relation(self._schema, "sync_changelog"), sql.SQL(" UNION ALL ").join(parts))
        )

    def _refused_rows(self, plan: Plan) -> sql.Composable:
        return sql.SQL(
            "SELECT {sync}, {run}, r.row_id, r.operation, 'failed', r.reason, {fields},"
            " {partition}, r.plan_row FROM {rejections} AS r"
            " LEFT JOIN {plan} AS p ON p.{row} = r.plan_row WHERE r.run_id = {run}"
        ).format(**self._parts(plan))

    def _aborted_rows(self, plan: Plan, committed: int) -> sql.Composable:
        return sql.SQL(
            "SELECT {sync}, {run}, {row_id}, {operation}, 'aborted', NULL, {fields},"
            " {partition}, p.{row} FROM {plan} AS p WHERE p.{row} > {committed}"
        ).format(**self._parts(plan), committed=sql.Literal(committed))

    def _succeeded_rows(self, plan: Plan, committed: int) -> sql.Composable:
        return sql.SQL(
            "SELECT {sync}, {run}, {row_id}, {operation}, 'succeeded', NULL, {fields},"
            " {partition}, p.{row} FROM {plan} AS p WHERE p.{row} <= {committed}"
            " AND NOT EXISTS (SELECT FROM {rejections} AS r"
            " WHERE r.run_id = {run} AND r.plan_row = p.{row})"
        ).format(**self._parts(plan), committed=sql.Literal(committed))

    def _parts(self, plan: Plan) -> dict[str, sql.Composable]:
        full = self._sync.audit == "full"
        return {
            "sync": sql.Literal(self._sync.name),
            "run": sql.Literal(plan.run.id),
            "row_id": keys.row_id(plan.shape, "p"),
            "operation": keys.operation("p"),
            "fields": fields_of(plan.shape, "p") if full else sql.SQL("NULL::jsonb"),
            "partition": sql.Literal(plan.run.partition),
            "row": sql.Identifier(keys.ROW),
            "plan": self._planner.plan_table(plan.run),
            "rejections": relation(self._planner.schema, "rejections"),
        }

    def _refresh_snapshot(
        self, connection: psycopg.Connection[Any], state: State, plan: Plan
    ) -> None:
        values = {
            "state": state.id,
            "run": plan.run.id,
            "sync": self._sync.name,
            "partition": plan.run.partition,
            "keeps_succeeded": KEEPS_SUCCEEDED[self._sync.audit],
        }
        connection.execute(self._statement("snapshot_refresh.sql"), values)
        connection.execute(self._statement("snapshot_removed.sql"), values)
        connection.execute(self._statement("snapshot_parked.sql"), values)
        if plan.is_whole:  # else a failure that was not met may not have been looked at
            connection.execute(self._statement("snapshot_resolved.sql"), values)

    def _statement(self, name: str) -> sql.Composed:
        return statement(__package__ or "", name, audit=self._schema, planner=self._planner.schema)
