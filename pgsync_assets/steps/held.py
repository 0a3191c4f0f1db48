"""Whether a plan that somebody names can be applied now; if not, why not, in words."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import StalePlan
from ..plan import Plan, Planner, PlanRecord, find_plan
from .work import Work

ENDINGS = {
    "settled": "it was applied already",
    "superseded": "it was given up",
    "failed": "its run failed before it was planned",
    "started": "its run was interrupted before it was planned",
    "planned": "its run is under way",
}


def found(planner: Planner, number: int) -> PlanRecord:
    """A plan by its number, whatever became of it.

    Raises:
        StalePlan: no run has this number.
    """
    record = find_plan(planner, number)
    if record is None:
        raise StalePlan(
            f"there is no plan {number} at {planner.session.name}",
            "`pgsync-assets show` lists runs and held plans; `pgsync-assets plan SYNC` makes one",
        )
    return record


def applicable(work: Work, number: int) -> Plan:
    """The held plan of this number.

    Raises:
        StalePlan: it is none of this sync, or cannot be applied any more.
    """
    record = found(work.planner, number)
    for problem in _problems(work, record):
        raise StalePlan(
            f"plan {number} cannot be applied: {problem}",
            f"make a new one: pgsync-assets plan {work.sync.name}",
        )
    assert record.plan is not None  # noqa: S101 - a held plan is complete
    return record.plan


def ending(record: PlanRecord) -> str | None:
    """Why a plan is not held any more; None where it is."""
    if record.status == "held":
        return None
    return record.stale_because or ENDINGS[record.status]


def _problems(work: Work, record: PlanRecord) -> Iterator[str]:
    if record.sync != work.sync.name:
        yield f"it is a plan of the sync {record.sync!r}, not of {work.sync.name!r}"
    if record.run.partition != work.slice:
        named = record.run.partition or "the whole model"
        yield f"it is about {named}, not about {work.slice or 'the whole model'}"
    over = ending(record)
    if over is not None:
        yield over
    yield from _of_plan(work, record.plan)


def _of_plan(work: Work, plan: Plan | None) -> Iterator[str]:
    if plan is None:
        return
    if plan.shape.ledger != work.ledger_id:
        name = work.ledger.session.name
        yield f"it was made for another database than {name} is now"
    if plan.fingerprint != work.fingerprint:
        yield "the configuration has changed since (model, columns, types, table, mode or delete)"
    if plan.shape.is_remade(work.shape):
        yield f"{plan.shape.table} was dropped and made again since"
    if plan.base_run != work.state.ledger_run:
        yield f"run {work.state.ledger_run} has written since"
