"""The column that `delete: soft_delete` marks rows in: a time, or yes and no."""

from __future__ import annotations

from psycopg import sql

from ..config import SyncConfig
from .into import Mark
from .target import Target

# Base type of the column: what a row gets when it leaves the model, and when it returns.
MARKS = {
    "timestamptz": ("now()", "NULL"),
    "timestamp": ("now()", "NULL"),
    "date": ("now()", "NULL"),
    "bool": ("true", "false"),
}


def mark_of(sync: SyncConfig, target: Target) -> Mark | None:
    """The mark of rows that left the model; None where they are not marked.

    Args:
        sync: with `deleted_column` where it has one.
        target: the destination table, which has that column and in a type of `MARKS`.
    """
    name = sync.deleted_column
    if name is None:
        return None
    gone, present = MARKS[target.columns[name].base.removeprefix("pg_catalog.")]
    return Mark(name, sql.SQL(gone), sql.SQL(present))
