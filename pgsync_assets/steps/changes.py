"""The changes of a plan, row by row, however many they are: some hundreds in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator

from ..connect import Session
from ..outcome import Change
from ..plan import Plan, Planner, Preview, State
from ..write import look, read_target

AT_ONCE = 500


def changes(
    planner: Planner,
    state: State,
    plan: Plan,
    destination: Session | None,
    limit: int | None = None,
) -> Iterator[Change]:
    """Every change, before and after, in the order in which they are written: removals first.

    Where the state holds digests, a row as it was is read from the destination, by its key.

    Args:
        planner: where plan and snapshot are.
        state: that the plan was compared with.
        plan: complete, not settled.
        destination: is only read; None where the state holds rows.
        limit: changes at the most; None for all.
    """
    preview = Preview(planner, state, plan)
    looks = destination if destination and not preview.knows_before else None
    target = read_target(looks, plan.shape.table) if looks else None
    last = plan.counts.total if limit is None else min(limit, plan.counts.total)
    for first in range(0, last, AT_ONCE):
        rows = preview.rows(first, min(first + AT_ONCE, last))
        there = {}
        if looks and target:
            known = [n for n, row in enumerate(rows) if row.operation != "added"]
            found = look(looks, target, plan.shape, [rows[n].key for n in known])
            there = {known[position]: image for position, image in found.items()}
        for number, row in enumerate(rows):
            before = row.before if target is None else there.get(number)
            yield Change(row.row_id, row.operation, before, row.after)
