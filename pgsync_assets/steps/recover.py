"""An unfinished plan is settled first, never planned over; and both databases tell one history."""

from __future__ import annotations

from dataclasses import replace

from ..errors import HistoryError, UnfinishedRun
from ..outcome import Outcome
from ..plan import Plan
from ..sent import Sent
from ..write import Entry, other_history
from .refused_run import close_interrupted
from .settle import outcome, settle
from .switch import carried
from .work import Work
from .write_plan import write_plan

UNWRITTEN = "interrupted before its first row was written"
CHANGED = "the configuration changed before all of it was written; the rest is planned anew"
REMADE = "the destination table was dropped and made again before all of it was written"
STREAMED = "interrupted while its rows were streamed; the rest is planned anew"


def recover(
    work: Work, full_resync: bool, given_up: str | None = None
) -> tuple[Work, Outcome | None]:
    """Finishes what an earlier run left behind.

    A plan of which something may be in is continued where its images are (its batches are in the
    planner), or settled by the ledger where the configuration has changed, or its rows were
    streamed. A plan of which nothing can be in is dropped.

    Args:
        work: the run.
        full_resync: every row is planned anew anyway: differing histories are accepted.
        given_up: why an unfinished plan is not continued; None: it is.

    Returns:
        The work with its state as it is now, and what the earlier run came to.

    Raises:
        HistoryError: planner and ledger do not know the same runs.
        PrivilegeError: what another engine has sent cannot be read, and would be needed.
    """
    close_interrupted(work.planner, work.audit, work.state)
    work = carried(work, is_needed=not full_resync)
    entry = work.ledger.read(work.state)
    unfinished = _unfinished(work, entry)
    if unfinished is not None:
        is_cut_off = unfinished.is_streamed and entry and entry.batch < unfinished.batches
        return _finish(work, unfinished, given_up or (STREAMED if is_cut_off else None))
    plan = work.planner.open_plan(work.state)
    if plan is not None:
        _supersede(work, plan, full_resync)
    if not full_resync:
        _compare(work, entry)
    return _above(work, entry), None


def refuse_unfinished(work: Work, but: int | None = None) -> None:
    """Makes sure that looking at a plan would not have to write rows of another one first.

    Args:
        work: the run.
        but: number of a plan that may be half written.

    Raises:
        UnfinishedRun: a run was interrupted while it wrote.
    """
    entry = work.ledger.read(work.state)
    plan = _unfinished(work, entry)
    if plan is not None and entry is not None and plan.run.id != but:
        raise UnfinishedRun(
            f"sync {work.sync.name!r}: run {plan.run.id} was interrupted after "
            f"batch {entry.batch} of {plan.batches}",
            f"finish it first: pgsync-assets run {work.sync.name}",
        )


def _unfinished(work: Work, entry: Entry | None) -> Plan | None:
    """The plan that the ledger knows and that is not settled."""
    return work.planner.unsettled(work.state, entry.run) if entry else None


def _supersede(work: Work, plan: Plan, full_resync: bool) -> None:
    """Drops a plan of which this destination has nothing."""
    if plan.shape.ledger != work.ledger_id and not full_resync:
        raise HistoryError(
            f"sync {work.sync.name!r}: run {plan.run.id} was interrupted while it wrote to "
            f"another database than {work.ledger.session.name} is now",
            "point the connection back and run it once; or begin anew here: "
            f"pgsync-assets run {work.sync.name} --full-resync",
        )
    work.audit.fail(work.state, plan.run, UNWRITTEN, plan.counts)
    work.planner.drop(work.state, plan.run, "superseded")


def _finish(work: Work, plan: Plan, given_up: str | None) -> tuple[Work, Outcome]:
    error = REMADE if plan.shape.is_remade(work.shape) else given_up
    error = error if plan.fingerprint == work.fingerprint else CHANGED
    sent = Sent()
    if error is None:
        work.audit.resumed(plan.run)
        sent = write_plan(work, plan, resumed=True)
    else:
        work.ledger.take_over(work.state, plan.run.id)  # before the last word on it is read
    settlement = settle(work, plan, error)
    work.reporter.step("recover")
    work.reporter.settled()
    finished = outcome(work, plan, settlement, sent)
    return replace(work, state=settlement.state), finished


def _above(work: Work, entry: Entry | None) -> Work:
    """A new epoch above the ledger's fence: the planner may have been restored."""
    if entry is None or entry.fence < work.state.epoch:
        return work
    state = work.planner.claim(work.state.sync, work.state.partition, entry.fence)
    return replace(work, state=state)


def _compare(work: Work, entry: Entry | None) -> None:
    state = work.state
    if state.ledger is not None and state.ledger != work.ledger_id:
        return  # another destination altogether: the plan says so, with its own remedy
    problem = other_history(state, entry)
    if problem is None:
        return
    raise HistoryError(
        f"sync {state.sync!r}: the planner at {work.planner.session.name} knows {problem[0]} as "
        f"the last one, the ledger at {work.ledger.keeper.name} knows {problem[1]}: one of the two "
        "databases was restored or replaced, or a standby without the last transactions took over",
        f"look at both; then send every row again: pgsync-assets run {state.sync} --full-resync",
    )
