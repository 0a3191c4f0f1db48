"""Whose turn it is: under which name a partition has its state, and the lock of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from ..config import Partition, SyncConfig, split_qualified
from ..connect import Session
from ..errors import AlreadyRunning
from ..plan import Holder, Lock, Planner, find_holder, locked


def shares_state(partition: Partition | None) -> bool:
    """Whether a partition has no state of its own: its rows may move to another one."""
    return partition is not None and not partition.is_of_key


def slice_of(partition: Partition | None) -> str | None:
    """What a state of its own is about, as JSON; None for a state of the whole model."""
    if partition is None or shares_state(partition):
        return None
    return json.dumps(partition.fingerprint)


def state_name(partition: Partition | None) -> str:
    """Under which name a partition's state is kept."""
    return "" if partition is None or shares_state(partition) else partition.name


@contextmanager
def turn(
    session: Session, planner: Planner, sync: SyncConfig, partition: Partition | None
) -> Iterator[Lock]:
    """The lock of a run; the rows of a frame are kept with it, as a later load would drop them.

    Args:
        session: for the lock alone.
        planner: where the state is.
        sync: the sync.
        partition: the slice, or None.

    Raises:
        AlreadyRunning: somebody else has it; who that is, where it is known.
    """
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(lock_of(session, planner.schema, sync, partition))
        except AlreadyRunning as error:
            name = partition.name if partition else ""
            raise _of_holder(error, find_holder(planner, sync.name, name)) from None
        if sync.model.is_frame and sync.model.table is not None:
            lock.keep(*split_qualified(sync.model.table))
        yield lock


def _of_holder(error: AlreadyRunning, holder: Holder | None) -> AlreadyRunning:
    if holder is None:
        return error
    told = [f"by {holder.by}"] if holder.by else []
    if holder.since is not None:
        told.append(f"since {holder.since:%Y-%m-%d %H:%M:%S %Z}")
    message = f"{error.message} ({', '.join(told)})" if told else error.message
    return AlreadyRunning(message, error.remedy, by=holder.by, since=holder.since)


def lock_of(
    session: Session, planner: str, sync: SyncConfig, partition: Partition | None
) -> AbstractContextManager[Lock]:
    """The lock of a run alone; see `turn`."""
    name = partition.name if partition else ""
    return locked(session, planner, sync.name, name, in_turns=shares_state(partition))
