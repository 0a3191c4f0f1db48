"""Modes where ON CONFLICT cannot be had: rows that are there are updated, the others inserted.

For foreign tables, views with INSTEAD OF triggers or a WHERE, and tables with rules (trap 3). What
is there is marked in the stage first, so that no statement depends on what another one did: a
rule's own action would run the INSERT's query once more, after the rows are in. Nothing but the
count and a last look says what became of the rows, so both are taken.
"""

from __future__ import annotations

from dataclasses import replace

from psycopg import sql

from ..plan.keys import OPERATION, ROW
from ..sql import column, column_list
from .insert import insert_staged
from .into import Into
from .update import UPDATE
from .upsert import UPSERT

NEW, THERE, SEVERAL = (sql.SQL(letter) for letter in ("'a'", "'c'", "'s'"))
"""What the stage says then of a row that is not a removal."""


def mark(into: Into) -> sql.Composed:
    """Says of each staged row whether it is there; removals stay what they are if it is once.

    Args:
        into: where to look.
    """
    return _composed(
        sql.SQL(
            "UPDATE {table} AS marked SET {op} = CASE WHEN found.times > 1 THEN {several}"
            " WHEN marked.{op} = 'r' THEN marked.{op}"
            " WHEN found.times = 1 THEN {there} ELSE {new} END"
            " FROM (SELECT s.{row}, count(other.one) AS times FROM {stage} LEFT JOIN LATERAL"
            " (SELECT 1 AS one FROM {target} AS t WHERE {same_row}) AS other ON true"
            " GROUP BY s.{row}) AS found WHERE found.{row} = marked.{row}"
        ),
        into,
    )


def ambiguous(into: Into) -> sql.Composed:
    """Takes rows out of the stage that are there more than once; returns their numbers."""
    return _composed(sql.SQL("DELETE FROM {table} WHERE {op} = {several} RETURNING {row}"), into)


def unmatched(into: Into) -> sql.Composed:
    """Takes rows out of the stage that are not there; returns their numbers."""
    return _composed(sql.SQL("DELETE FROM {table} WHERE {op} = {new} RETURNING {row}"), into)


def update(into: Into) -> sql.Composed:
    """Updates the rows that are there."""
    return _composed(
        sql.SQL(
            "UPDATE {target} AS t SET {assignments} FROM {stage}"
            " WHERE s.{op} = {there} AND {same_row}"
        ),
        into,
        assignments=into.assignments(into.staged),
    )


def insert(into: Into) -> sql.Composed:
    """Inserts the others, in the order of their key (trap 32)."""
    return _composed(
        sql.SQL("{all_staged} WHERE {op} = {new} ORDER BY {match}"),
        into,
        all_staged=insert_staged(into),
        match=column_list(into.match),
    )


def shown(into: Into) -> sql.Composed:
    """How many of the rows that were written are seen now."""
    return _composed(
        sql.SQL(
            "SELECT count(*) FROM {target} AS t JOIN {stage} ON {same_row} WHERE s.{op} <> 'r'"
        ),
        into,
    )


def _composed(template: sql.SQL, into: Into, **more: sql.Composable) -> sql.Composed:
    return template.format(
        target=into.target.relation,
        table=into.stage.relation,
        stage=into.beside,
        same_row=into.same_row(),
        op=column(OPERATION),
        row=column(ROW),
        new=NEW,
        there=THERE,
        several=SEVERAL,
        **more,
    )


UPDATE_IN_TWO = replace(
    UPDATE,
    write=(update,),
    lock=None,
    mark=mark,
    ambiguous=ambiguous,
    unmatched=unmatched,
    shown=shown,
)
UPSERT_IN_TWO = replace(UPSERT, write=(update, insert), mark=mark, ambiguous=ambiguous, shown=shown)
