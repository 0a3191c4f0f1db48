"""States of a planner that no sync of the project has: what renamed and deleted syncs left.

A sync that begins beside the state of such a name, about the same rows, was renamed most likely:
its first run would send all rows again, and never remove those that the old name had sent.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from uuid import UUID

from ..config import SyncConfig
from ..connect import Endpoint, is_migrated
from ..errors import ConfigurationError, TerminalError
from ..plan import Neighbour, Planner, neighbours


def unclaimed(
    planner: Planner,
    sync: SyncConfig,
    ledger: UUID,
    known: Collection[str] | None,
    elsewhere: Endpoint | None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Looks for states that nobody has, before a sync is claimed.

    Args:
        planner: where the sync has its state, or will have it.
        sync: as described: its model has its key.
        ledger: identity of the destination.
        known: names of all syncs of the project; None: not known.
        elsewhere: where another engine has its planner.

    Returns:
        The names that no sync has, where that can be told; and notes.

    Raises:
        ConfigurationError: the sync has no state, and one of those is about the same rows.
    """
    there = neighbours(planner, sync.table, ledger, sync.model.key)
    others = [one for one in there if one.sync != sync.name and one.sync not in (known or ())]
    names = tuple(one.sync for one in others) if known is not None else ()
    same = [one for one in others if one.is_same]
    if not same or any(one.sync == sync.name for one in there):
        return names, ()
    if elsewhere is not None and _is_known_at(elsewhere, sync.name):
        return names, ()
    if known is not None:
        raise _renamed(sync, planner, same)
    return names, tuple(_note(sync, planner, one) for one in same)


def _is_known_at(elsewhere: Endpoint, name: str) -> bool:
    """Whether another engine has the state: it is carried over, as after any switch."""
    schema = elsewhere.config.schemas.planner
    with suppress(TerminalError), elsewhere.session(f"pgsync/{name} switch") as session:
        if is_migrated(session, schema):
            return bool(Planner(session, schema).partitions_of(name, filled=True))
    return False


def _renamed(sync: SyncConfig, planner: Planner, same: list[Neighbour]) -> ConfigurationError:
    found = "; ".join(_told(one) for one in same)
    old = same[0].sync
    return ConfigurationError(
        f"sync {sync.name!r} has no state yet, and the planner at {planner.session.name} has one "
        f"for the same table {sync.table} and key, under a name that no sync of this project has: "
        f"{found}. Was the sync renamed? Nothing was written",
        f"to go on from there: pgsync-assets state move {old} {sync.name}\n"
        f"to begin anew: pgsync-assets state drop {old}\n"
        "if another project has that sync: give one of the two a planner of its own "
        "(schemas: {planner: ..} of the connection)",
    )


def _note(sync: SyncConfig, planner: Planner, one: Neighbour) -> str:
    return (
        f"the planner at {planner.session.name} has a state for the same table {sync.table} and "
        f"key: {_told(one)}. If {sync.name!r} is its new name, `pgsync-assets state move` would "
        "have gone on from there"
    )


def _told(one: Neighbour) -> str:
    last = f", last run {one.last_run:%Y-%m-%d %H:%M %Z}".rstrip() if one.last_run else ""
    return f"{one.sync!r} ({one.rows:,} rows{last})"
