"""What happens at the destination to a row that left the model.

Only keys that this sync wrote are ever planned as removals, never a co-writer's row.
"""

from __future__ import annotations

from collections.abc import Callable

from psycopg import sql

from ..config import DeleteBehavior
from ..sql import all_of, column
from .stage import STAGE
from .target import Target

Removal = Callable[[Target, tuple[str, ...]], sql.Composed]


def same_row(target: Target, match: tuple[str, ...]) -> sql.Composable:
    """`t` and `s` have the same key, by the operators that an index on it uses."""
    return all_of(
        sql.SQL("{} OPERATOR({}.=) {}").format(
            column(name, "t"), sql.Identifier(target.columns[name].equality), column(name, "s")
        )
        for name in match
    )


def delete_row(target: Target, match: tuple[str, ...]) -> sql.Composed:
    """Deletes the staged removals by key. A row that is gone already is not missed."""
    return sql.SQL("DELETE FROM {} AS t USING {} AS s WHERE s.{} = 'r' AND {}").format(
        target.relation,
        STAGE,
        column("_pgsync_op"),
        same_row(target, match),
    )


REMOVALS: dict[DeleteBehavior, Removal | None] = {
    "do_nothing": None,  # the planner forgets the key; the row stays
    "delete_row": delete_row,
}
