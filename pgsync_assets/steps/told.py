"""The log of the destination is told how runs have ended, after the planner has settled them.

Whatever crashes in between, the next run of the sync asks the log what it knows, and tells it the
rest. A log that cannot be written fails no run: its rows are in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..config import SyncConfig
from ..connect import Session
from ..errors import ConnectionLost, PgsyncError, TerminalError
from ..failpoints import failpoint
from ..log import Log, about_sync, sqlstate_of, untold
from ..outcome import Outcome
from ..plan import Planner, State
from ..record import ended_runs


def log_of(
    sync: SyncConfig, state: State, destination: Session, columns: Sequence[str] | None = None
) -> Log | None:
    """The log of a sync; None where its destination keeps none.

    Args:
        sync: the sync.
        state: as claimed.
        destination: a session there.
        columns: of the table, that it writes; None where they are not known now.
    """
    schema = destination.config.schemas.log
    if schema is None:
        return None
    about = about_sync(sync, columns)
    return Log(destination, schema, about, state.installation, state.partition)


def tell(
    sync: SyncConfig,
    planner: Planner,
    state: State,
    destination: Session,
    error: PgsyncError | None = None,
) -> str | None:
    """Tells the log what it does not know yet.

    Args:
        sync: the sync.
        planner: the audit is beside it.
        state: whose runs.
        destination: a session there.
        error: what the run under way ends with, if it does.

    Returns:
        A sentence where the log could not be written.
    """
    log = log_of(sync, state, destination)
    if log is None or destination.connection.closed or isinstance(error, ConnectionLost):
        return None
    try:
        _tell(log, sync.name, planner, state, error)
    except PgsyncError as problem:
        return untold(sync.name, problem)
    failpoint("log told")
    return None


def tell_forgotten(sync: SyncConfig, state: State, destination: Session, told: str) -> None:
    """Tells the log that nothing is known any more of the rows that a state was about.

    Args:
        sync: the sync.
        state: which was forgotten.
        destination: a session there.
        told: why.
    """
    log = log_of(sync, state, destination)
    if log is not None:
        try:
            log.forget(told)
        except PgsyncError as problem:
            untold(sync.name, problem)


def telling(
    sync: SyncConfig,
    planner: Planner,
    state: State,
    destination: Session,
    do: Callable[[], Outcome],
) -> Outcome:
    """Does something, and tells the log how it ended, well or not.

    Args:
        sync: see `tell`.
        planner: see `tell`.
        state: see `tell`.
        destination: see `tell`.
        do: what to do.

    Returns:
        What came of it; a log that could not be written is among its notes.
    """
    try:
        done = do()
    except TerminalError as error:
        tell(sync, planner, state, destination, error)
        raise
    problem = tell(sync, planner, state, destination)
    return replace(done, notes=(*done.notes, problem)) if problem else done


def _tell(log: Log, name: str, planner: Planner, state: State, error: PgsyncError | None) -> None:
    audit, known = planner.session.config.schemas.audit, log.known()
    ended = ended_runs(planner.session, audit, name, state.partition, known)
    if ended and error is not None and ended[-1].error == error.message:
        ended[-1] = replace(ended[-1], sqlstate=sqlstate_of(error))
    if ended:
        log.end(ended)
    if error is not None and set(known.open) - {run.run for run in ended}:
        log.interrupt(error.message, sqlstate_of(error))
