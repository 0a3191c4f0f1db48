"""Everything that can go wrong, as one tree.

The *type* of an error says whether a retry makes sense::

    PgsyncError
    x TerminalError                 a retry changes nothing: somebody has to act
    | - ConfigurationError          what the user wrote cannot be right
    | - ModelError                  the model cannot be described, or changed its shape
    | - DestinationError            the destination table cannot take the rows
    | - PrivilegeError              a right is missing (the GRANT is named)
    | - AuthenticationError         refused at the door: password, certificate, host key
    |   - CertificateError          the server's proof of who it is, or ours, is not accepted
    | - GuardError                  the plan looks like an accident; nothing was written
    | - StalePlan                   the plan cannot be applied any more, or never could
    | - InvalidKeysError            rows with a NULL or repeated key, `on_duplicate_key: fail`
    | - TooManyRejectedRows         more rows refused than `max_rejected_rows` allows
    | - StatementTimeout            a batch took longer than `statement_timeout_s` allows
    | - OtherRows                   a delivery of this name had other rows
    | - HistoryError                planner and ledger tell different histories
    | - UnfinishedRun               an interrupted run has to be finished before this
    | - SchemaVersionError          a schema of ours is newer than this code
    | - UnexpectedError             a SQLSTATE that no list names: stop loudly
    | - EmbeddedError               the embedded PostgreSQL cannot be had or started
    x TransientError                the same again may work
    | - ConnectionLost              the server, the network or the tunnel went away
    | - Contention                  deadlock, serialization failure, lock timeout
    | - OutOfResources              too many connections, out of memory
    x FencedOff                     a newer run took over: this one may not write any more
    x AlreadyRunning                another run of this sync holds the lock; nothing was touched

A row that the destination refuses is *not* an error of the run: it is a rejection
(`pgsync_assets.write.reject`). `RowRefused` carries it inside the writer only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping


class PgsyncError(Exception):
    """Root of everything this package raises on purpose.

    Args:
        message: what is wrong and where, in one sentence, without secrets or row values.
        remedy: what to do about it; printed on a line of its own.
    """

    sqlstate: str | None = None
    """What PostgreSQL said, where it was PostgreSQL that refused."""

    def __init__(self, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  -> {self.remedy}" if self.remedy else self.message


class TerminalError(PgsyncError):
    """A retry changes nothing: somebody has to act."""


class ConfigurationError(TerminalError):
    """What the user wrote cannot be right: wrong key, unknown name, missing variable."""


class ModelError(TerminalError):
    """The model cannot be described: syntax error, missing table or column, two statements."""


class DestinationError(TerminalError):
    """The destination table cannot take these rows: missing, no unique index, wrong column."""


class PrivilegeError(TerminalError):
    """A right is missing; the remedy is the GRANT to run."""


class AuthenticationError(TerminalError):
    """Refused at the door: password, certificate or host key. Never retried (lock-out)."""


class CertificateError(AuthenticationError):
    """TLS failed: no certificate, one that is not trusted, or the server has no TLS."""


class GuardError(TerminalError):
    """The plan looks like an accident (empty model, too many removals). Nothing was written.

    Args:
        message: which rule stopped it, with its numbers.
        remedy: what to do about it.
        plan_id: number of the plan that is held.
        rows: how many rows it would write, by operation.
    """

    def __init__(
        self,
        message: str,
        remedy: str | None = None,
        *,
        plan_id: int | None = None,
        rows: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(message, remedy)
        self.plan_id = plan_id
        self.rows = dict(rows or {})


class StalePlan(TerminalError):
    """A plan cannot be applied: the state has moved on, it was replaced, or there is none."""


class InvalidKeysError(TerminalError):
    """Rows of the model have a NULL or repeated key, and `on_duplicate_key` is `fail`."""


class TooManyRejectedRows(TerminalError):
    """More rows were refused than `max_rejected_rows` allows; the batch was rolled back."""


class StatementTimeout(TerminalError):
    """A statement of a batch took longer than `statement_timeout_s` allows; it was rolled back."""


class OtherRows(TerminalError):
    """A delivery of this name was begun or completed with other rows; nothing was written."""


class HistoryError(TerminalError):
    """Planner and ledger tell different histories: a database was restored, a standby took over."""


class UnfinishedRun(TerminalError):
    """An interrupted run has to be finished before a plan can be shown."""


class SchemaVersionError(TerminalError):
    """A schema of ours was written by a newer version of this package."""


class UnexpectedError(TerminalError):
    """PostgreSQL answered with a SQLSTATE that no list names. Never treated as row-level."""


class EmbeddedError(TerminalError):
    """The embedded PostgreSQL cannot be had, started or stopped."""


class TransientError(PgsyncError):
    """The same again may work."""


class ConnectionLost(TransientError):
    """The server, the network or the tunnel went away; a COMMIT may or may not have arrived."""


class Contention(TransientError):
    """Deadlock, serialization failure, lock timeout; a table replaced or altered meanwhile."""


class OutOfResources(TransientError):
    """Too many connections, or the server is out of memory."""


class FencedOff(PgsyncError):
    """A newer run took over while this one slept: it may neither write nor advance."""


class AlreadyRunning(PgsyncError):
    """Another run of this sync holds the lock; nothing was touched.

    Args:
        message: which sync, and who runs it.
        remedy: what to do about it.
        by: who runs it: a run of Dagster, or the user of a command; None where it is not known.
        since: when that one took the lock; None where it is not known.
    """

    def __init__(
        self,
        message: str,
        remedy: str | None = None,
        *,
        by: str | None = None,
        since: dt.datetime | None = None,
    ) -> None:
        super().__init__(message, remedy)
        self.by = by
        self.since = since


class RowRefused(PgsyncError):
    """A row-level refusal by the destination; ends as a rejection, never leaves the writer.

    Args:
        sqlstate: five characters, or None where the row was swallowed without an error.
        reason: our own sentence: never the server's DETAIL, which carries row values.
        constraint: name of the constraint that refused the row, if any.
        column: name of the column that refused the value, if any.
        line: of the rows that were copied, counted from 1: where COPY says that it stopped.
    """

    def __init__(
        self,
        sqlstate: str | None,
        reason: str,
        constraint: str | None,
        column: str | None,
        line: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.sqlstate = sqlstate
        self.reason = reason
        self.constraint = constraint
        self.column = column
        self.line = line
