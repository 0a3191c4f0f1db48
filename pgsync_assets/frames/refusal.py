"""Why a frame cannot be loaded: column, row and types; never a value."""

from __future__ import annotations

from ..errors import ModelError

NOT_MICROSECONDS = "PostgreSQL keeps microseconds, and a value has nanoseconds"
TOO_FAR = "a point in time is not within the years 1 to 9999"
_REMEDIES = {
    NOT_MICROSECONDS: "round the column where the frame is made, as in .dt.round('us')",
    TOO_FAR: "give such values as str, and the column's type under `types`",
}


def refused(
    column: object, why: str, row: int | None = None, remedy: str | None = None
) -> ModelError:
    """The error for a value that would not arrive as it is.

    Args:
        column: its name.
        why: what is wrong.
        row: of the frame, from 1.
        remedy: what to do about it.
    """
    place = f"column {column!r}" if row is None else f"row {row:,}, column {column!r}"
    return ModelError(f"{place}: {why}", remedy or _REMEDIES.get(why))
