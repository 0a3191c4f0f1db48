"""Rows of the table that are already what they should be: they are not written again (trap 13).

In an ordinary plan there are none. In one that sends rows whether they changed or not (a full
resync, a first sync into a table that has them) most may be such: written, each would cost a new
version of the row, its WAL and its triggers.
"""

from __future__ import annotations

from psycopg import sql

from ..plan.keys import OPERATION, ROW
from ..sql import COMMA, column
from .into import Into


def unchanged(into: Into) -> sql.Composed:
    """Takes rows out of the stage of which the table has the same image.

    Args:
        into: where they are.
    """
    is_marked: sql.Composable = sql.SQL("")
    if into.mark is not None:
        is_marked = sql.SQL(" AND {} IS NOT DISTINCT FROM {}").format(
            column(into.mark.name, "t"), into.mark.present
        )
    return sql.SQL(
        "DELETE FROM {table} WHERE {row} IN (SELECT s.{row} FROM {target} AS t JOIN {stage}"
        " ON {same_row} WHERE s.{op} <> 'r'"
        " AND pg_catalog.record_image_eq(ROW({there}), ROW({here})){is_marked})"
    ).format(
        table=into.stage.relation,
        stage=into.beside,
        target=into.target.relation,
        row=column(ROW),
        op=column(OPERATION),
        same_row=into.same_row(),
        there=COMMA.join(column(name, "t") for name in into.mapped),
        here=COMMA.join(into.staged(name) for name in into.mapped),
        is_marked=is_marked,
    )
