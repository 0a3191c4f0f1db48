"""The destination is taken as it is: rows that are there exactly as the model has them are sent."""

from __future__ import annotations

from dataclasses import replace

from psycopg import sql

from ..errors import TerminalError
from ..failpoints import failpoint
from ..outcome import Adopted, Counts
from ..plan import Advance, Plan, Run, forget, forget_accepted, forget_others
from ..record import Fate
from ..verify import Comparison, planned_keys
from .layout import is_other_slice, left_over
from .make_plan import make_plan
from .recover import recover
from .told import tell
from .verify import compared
from .work import Work

TAKEN = "the destination was taken as it is before all of it was written; the rest is planned anew"
OTHERS = "the partitions are others now"


def adopt(work: Work) -> Adopted:
    """Makes a state of what destination and model have in common; nothing is sent.

    The model is planned as in a first run. Of that plan only rows remain that the destination has
    in the same image; they become the state. Rows that were sent before and are not the same are
    known still, and are sent by the next run; so are all others.

    Args:
        work: locked and claimed.

    Raises:
        PgsyncError: see `sync.run`.
    """
    work, _ = recover(work, full_resync=True, given_up=TAKEN)
    notes = work.notes
    if is_other_slice(work):  # what it knows is about rows of other partitions
        ledger = work.state.ledger, work.state.ledger_run
        work = replace(work, state=forget(work.planner, work.state, *ledger, OTHERS))
    run = work.planner.begin(work.state, work.slice)
    try:
        work, plan = make_plan(work, run, full_resync=True, anew=True)
        adopted = _taken(work, run, plan)
    except TerminalError as error:
        work.audit.fail(work.state, run, error)
        work.planner.drop(work.state, run, "failed")
        tell(work.sync, work.planner, work.state, work.ledger.session, error)
        raise
    for name in left_over(work):
        left = work.planner.look(work.sync.name, name)
        if left is not None:
            forget(work.planner, left, left.ledger, left.ledger_run, OTHERS)
    problem = tell(work.sync, work.planner, work.state, work.ledger.session)
    return replace(adopted, notes=(*notes, problem) if problem else notes)


def _taken(work: Work, run: Run, plan: Plan) -> Adopted:
    entry = work.ledger.read(work.state)
    with compared(work) as done:
        connection = done.comparison.connection
        _keep_identical(work, plan, done.comparison)
        taken = work.planner.planned(connection, run).total
        forget_others(work.planner, connection, work.state, plan)
        forget_accepted(work.planner, connection, plan, plan.counts.total)
        rows = Advance(work.planner, connection, work.state, plan, plan.counts.total, 0).apply()
        failpoint("destination adopted")
        state = replace(
            work.state,
            shape=plan.shape,
            row_count=rows,
            ledger=plan.shape.ledger,
            ledger_run=entry.run if entry else None,
            ledger_batch=entry.batch if entry else None,
            cursor=None,
            columns=work.sides,
        )
        nothing = Fate(Counts(), Counts(), Counts())
        work.audit.run(connection, state, run, nothing, batches=0, error=None)
        work.planner.settled(connection, state, plan)
    failpoint("adopted")
    return Adopted(work.sync.name, work.slice or None, done.rows, taken)


def _keep_identical(work: Work, plan: Plan, comparison: Comparison) -> None:
    """Drops every other row of the plan."""
    comparison.connection.execute(
        sql.SQL(
            "DELETE FROM {} AS held WHERE NOT EXISTS (SELECT FROM ({}) AS same WHERE {})"
        ).format(
            work.planner.plan_table(plan.run),
            comparison.identical(),
            comparison.key.equals(planned_keys(comparison.key), "same"),
        )
    )
