"""What happens at the destination to a row that left the model.

Only keys that this sync wrote are ever planned as removals, never a co-writer's row. A row that is
gone already is not missed.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from ..config import DeleteBehavior
from ..plan.keys import OPERATION
from ..sql import COMMA, column
from .into import Into
from .mode import Statement


@dataclass(frozen=True)
class Removal:
    """A delete behaviour.

    Args:
        right: that our role needs beside those of the mode.
        remove: does it to the staged removals.
        leaves_row: whether the row is still there afterwards.
    """

    right: str
    remove: Statement
    leaves_row: bool


def delete_row(into: Into) -> sql.Composed:
    """Deletes the staged removals by key."""
    return sql.SQL("DELETE FROM {} AS t USING {} WHERE s.{} = 'r' AND {}").format(
        into.target.relation, into.beside, column(OPERATION), into.same_row()
    )


def soft_delete(into: Into) -> sql.Composed:
    """Marks the staged removals."""
    mark = into.mark
    assert mark is not None  # noqa: S101 - the configuration has its column
    return _set(into, sql.SQL("{} = {}").format(column(mark.name), mark.gone))


def clear_fields(into: Into) -> sql.Composed:
    """Sets the mapped columns of the staged removals to NULL, but not those of the key."""
    return _set(
        into,
        COMMA.join(
            sql.SQL("{} = NULL").format(column(name))
            for name in into.mapped
            if name not in into.match
        ),
    )


def _set(into: Into, assignments: sql.Composable) -> sql.Composed:
    stamps = (sql.SQL("{} = {}").format(column(n), into.staged(n)) for n in into.stamps)
    assignments = COMMA.join([assignments, *stamps])
    return sql.SQL("UPDATE {} AS t SET {} FROM {} WHERE s.{} = 'r' AND {}").format(
        into.target.relation, assignments, into.beside, column(OPERATION), into.same_row()
    )


REMOVALS: dict[DeleteBehavior, Removal | None] = {
    "do_nothing": None,  # the planner forgets the key; the row stays
    "delete_row": Removal("DELETE", delete_row, leaves_row=False),
    "soft_delete": Removal("UPDATE", soft_delete, leaves_row=True),
    "clear_fields": Removal("UPDATE", clear_fields, leaves_row=True),
}
