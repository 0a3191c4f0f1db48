"""What PostgreSQL answered, as one of our errors: the decision by SQLSTATE, written once.

Only primary messages of classes that speak about objects are repeated; those that speak about
values (class 22, 23) carry rows and are never shown (trap 36).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ..errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionLost,
    Contention,
    OutOfResources,
    PgsyncError,
    PrivilegeError,
    TerminalError,
    UnexpectedError,
)
from .watch import WatchedConnection

OF_A_VALUE = (
    "a row has a value that some expression does not take: a cast of `lossy`, SQL of the model, "
    "`where`, `values`, or of a hook; let it take every value, or leave that row out"
)
LOST = {"57P01", "57P02", "57P03", "57P05", "25P03", "25P04"}
OTHER_TYPE = "22P03"  # binary values that are none of the type that reads them
CONTENTION = {"40001", "40P01", "55P03", OTHER_TYPE, "72000"}  # the last: snapshot too old, to 16
OUT_OF_RESOURCES = {"53300", "53200"}
ROW_LEVEL = {"23502", "23503", "23505", "23514", "23P01", "23001", "44000", "P0001", "54000"}
NOT_A_VALUE = {"22P04", OTHER_TYPE}  # 22P04: a malformed COPY stream, a defect of ours
REMEDIES: dict[str, tuple[type[PgsyncError], str]] = {
    "42501": (PrivilegeError, "`pgsync-assets check` names the missing GRANT"),
    "25006": (
        TerminalError,
        "a standby, or default_transaction_read_only of the role or database: write to the primary "
        "(target_session_attrs: read-write finds it among several hosts)",
    ),
    "53100": (
        TerminalError,
        "make room on that server's disk; the next run goes on behind the last batch that is in",
    ),
}
WORDS: dict[str, tuple[type[PgsyncError], str, str]] = {
    "statement pooling mode": (  # PgBouncer's words, as it hangs up
        ConfigurationError,
        "a pooler in mode statement allows no transactions",
        "set its pool_mode for this database to transaction or session",
    ),
    "invalid memory alloc request size": (  # XX000, in no other language
        TerminalError,
        "a value or a row is larger than the server makes in one piece: 1 GiB as text, where bytea "
        "counts twice",
        "leave that row (`where`) or its column out of the model",
    ),
}
"""What has no SQLSTATE of its own: what it means, and what to do about it."""
SPEAKS_OF_OBJECTS = ("0A", "25", "28", "3D", "3F", "42", "53", "54", "55", "57", "58")


def is_row_level(error: psycopg.Error) -> bool:
    """Whether one row may be to blame, so that the others can go on without it."""
    state = error.sqlstate or ""
    return state in ROW_LEVEL or (state.startswith("22") and state not in NOT_A_VALUE)


def is_lost(error: psycopg.Error, connection: psycopg.Connection | None) -> bool:
    """Whether the session is gone. psycopg often has no SQLSTATE then: the connection tells."""
    state = error.sqlstate or ""
    if state in LOST or state.startswith("08"):
        return True
    return connection is not None and (connection.closed or connection.broken)


def spoken(error: psycopg.Error) -> str:
    """The server's sentence where it speaks of objects, else our own with the SQLSTATE."""
    state = error.sqlstate or ""
    if state.startswith(SPEAKS_OF_OBJECTS) and error.diag.message_primary:
        return f"{error.diag.message_primary} (SQLSTATE {state})"
    if state == OTHER_TYPE:
        return f"a column has another type than it had when the run began (SQLSTATE {state})"
    if state.startswith("22"):
        return f"a value cannot be converted or is out of range (SQLSTATE {state})"
    return f"SQLSTATE {state}" if state else type(error).__name__


def how_lost(error: psycopg.Error, connection: psycopg.Connection | None) -> str:
    """Why a session is gone: who cut it, where that was us."""
    if isinstance(connection, WatchedConnection) and connection.silent_s is not None:
        return f"the server did not answer for {connection.silent_s:.0f} s; the connection was cut"
    return f"the connection was lost ({spoken(error)})"


def translate(
    error: psycopg.Error, doing: str, connection: psycopg.Connection | None = None
) -> PgsyncError:
    """One of our errors for an error of psycopg.

    Args:
        error: what was raised.
        doing: what we were doing and where, as in `crm: writing batch 3`.
        connection: the session it happened on, to see whether it is still alive.

    Returns:
        A TransientError where the same again may work, else a TerminalError; UnexpectedError for
        a SQLSTATE that no list names.
    """
    state = error.sqlstate or ""
    said = error.diag.message_primary or ""
    if known := next((WORDS[words] for words in WORDS if words in said), None):
        return known[0](f"{doing}: {known[1]}", known[2])
    if is_lost(error, connection):
        return ConnectionLost(f"{doing}: {how_lost(error, connection)}")
    if state in CONTENTION:
        return Contention(f"{doing}: {spoken(error)}")
    if state in OUT_OF_RESOURCES:
        return OutOfResources(f"{doing}: {spoken(error)}")
    if state in REMEDIES:
        kind, remedy = REMEDIES[state]
        return kind(f"{doing}: {spoken(error)}", remedy)
    if state.startswith("28"):
        return AuthenticationError(f"{doing}: {spoken(error)}")
    if state.startswith((*SPEAKS_OF_OBJECTS, "22")):
        out = OF_A_VALUE if state.startswith("22") else None
        return TerminalError(f"{doing}: {spoken(error)}", out)
    return UnexpectedError(f"{doing}: {spoken(error)}", "unknown to us: please report it")


@contextmanager
def translated(doing: str, connection: psycopg.Connection | None = None) -> Iterator[None]:
    """Turns errors of psycopg that leave the block into ours.

    Args:
        doing: what the block does and where.
        connection: the session it uses.

    Raises:
        PgsyncError: see `translate`. The original is not chained: its text carries row values.
    """
    try:
        yield
    except psycopg.Error as error:
        ours = translate(error, doing, connection)
        ours.sqlstate = error.sqlstate
        raise ours from None
