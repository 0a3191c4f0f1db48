"""All that is on record of one run, for a page about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from ..config import SyncConfig
from ..connect import READ_ONLY, Session
from ..outcome import Change, Counts
from ..privacy import Privacy
from ..sent import SentBatch
from ..sql import statement
from .batches import batches_are_known, batches_of
from .former_names import former_names
from .report import RunRow, recent_runs
from .row_history import values_shown

Connection = psycopg.Connection[Any]
RECENT = 20  # runs
KINDS = ("planned", "attempted", "succeeded", "failed")


@dataclass(frozen=True)
class SentText:
    """A statement as it was sent, without values: what for, how often, seconds in all, failures."""

    text: str
    actions: Sequence[str]
    times: int
    seconds: float
    failed: int


@dataclass(frozen=True)
class ReasonLine:
    """Rows of a run that were refused for one reason, and the ids of the first three."""

    sqlstate: str | None
    reason: str
    rows: int
    sample: Sequence[str]


@dataclass(frozen=True)
class LoggedChange:
    """A change of a run as the log has it; without values where its level keeps none."""

    change: Change
    status: str


@dataclass(frozen=True)
class RunPage:
    """A run.

    Args:
        run_id: its number.
        sync: name of the sync, at that time.
        connection: whose database recorded it.
        recorded: its row of `sync_runs`, by column; empty where it has none yet.
        planned: its row of the planner's `runs`, by column; empty where that is forgotten.
        started_at: by the clock of its database.
        planned_at: when its plan was complete; None: it never was, or that is forgotten.
        ended_at: None: it has not, as far as anybody knows.
        batches: in the order of their sending; none where they are not kept (any more).
        texts: the statements, in the order of their sending.
        reasons: why rows were refused.
        changes: the first ones.
        recent: runs of the sync, the newest first.
    """

    run_id: int
    sync: str
    connection: str
    recorded: Mapping[str, Any]
    planned: Mapping[str, Any]
    started_at: dt.datetime
    planned_at: dt.datetime | None
    ended_at: dt.datetime | None
    batches: tuple[SentBatch, ...]
    texts: tuple[SentText, ...]
    reasons: tuple[ReasonLine, ...]
    changes: tuple[LoggedChange, ...]
    recent: tuple[RunRow, ...]

    @property
    def status(self) -> str:
        """That of the audit; of a run without an end that of the planner."""
        status = self.recorded.get("status") or self.planned.get("status")
        is_stale = self.planned.get("status") == "superseded"
        return "superseded" if is_stale and status == "held" else str(status)

    @property
    def partition(self) -> str:
        """Empty for none."""
        return str(self.recorded.get("partition") or self.planned.get("partition") or "")

    @property
    def seconds(self) -> float | None:
        """From its start to its end."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None

    def counts(self, kind: str) -> Counts:
        """Rows by operation.

        Args:
            kind: one of `KINDS`.
        """
        if not self.recorded:
            is_known = kind == "planned"
            names = ("added", "changed", "removed")
            return Counts(*(self.planned.get(name) or 0 if is_known else 0 for name in names))
        return Counts(
            *(self.recorded[f"num_{kind}_{verb}"] for verb in ("add", "change", "remove"))
        )


def run_page(
    session: Session, run_id: int, syncs: Mapping[str, SyncConfig], limit: int
) -> RunPage | None:
    """What is on record of a run; None where there is no such run.

    Args:
        session: on a database that has planner and audit.
        run_id: its number.
        syncs: of the project: values of a sync that is not there any more are not shown.
        limit: changes at the most.
    """
    planner, audit = session.config.schemas.planner, session.config.schemas.audit

    def ask(connection: Connection, name: str, **more: Any) -> list[tuple[Any, ...]]:
        query = statement(__package__ or "", name, audit=audit, planner=planner)
        return connection.execute(query, {"run": run_id, **more}).fetchall()

    with session.transaction("reading a run", READ_ONLY) as connection:
        found = ask(connection, "run_on_record.sql")
        if not found:
            return None
        name, recorded, planned, started_at, planned_at, ended_at = found[0]
        has_batches = batches_are_known(connection, audit)
        batches = batches_of(connection, audit, run_id) if has_batches else ()
        texts = ask(connection, "run_texts.sql") if has_batches else []
        reasons = ask(connection, "run_reasons.sql")
        names = list(former_names(connection, audit, name))
        changes = ask(connection, "run_changes.sql", limit=limit, names=names)
    return RunPage(
        run_id,
        name,
        session.name,
        recorded or {},
        planned or {},
        started_at,
        planned_at,
        ended_at,
        batches=batches,
        texts=tuple(SentText(*row) for row in texts),
        reasons=tuple(_reason(row, syncs.get(name)) for row in reasons),
        changes=tuple(_change(row, syncs.get(name)) for row in changes),
        recent=tuple(recent_runs(session, audit, name, RECENT)),
    )


def _reason(row: tuple[Any, ...], sync: SyncConfig | None) -> ReasonLine:
    """Rows that the planner names are named as the policy says; without one they are not."""
    sqlstate, reason, rows, sample, is_plain = row
    if is_plain:
        sample = [Privacy.of(sync).name(row_id) for row_id in sample] if sync else []
    return ReasonLine(sqlstate, reason, rows, sample)


def _change(row: tuple[Any, ...], sync: SyncConfig | None) -> LoggedChange:
    row_id, operation, status, fields, before_type, before_fields = row
    before = before_fields if before_type != "removed" else None
    after = fields if operation != "removed" else None
    sides = (seen(sync, image) for image in (before, after))
    return LoggedChange(Change(row_id, operation, *sides), status)


def seen(
    sync: SyncConfig | None, image: Mapping[str, str | None] | None
) -> Mapping[str, str | None] | None:
    """Values of a row where the policy of its sync lets them be seen.

    Args:
        sync: None: the project does not have it any more.
        image: text by column.
    """
    if image is None or sync is None or sync.audit.level != "full":
        return None
    return values_shown(Privacy.of(sync), image)
