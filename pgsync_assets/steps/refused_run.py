"""Runs that came to nothing: refused before they began, or interrupted before they wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..config import Partition, SyncConfig
from ..connect import Session, is_migrated, schema_problem
from ..errors import AlreadyRunning, PgsyncError, TerminalError
from ..plan import Planner, State, prepare
from ..record import Audit, Circumstances
from .told import tell
from .turn import lock_of, state_name

INTERRUPTED = "interrupted before its plan was complete; nothing was written"
Refusal = tuple[Session, Session, Session, Partition | None, Circumstances]
"""Where a refusal is recorded: sessions of planner, lock, destination; the slice, and by whom."""


@contextmanager
def recorded(sync: SyncConfig, refusal: Refusal | None) -> Iterator[None]:
    """Records what the block is refused.

    Args:
        sync: the sync.
        refusal: where; None: nowhere.
    """
    try:
        yield
    except TerminalError as error:
        if refusal is not None:
            _record(sync, *refusal, error)
        raise


def _record(
    sync: SyncConfig,
    session: Session,
    lock_session: Session,
    destination: Session,
    partition: Partition | None,
    circumstances: Circumstances,
    error: TerminalError,
) -> None:
    """A run that could not even begin is a failed run, and shows in sync_runs.

    Only where our schemas are there already: the first try of a sync changes nothing anywhere.
    """
    if session.connection.closed:  # what refused us hung up, too
        return
    schemas = session.config.schemas
    ours = (schemas.planner, schemas.audit)
    if not all(schema_problem(session, s) is None and is_migrated(session, s) for s in ours):
        return
    planner = prepare(session, schemas.planner)
    audit = Audit.prepare(session, planner, schemas.audit, sync, circumstances)
    with (
        suppress(AlreadyRunning),
        lock_of(lock_session, planner.schema, sync, partition),
    ):
        state = planner.claim(sync.name, state_name(partition))
        close_interrupted(planner, audit, state)
        if planner.open_plan(state) is None:  # else that run comes first, when this is mended
            run = planner.begin(state, partition.name if partition else "")
            audit.fail(state, run, error)
            planner.drop(state, run, "failed")
            _tell(sync, planner, state, destination, error)


def _tell(
    sync: SyncConfig, planner: Planner, state: State, destination: Session, error: TerminalError
) -> None:
    """Tells the log of the destination, where it has been made."""
    log = destination.config.schemas.log
    with suppress(PgsyncError):  # it may be the log itself that we may not use
        if log is not None and is_migrated(destination, log):
            tell(sync, planner, state, destination, error)


def close_interrupted(planner: Planner, audit: Audit, state: State) -> None:
    """Runs that died before their plan was complete are failed runs: nothing was written."""
    for run in planner.abandoned(state):
        audit.fail(state, run, INTERRUPTED)
