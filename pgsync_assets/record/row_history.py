"""One row of a sync: every version that was sent, and how it stands now.

Read from one database: log and planner lie together.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from ..config import SyncConfig
from ..connect import READ_ONLY, Session
from ..outcome import Change
from ..plan import (
    Chosen,
    PlannedRow,
    RefusedRow,
    SentRow,
    Shape,
    planned_row,
    refused_rows,
    sent_row,
    states_of,
)
from ..privacy import Privacy
from ..sql import statement
from .asked_key import AskedKey, asked_key, texts_of
from .former_names import former_names, names_are_known

Connection = psycopg.Connection[Any]
Image = Mapping[str, str | None]

HIDDEN = "(not shown)"
SHOWN_OF_A_HASH = 12
_HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Version:
    """What a run did about a row.

    Args:
        run_id: its number.
        sync: the name that the sync had then.
        partition: that the run was about; empty for none.
        at: when the run ended; None where only the row is on record.
        operation: `added`, `changed` or `removed`.
        status: `succeeded`; `failed`: it was refused; `aborted`: it was not tried.
        reason: why it was refused.
        batch: of the run's plan; None where it got into none, or that was not noted.
        before: the version that the destination had, as the log has it; None: none, or not logged.
        after: what was sent, or should have been; None: nothing, or not logged.
        is_first: nothing was sent of it before, as far as the log tells.
    """

    run_id: int
    sync: str
    partition: str
    at: dt.datetime | None
    operation: str
    status: str
    reason: str | None
    batch: int | None
    before: Image | None
    after: Image | None
    is_first: bool

    def change(self, row_id: str) -> Change:
        """Before and after, as the changes of a plan are shown.

        Args:
            row_id: name of the row.
        """
        return Change(row_id, self.operation, self.before, self.after)

    @property
    def has_values(self) -> bool:
        """Whether the log has any of it."""
        return self.before is not None or self.after is not None


@dataclass(frozen=True)
class Logged:
    """How a row stands by the log (`sync_snapshot`)."""

    run_id: int
    operation: str
    status: str
    reason: str | None


@dataclass(frozen=True)
class Begin:
    """The first run of which the log has rows."""

    run_id: int
    at: dt.datetime


@dataclass(frozen=True)
class RowHistory:
    """What one database knows of a row.

    Args:
        connection: name of the database.
        key: text of each column of its key.
        row_id: its name in the log.
        versions: the newest ones, oldest first.
        earlier: how many there are before them.
        logged: how it stands by the log.
        refused: where the destination refuses it now.
        plans: open plans that have it.
        sent: where the planner has that the destination took it.
        log_begins: None where the log has no row of the sync.
        by_public_name: it was asked for by the name that the log has of a hashed key: the planner,
            which knows rows by their keys, was not asked for plans and the state.
    """

    connection: str
    key: Image
    row_id: str
    versions: tuple[Version, ...] = ()
    earlier: int = 0
    logged: Logged | None = None
    refused: tuple[RefusedRow, ...] = ()
    plans: tuple[PlannedRow, ...] = ()
    sent: tuple[SentRow, ...] = ()
    log_begins: Begin | None = None
    by_public_name: bool = False

    @property
    def is_known(self) -> bool:
        """Whether anything is known of it."""
        return bool(self.versions or self.logged or self.refused or self.plans or self.sent)


def row_history(
    session: Session, sync: SyncConfig, given: Sequence[str], limit: int = 20
) -> RowHistory:
    """What is known of one row of a sync.

    Args:
        session: on a database that has its planner and log.
        sync: in full.
        given: its key, see `asked_key.texts_of`.
        limit: versions at the most.

    Raises:
        ConfigurationError: it is no key of this sync.
    """
    planner, audit = session.config.schemas.planner, session.config.schemas.audit
    with session.transaction("reading the history of a row", READ_ONLY) as connection:
        states = states_of(connection, planner, sync.name)
        # Another key is another shape: that of the configuration counts.
        shapes = [one.shape for one in states if {*one.shape.key} == {*sync.model.key}]
        asked = _asked(connection, sync, given, shapes[0] if shapes else None)
        names = _names(connection, audit, sync.name)
        columns = shapes[0].columns if shapes else ()
        read = _Reader(connection, audit, sync, columns)
        versions, earlier = read.versions(names, asked.rows, limit)
        key = asked.columns if asked.key else None
        history = RowHistory(
            session.name,
            asked.columns,
            asked.rows[0],
            versions,
            earlier,
            read.logged(asked.rows),
            plans=planned_row(connection, planner, sync.name, key) if key else (),
            sent=sent_row(connection, planner, states, key) if key else (),
            log_begins=read.begin(names),
            by_public_name=key is None,
        )
    chosen = Chosen(keys=[asked.key.row_id if asked.key else asked.rows[0]])
    refused = refused_rows(session, planner, Privacy.of(sync), chosen, limit=10)[1]
    return replace(history, refused=tuple(refused))


def values_shown(privacy: Privacy, values: Image) -> Image:
    """Logged values as the policy of a sync lets them be seen now.

    A hash tells whether a value is another one; what is older than the policy is hidden.

    Args:
        privacy: of the sync.
        values: by column of the model.
    """
    return {
        name: text if privacy.shows(name) == "include" else _covered(text)
        for name, text in values.items()
    }


def _covered(text: str | None) -> str | None:
    if text is None:
        return None
    return f"{text[:SHOWN_OF_A_HASH]}..." if _HASH.fullmatch(text) else HIDDEN


@dataclass(frozen=True)
class _Asked:
    """The row that is asked for.

    Args:
        key: of the row; None where only its public name is known.
        columns: text of each column of the key, or of its public name.
        rows: the names that it may have in the log, that of today first.
    """

    key: AskedKey | None
    columns: Image
    rows: tuple[str, ...]


def _asked(
    connection: Connection, sync: SyncConfig, given: Sequence[str], shape: Shape | None
) -> _Asked:
    """A row by its key, or by the public name that the log lists it under."""
    privacy, names = Privacy.of(sync), sync.model.key
    texts = texts_of(names, given)
    if privacy.hashed_key and all(_HASH.fullmatch(texts[n - 1] or "") for n in privacy.hashed_key):
        rows = privacy.row_ids(given if len(given) == 1 else [text or "" for text in texts])
        return _Asked(None, dict(zip(names, texts, strict=True)), tuple(reversed(rows)))
    key = asked_key(connection, names, given, shape)
    rows = tuple(dict.fromkeys((privacy.name(key.row_id), key.row_id)))
    return _Asked(key, key.columns, rows)


def _names(connection: Connection, audit: str, sync: str) -> dict[str, list[Any]]:
    """The names that a sync had, and from which run to which; as parameters."""
    former = former_names(connection, audit, sync)
    since = 0
    if names_are_known(connection, audit):
        query = statement(__package__ or "", "names_since.sql", audit=audit)
        row = connection.execute(query, {"sync": sync}).fetchone()
        since = row[0] if row else 0
    return {
        "names": [sync, *former],
        "since": [since, *(0 for _ in former)],
        "until": [None, *former.values()],
    }


@dataclass(frozen=True)
class _Reader:
    """Asks the log; `columns` is the order in which the model has them."""

    connection: Connection
    audit: str
    sync: SyncConfig
    columns: Sequence[str]

    def versions(
        self, names: Mapping[str, list[Any]], rows: Sequence[str], limit: int
    ) -> tuple[tuple[Version, ...], int]:
        """The newest versions, and how many there are before them."""
        values = {**names, "row_ids": list(rows), "limit": limit}
        found = self._execute("row_history.sql", values).fetchall()
        earlier = found[0][-1] - len(found) if found else 0
        return tuple(self._version(row) for row in found), earlier

    def logged(self, rows: Sequence[str]) -> Logged | None:
        """How the row stands."""
        values = {"sync": self.sync.name, "row_ids": list(rows)}
        row = self._execute("row_snapshot.sql", values).fetchone()
        return Logged(*row) if row else None

    def begin(self, names: Mapping[str, list[Any]]) -> Begin | None:
        """The first run of which there are rows."""
        row = self._execute("log_begins.sql", {"names": names["names"]}).fetchone()
        return Begin(*row) if row else None

    def _version(self, row: tuple[Any, ...]) -> Version:
        run, sync, partition, at, operation, status, reason, batch = row[:8]
        fields, before_type, before_fields = row[8:11]
        has_before = operation != "added" and before_type != "removed"
        return Version(
            run,
            sync,
            partition,
            at,
            operation,
            status,
            reason,
            batch,
            before=self._seen(before_fields) if has_before else None,
            after=self._seen(fields) if operation != "removed" else None,
            is_first=before_type is None,
        )

    def _seen(self, fields: Image | None) -> Image | None:
        """What may be seen of logged values, in the order of the model."""
        if fields is None or self.sync.audit.level != "full":
            return None
        ordered = [*(name for name in self.columns if name in fields), *fields]
        return values_shown(Privacy.of(self.sync), {name: fields[name] for name in ordered})

    def _execute(self, name: str, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
        query = statement(__package__ or "", name, audit=self.audit)
        return self.connection.execute(query, values)
