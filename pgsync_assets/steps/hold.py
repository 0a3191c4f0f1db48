"""A complete plan is left for people to look at, before anything of it is written.

The same plan made again (a schedule does not wait for people) keeps the number that it had: who
was told to look at plan 7 finds plan 7, and an approval of it still counts.
"""

from __future__ import annotations

from dataclasses import asdict, replace

from ..errors import GuardError
from ..plan import Plan, accident, content_of, note
from .work import Work


def reason_to_hold(work: Work, plan: Plan, full_resync: bool) -> str | None:
    """What the guard says of a plan; None where it is within the limits of the sync.

    Args:
        work: the run.
        plan: complete, nothing of it written.
        full_resync: every row is sent again because somebody asked for it.
    """
    guard = work.sync.guard.resolved(deletes=work.sync.deletes)
    return accident(plan, work.state, guard, resync=full_resync)


def hold(work: Work, plan: Plan, reason: str | None) -> Plan:
    """Leaves a plan to be looked at.

    Args:
        work: the run.
        plan: complete, nothing of it written.
        reason: what the guard says of it.

    Returns:
        The plan that is held now: this one, or an older one that writes the same rows.
    """
    content = content_of(work.planner, plan)
    held = _same(work, plan, content)
    if held is None:
        work.planner.keep(work.state, plan.run, reason, content)
        return replace(plan, reason=reason, content=content)
    because = f"plan {held.run.id}, which is held, writes the same rows"
    work.planner.drop(work.state, plan.run, "superseded", because)
    note(work.planner, held.run, reason)
    return replace(held, reason=reason)


def stopped(work: Work, plan: Plan, reason: str) -> GuardError:
    """Holds a plan that the guard stopped, and records the run as held.

    Args:
        work: the run.
        plan: complete, nothing of it written.
        reason: what the guard says of it.

    Returns:
        The error to be raised: which plan is held, and what to do.
    """
    held = hold(work, plan, reason)
    is_older = held.run.id != plan.run.id
    told = f"{reason}; plan {held.run.id} of the same rows waits already" if is_older else reason
    number = held.run.id
    error = GuardError(
        told,
        f"look at it: pgsync-assets show {number}; to write exactly these rows: pgsync-assets "
        f"apply {number}; to drop it: pgsync-assets discard {number}. What a run may do without "
        f"being asked is `guard` of the sync",
        plan_id=number,
        rows=asdict(plan.counts),
    )
    work.audit.fail(work.state, plan.run, error, plan.counts, status="held")
    return error


def _same(work: Work, plan: Plan, content: str) -> Plan | None:
    """The held plan, where it was made of the same state for the same end and writes the same."""
    held = work.planner.open_plan(work.state, "held")
    if held is None:
        return None
    mine, theirs = (
        (p.fingerprint, p.base_run, p.is_full, p.is_whole, p.counts, p.left, p.invalid)
        + (p.run.partition,)
        for p in (plan, held)
    )
    return held if mine == theirs and held.content == content else None
