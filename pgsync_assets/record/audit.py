"""The schema `hightouch_audit`: what happened to every row, written in the settling transaction.

Planned = attempted + aborted, attempted = succeeded + failed: the table itself holds it as CHECK
constraints. Sets are handled by SQL; a run of a million rows is one INSERT.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..config import AuditLevel, SyncConfig
from ..connect import Session, migrate
from ..outcome import Counts
from ..plan import Plan, Planner, Run, State
from ..privacy import Privacy
from ..sql import statement
from . import own_table
from .changelog import Changelog
from .circumstances import NOT_KNOWN, Circumstances, Error, error_columns
from .forget_row import RowForgetting
from .renamed_rows import Renaming
from .respelled import forget_old_spellings
from .row_names import RowNames
from .sent import SentRecord

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
    """Writes the audit log of one sync. `privacy`: what it may show of rows.

    Args:
        planner: the audit lies in the same database and is written in the same transaction.
        schema: name of the audit's schema.
        sync: what is logged, and how much of it.
        circumstances: who runs it, and on what.
    """

    def __init__(
        self,
        planner: Planner,
        schema: str,
        sync: SyncConfig,
        circumstances: Circumstances = NOT_KNOWN,
    ) -> None:
        self._planner = planner
        self._schema = schema
        self._sync = sync
        self.circumstances = circumstances
        self.privacy = Privacy.of(sync)
        self._names = RowNames(self.privacy, schema)
        self._early: str | None = None

    def forgetting(self, row_ids: Iterable[str]) -> RowForgetting:
        """One row, to be forgotten here and in the planner.

        Args:
            row_ids: every name that it may have.
        """
        model = self._sync.model_name if self._sync.model.is_frame else None
        return RowForgetting(self._planner, self._schema, self._names, row_ids, model)

    @classmethod
    def prepare(
        cls,
        session: Session,
        planner: Planner,
        schema: str,
        sync: SyncConfig,
        circumstances: Circumstances = NOT_KNOWN,
    ) -> Audit:
        """Opens the audit, creating or migrating its schema first.

        Raises:
            PrivilegeError: the schema does not exist and may not be created.
            SchemaVersionError: it was written by a newer version.
        """
        migrate(session, schema, __package__ or "")
        return cls(planner, schema, sync, circumstances)

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
        if self._sync.audit.level != "off":
            self._names.bind(connection)
            self._renaming.rename(connection, state)
            self._write_changelog(connection, plan, committed)
            forget_old_spellings(
                connection,
                self._planner,
                self._schema,
                self._sync.name,
                self._names,
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
        error: Error | None,
        status: str | None = None,
        parked: int = 0,
        left: int = 0,
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
            left: changes that it found and left to the next run, as it was asked to.
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
            **error_columns(error),
            "status": status or ("succeeded" if error is None else "failed"),
            "started_at": run.started_at,
            "partition": run.partition,
            "destination_table": self._sync.table,
            "engine": self._sync.engine,
            "batches": batches,
            "row_count": state.row_count,
            "parked": parked,
            "left": left,
            "mode": self._sync.mode,
            "audit_level": self._sync.audit.level,
            **self.circumstances.columns(),
            "keep": self._sync.audit.keep.model_dump_json(exclude_none=True),
        }
        connection.execute(self._statement("sync_run.sql"), values)

    def fail(
        self,
        state: State,
        run: Run,
        error: Error,
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

    def resumed(self, run: Run) -> None:
        """Counts a try to finish a run that was interrupted while it wrote.

        Args:
            run: the run.
        """
        with self._planner.session.transaction("counting the attempt") as connection:
            connection.execute(self._statement("run_resumed.sql"), {"run": run.id})

    def sent(self, run: Run) -> SentRecord:
        """Where it is written down what a run sends."""
        return SentRecord(self._planner.session, self._schema, self._sync, run)

    def forget_rows(self) -> None:
        """Nothing is known any more of how the rows of the sync stand; its history stays."""
        with self._planner.session.transaction("forgetting the rows") as connection:
            connection.execute(self._statement("snapshot_dropped.sql"), {"sync": self._sync.name})

    @property
    def _renaming(self) -> Renaming:
        level = self._sync.audit.level
        return Renaming(
            self._planner,
            self._schema,
            self._names,
            keeps_succeeded=KEEPS_SUCCEEDED[level],
            keeps_fields=level == "full",
        )

    def write_early(self, session: Session, state: State, plan: Plan) -> None:
        """Writes the rows of a big run before it is known what becomes of them; `rows` shows them.

        Args:
            session: another one than the run's, on the same database.
            state: as claimed.
            plan: complete.
        """
        table = f"early_{plan.run.id}_{state.epoch}"
        with session.transaction("writing the log early") as connection:
            self._names.bind(connection)
            is_written = self._changelog(plan, 0).write_early(connection, table)
        self._early = table if is_written else None

    def is_big(self, plan: Plan) -> bool:
        """Whether the rows of a plan are worth a table of their own in the log.

        Args:
            plan: complete.
        """
        keeps = KEEPS_SUCCEEDED[self._sync.audit.level]
        return keeps and plan.counts.total >= own_table.OWN_TABLE

    def _changelog(self, plan: Plan, committed: int) -> Changelog:
        has_fields = self._sync.audit.level == "full" and not plan.is_streamed
        return Changelog(
            self._planner,
            self._schema,
            self._sync.name,
            plan,
            committed,
            self._names,
            has_fields=has_fields,
        )

    def _write_changelog(
        self, connection: psycopg.Connection[Any], plan: Plan, committed: int
    ) -> None:
        early, self._early = self._early, None  # it is of this plan, and of no later one
        self._changelog(plan, committed).write(
            connection,
            keeps_succeeded=KEEPS_SUCCEEDED[self._sync.audit.level],
            early=early,
        )

    def _refresh_snapshot(
        self, connection: psycopg.Connection[Any], state: State, plan: Plan
    ) -> None:
        values = {
            "state": state.id,
            "run": plan.run.id,
            "sync": self._sync.name,
            "partition": plan.run.partition,
            "is_anew": False,
            **self._names.values,
        }
        connection.execute(self._statement("snapshot_delivered.sql"), values)
        connection.execute(self._statement("snapshot_refresh.sql"), values)
        connection.execute(self._statement("snapshot_parked.sql"), values)
        if plan.tells_all:  # else a failure that was not met may not have been looked at
            connection.execute(self._statement("snapshot_resolved.sql"), values)

    def _statement(self, name: str) -> sql.Composed:
        return statement(__package__ or "", name, audit=self._schema, planner=self._planner.schema)
