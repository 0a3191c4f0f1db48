"""Plans that wait for somebody: found by number, compared, approved. Nothing here writes rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from psycopg import sql

from ..connect import READ_ONLY
from ..sql import COMMA, column
from .keys import OPERATION
from .run import Plan, Run
from .state import Planner


@dataclass(frozen=True)
class PlanRecord:
    """What the planner knows of a plan, whatever became of it.

    Args:
        sync: that it is of.
        status: of its run: `held` where it can be applied.
        planned_at: by the planner's clock; None where it never was complete.
        approved_at: when somebody approved it.
        approved_by: who.
        stale_because: why it cannot be applied any more.
        run: that made it.
        plan: as it was stored; None where it never was complete.
    """

    sync: str
    status: str
    planned_at: dt.datetime | None
    approved_at: dt.datetime | None
    approved_by: str | None
    stale_because: str | None
    run: Run
    plan: Plan | None


@dataclass(frozen=True)
class HeldPlan:
    """A plan that waits, in short.

    Args:
        run_id: its number.
        sync: that it is of.
        partition: the slice of the model; empty for all of it.
        planned_at: by the planner's clock.
        reason: why the guard holds it, where it does.
        approved_at: when somebody approved it; None where nobody has.
    """

    run_id: int
    sync: str
    partition: str
    planned_at: dt.datetime
    reason: str | None
    approved_at: dt.datetime | None


def find_plan(planner: Planner, number: int) -> PlanRecord | None:
    """A plan by its number, which is the number of the run that made it; None for no such run."""
    with planner.session.transaction("looking for the plan", READ_ONLY) as connection:
        row = connection.execute(planner.statement("find_plan.sql"), {"run": number}).fetchone()
    if row is None:
        return None
    plan = Plan.from_row(row[6:]) if row[11] is not None else None
    sync, status, planned_at, approved_at, approved_by, stale_because = row[:6]
    return PlanRecord(
        sync,
        status,
        planned_at,
        approved_at,
        approved_by,
        stale_because,
        Run(*row[6:9]),
        plan,
    )


def held_plans(planner: Planner) -> list[HeldPlan]:
    """All plans that wait in a planner, of whichever sync, the oldest first."""
    with planner.session.transaction("looking for held plans", READ_ONLY) as connection:
        rows = connection.execute(planner.statement("held_plans.sql"), {}).fetchall()
    return [HeldPlan(*row) for row in rows]


def approve(planner: Planner, number: int, by: str) -> dt.datetime | None:
    """Records that somebody wants exactly this plan to be written.

    Args:
        planner: that holds it.
        number: of the plan.
        by: who approves.

    Returns:
        When, by the planner's clock; None where there is no such plan to approve.
    """
    values = {"run": number, "by": by}
    with planner.session.transaction("approving the plan") as connection:
        row = connection.execute(planner.statement("approve.sql"), values).fetchone()
    return row[0] if row else None


def note(planner: Planner, run: Run, reason: str | None) -> None:
    """Keeps what the guard says of a held plan now."""
    values = {"run": run.id, "reason": reason}
    with planner.session.transaction("keeping the plan") as connection:
        connection.execute(planner.statement("why_held.sql"), values)


def content_of(planner: Planner, plan: Plan) -> str:
    """A fingerprint of the rows of a plan that does not depend on their order.

    Operation and image of each row, as text, hashed to 64 bits; the sum of all, and how many. Two
    plans with one fingerprint, made of one state for one configuration, write the same rows.

    Args:
        planner: that has its table.
        plan: complete.
    """
    names = (OPERATION, *plan.shape.columns)
    query = sql.SQL(
        "SELECT count(*) || ':' || coalesce(sum(pg_catalog.hashtextextended("
        'ROW({})::text COLLATE pg_catalog."C", 0)), 0) FROM {} AS p'
    ).format(
        COMMA.join(column(name, "p") for name in names),
        planner.plan_table(plan.run),
    )
    with planner.session.transaction("fingerprinting the plan", READ_ONLY) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return str(row[0])
