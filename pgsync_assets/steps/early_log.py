"""The log of a big run is written beside its batches: the planner's server is half idle then."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import psycopg

from ..connect import Session
from ..errors import PgsyncError
from ..plan import Plan
from .beside import beside
from .work import Work

PATIENCE_S = 5  # for a server to hear that the log is not wanted any more

_log = logging.getLogger(__name__)


@contextmanager
def early_log(work: Work, plan: Plan) -> Iterator[None]:
    """Writes the rows of a big run into its log while the block writes them to the destination.

    Nobody sees them until the run is settled, which writes them itself where this failed: a run
    never fails for it. A block that raises does not wait for it.

    Args:
        work: the run.
        plan: complete.
    """
    with ExitStack() as stack:
        session = _session(stack, work) if work.audit.is_big(plan) else None
        if session is None:
            yield
            return
        pool = stack.enter_context(ThreadPoolExecutor(1))
        writing = pool.submit(_write, work, plan, session)
        try:
            yield
        except BaseException:
            with suppress(psycopg.Error):
                session.connection.cancel_safe(timeout=PATIENCE_S)
            raise
        writing.result()


def _session(stack: ExitStack, work: Work) -> Session | None:
    """One more on the planner's database; None where there is none to be had."""
    try:
        return stack.enter_context(beside(work, "log"))
    except PgsyncError as error:
        _leave(work, error)
        return None


def _write(work: Work, plan: Plan, session: Session) -> None:
    try:
        work.audit.write_early(session, work.state, plan)
    except PgsyncError as error:
        _leave(work, error)


def _leave(work: Work, error: PgsyncError) -> None:
    _log.info("sync %s: its log is written when it is settled: %s", work.sync.name, error.message)
