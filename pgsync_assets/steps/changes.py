"""The changes of a plan, row by row, however many they are: some hundreds in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..connect import Session
from ..outcome import Change
from ..plan import Plan, Planner, Preview, State
from ..privacy import Privacy
from ..write import look, read_target

AT_ONCE = 500


def changes(
    planner: Planner,
    state: State,
    plan: Plan,
    destination: Callable[[], Session],
    privacy: Privacy,
    limit: int | None = None,
) -> Iterator[Change]:
    """Every change, before and after, in the order in which they are written: removals first.

    Where the state does not have a row as it was, it is read from the destination, by its key.

    Args:
        planner: where plan and snapshot are.
        state: that the plan was compared with.
        plan: complete, not settled.
        destination: is asked for only where it has to be read.
        privacy: what may be seen of them.
        limit: changes at the most; None for all.
    """
    preview = Preview(planner, state, plan)
    last = plan.counts.total if limit is None else min(limit, plan.counts.total)
    for first in range(0, last, AT_ONCE):
        rows = preview.rows(first, min(first + AT_ONCE, last))
        unknown = [n for n, row in enumerate(rows) if row.operation != "added" and not row.before]
        there = _look(plan, destination(), [rows[n].key for n in unknown]) if unknown else {}
        found = {unknown[position]: image for position, image in there.items()}
        for number, row in enumerate(rows):
            before = privacy.image(row.before or found.get(number))
            yield Change(privacy.name(row.row_id), row.operation, before, privacy.image(row.after))


def _look(
    plan: Plan, destination: Session, keys: list[tuple[str | None, ...]]
) -> Mapping[int, Mapping[str, str | None]]:
    target = read_target(destination, plan.shape.table)
    return look(destination, target, plan.shape, keys)
