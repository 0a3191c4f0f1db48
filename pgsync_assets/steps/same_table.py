"""A table that was dropped and made again has none of the rows that the state says are there."""

from __future__ import annotations

from ..errors import HistoryError
from ..plan import Shape
from .work import Work


def check_incarnation(work: Work, old: Shape, now: Shape, full_resync: bool) -> None:
    """Makes sure that the rows that were sent can still be where they were sent to.

    Args:
        work: the run.
        old: of the state.
        now: of the run.
        full_resync: every row is sent again, and so into any table.

    Raises:
        HistoryError: the table, or a column of it, is not the one that was written.
    """
    if full_resync:
        return
    name = work.sync.name
    if old.is_remade(now):
        told = f"{now.table} is not the table that its rows were sent to: that one was"
    elif columns := old.remade_columns(now):
        are = "columns are" if len(columns) > 1 else "column is"
        told = f"{now.table}: {', '.join(columns)}: the {are} not what was written: they were"
    else:
        return
    again = f"run {name} --full-resync" if work.sync.mode_traits.sends_changes else f"reset {name}"
    raise HistoryError(
        f"sync {name!r}: {told} dropped and made again, or others were given their name",
        f"send every row again: pgsync-assets {again}; or, if what is there came back from a dump "
        f"or a copy: pgsync-assets adopt {name} takes what is there as the model has it",
    )
