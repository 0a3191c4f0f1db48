"""Why a row was refused: SQLSTATE, constraint and column in our own words.

The server's DETAIL and CONTEXT carry row values (trap 36); they never leave this file, but for a
DETAIL where the sync asks for it (`server_detail`).
"""

from __future__ import annotations

import re

import psycopg

from ..errors import RowRefused
from .ledger import Reject

REASONS = {
    "22001": "a value is longer than its column allows",
    "22003": "a number is out of the range of its column",
    "22007": "a date or time is not valid",
    "22008": "a date or time is out of range",
    "22021": "a text is not valid in the destination's encoding",
    "22P02": "a value cannot be read as the type of its column",
    "22P05": "a character does not exist in the destination's encoding",
    "23001": "other rows refer to it",
    "23502": "NULL in a column that is NOT NULL",
    "23503": "the row that it refers to does not exist, or others refer to it",
    "23505": "another row has the same value in a unique constraint",
    "23514": "a CHECK constraint is not fulfilled",
    "23P01": "an exclusion constraint is not fulfilled",
    "44000": "the view would not show the row (WITH CHECK OPTION)",
    "54000": "the row is too large",
    "P0001": "a trigger or function of the destination refused it",
}
IS_THERE = "23505"
TOO_LONG = "22001"
TOO_LARGE = "54000"
DEPENDS_ON_OTHERS = {"23001", "23503", "23505", "23P01"}
"""What another row of the same batch may have put right in the meantime."""

NO_MATCH = "no_match: no row of the destination has this key"
OUTSIDE = (
    "outside: with these values the row is not in the partial index that rows are matched by; the "
    "next run would not find it"
)
NO_PARTITION = "the table has no partition for the row, or another one takes it"
ABSORBED = "absorbed: a trigger or rule of the destination swallowed the row without an error"
AMBIGUOUS = "ambiguous: several rows of the destination have this key"
HIDDEN = "hidden: the destination does not show the row after it was written"
MULTIPLIED = "multiplied: more rows of the destination were changed than were sent"
SILENT = (ABSORBED, HIDDEN, MULTIPLIED)
"""What no error told: PostgreSQL counted other rows than were sent (F49)."""

SAID = "; the server: "
"""What stands behind it in a reason holds values of a row."""
DETAIL_WIDTH = 300
_WHOLE_ROW = ("23502", "23514", "44000")
"""Their DETAIL is `Failing row contains (..)`, in the server's language: columns that are not ours
are among them."""

# "COPY pgsync_stage, line 1, column year: ..." - all that is taken from it is number and name.
_PLACE_IN_CONTEXT = re.compile(
    r"^COPY [^,]+, \S+ (?P<line>\d+)(?:, \S+ (?P<column>[^:]+))?", re.MULTILINE
)


def refusal(error: psycopg.Error, columns: tuple[str, ...], *, detail: bool = False) -> RowRefused:
    """What a row-level error says about its row.

    Args:
        error: raised while rows were being written.
        columns: names of the destination's columns; nothing else is taken for a column.
        detail: with what the server says of the values.
    """
    state = error.sqlstate or ""
    place = _PLACE_IN_CONTEXT.search(error.diag.context or "")
    named = place["column"] if place and place["column"] in columns else None
    column = error.diag.column_name or named
    constraint = error.diag.constraint_name
    reason = REASONS.get(state, "a value cannot be stored")
    if state == "23514" and constraint is None:  # a CHECK has a name (trap 8)
        reason = NO_PARTITION
    reason = _told(reason, constraint, column)
    if detail:
        reason += _said(error)
    line = int(place["line"]) if place else None
    return RowRefused(state, reason, constraint, column, line)


def _said(error: psycopg.Error) -> str:
    said = " ".join((error.diag.message_detail or "").split())
    if not said or error.sqlstate in _WHOLE_ROW:
        return ""
    return SAID + (said if len(said) <= DETAIL_WIDTH else f"{said[: DETAIL_WIDTH - 1]}…")


def too_long(row: int, column: str) -> Reject:
    """The refusal of a text that is longer than its column, before it was sent.

    Args:
        row: of the plan.
        column: of the destination.
    """
    return Reject(row, TOO_LONG, None, column, _told(REASONS[TOO_LONG], None, column))


def too_large(row: int) -> Reject:
    """The refusal of a row of more bytes than `max_row_bytes`, before it was sent.

    Args:
        row: of the plan.
    """
    return Reject(row, TOO_LARGE, None, None, f"{REASONS[TOO_LARGE]}: more than `max_row_bytes`")


def _told(reason: str, constraint: str | None, column: str | None) -> str:
    named = (("constraint", constraint), ("column", column))
    details = [f"{kind} {name}" for kind, name in named if name]
    return f"{reason} ({', '.join(details)})" if details else reason
