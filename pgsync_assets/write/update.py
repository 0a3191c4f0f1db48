"""Mode `update`: rows that are there get the model's values; none is ever inserted.

A row without a counterpart is refused as `no_match`: it stays out of the state, and is tried again
by the next run. No row is proposed for insertion, so columns that are NOT NULL and not mapped, and
triggers that fire before an INSERT, do not matter (traps 11 and 12).
"""

from __future__ import annotations

from psycopg import sql

from ..plan.keys import OPERATION, ROW
from ..sql import COMMA, column
from .into import Into
from .mode import WriteMode


def lock(into: Into) -> sql.Composed:
    """Locks the rows that will be updated, in the order of their key (trap 32).

    From then on none of them can vanish: their count, and what `unmatched` says, stay true.

    Args:
        into: where they are.
    """
    return _composed(
        sql.SQL(
            "SELECT count(*) FROM (SELECT FROM {target} AS t JOIN {stage} ON {same_row}"
            " WHERE s.{op} <> 'r' ORDER BY {match} FOR NO KEY UPDATE OF t) AS locked"
        ),
        into,
        match=COMMA.join(map(into.staged, into.match)),
    )


def unmatched(into: Into) -> sql.Composed:
    """Takes the rows without a counterpart out of the stage; returns their numbers in the plan.

    Args:
        into: where they should be.
    """
    return _composed(
        sql.SQL(
            "DELETE FROM {table} AS gone USING {stage} WHERE gone.{row} = s.{row} AND s.{op} <> 'r'"
            " AND NOT EXISTS (SELECT FROM {target} AS t WHERE {same_row}) RETURNING s.{row}"
        ),
        into,
        table=into.stage.relation,
        row=column(ROW),
    )


def update(into: Into) -> sql.Composed:
    """Updates the rows that are left in the stage and are not removals.

    Args:
        into: where they are.
    """
    return _composed(
        sql.SQL(
            "UPDATE {target} AS t SET {assignments} FROM {stage} WHERE s.{op} <> 'r' AND {same_row}"
        ),
        into,
        assignments=into.assignments(into.staged),
    )


def _composed(template: sql.SQL, into: Into, **more: sql.Composable) -> sql.Composed:
    return template.format(
        target=into.target.relation,
        stage=into.beside,
        same_row=into.same_row(),
        op=column(OPERATION),
        **more,
    )


UPDATE = WriteMode(
    rights=("UPDATE", "SELECT"),
    inserts=False,
    finds_rows=True,
    write=(update,),
    lock=lock,
    unmatched=unmatched,
)
