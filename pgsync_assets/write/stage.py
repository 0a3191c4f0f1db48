"""Where a batch lands first: a temporary table with the destination's own column types.

It lives for one transaction (`ON COMMIT DROP`), so that a pooler in transaction mode never sees
it (trap 57). Typed like the destination, it refuses what the destination would refuse: COPY into
it reads values as COPY into the table itself would.
"""

from __future__ import annotations

from psycopg import sql

from ..plan.keys import OPERATION, ROW
from ..sql import column, column_list
from .target import Target

STAGE = sql.Identifier("pg_temp", "pgsync_stage")


def create_stage(target: Target, columns: tuple[str, ...]) -> sql.Composed:
    """Creates the empty stage.

    Args:
        target: the destination table.
        columns: those that travel.
    """
    return sql.SQL(
        "CREATE TEMPORARY TABLE pgsync_stage ON COMMIT DROP AS"
        ' SELECT NULL::bigint AS {}, NULL::"char" AS {}, {} FROM {} WITH NO DATA'
    ).format(column(ROW), column(OPERATION), column_list(columns), target.relation)


def clear_stage() -> sql.Composed:
    """Empties the stage; cheap, as it was made in the same transaction."""
    return sql.SQL("TRUNCATE {}").format(STAGE)


def analyze_stage() -> sql.Composed:
    """Gives it statistics: else the planner may scan a table instead of probing its index."""
    return sql.SQL("ANALYZE {}").format(STAGE)


def stage_columns(columns: tuple[str, ...]) -> sql.Composed:
    """Relation and column list for COPY."""
    return sql.SQL("{} ({})").format(STAGE, column_list((ROW, OPERATION, *columns)))
