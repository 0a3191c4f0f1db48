"""What a connection is for, and so what is asked of it when it is tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..config import PLATFORM, Mode, SyncConfig, UsedAs
from ..connect import Endpoint
from ..errors import ConfigurationError


@dataclass(frozen=True)
class TableUse:
    """A table that is to be written, where there is no sync yet.

    Args:
        table: `schema.table`.
        mode: in which it is to be written.
    """

    table: str
    mode: Mode


@dataclass(frozen=True)
class Asked:
    """What is asked of a connection.

    Args:
        roles: what it is for.
        keeps_state: as a source: whether planner and audit are there, as with engine lightning.
        sync: whose model or table is tried, too.
        source: of that sync: as a destination, its model says what the table has to take.
        table: tried instead of a sync's.
    """

    roles: Sequence[UsedAs]
    keeps_state: bool = True
    sync: SyncConfig | None = None
    source: Endpoint | None = None
    table: TableUse | None = None


def asked_of(
    name: str,
    syncs: Sequence[SyncConfig],
    *,
    role: UsedAs | None = None,
    sync: SyncConfig | None = None,
    source: Endpoint | None = None,
    table: TableUse | None = None,
) -> Asked:
    """What is asked of a connection of a project.

    Args:
        name: of the connection.
        syncs: of the project.
        role: what it is for; default: what the sync, or else any sync, uses it for.
        sync: whose model or table is tried, too.
        source: of that sync.
        table: tried instead of a sync's.

    Raises:
        ConfigurationError: the sync does not use the connection, or not so.
    """
    users = syncs if sync is None else [sync]
    used = _roles(name, users)
    if sync is not None and (role or next(iter(used), None)) not in used:
        how = f" as its {role}" if role and used else ""
        raise ConfigurationError(
            f"sync {sync.name!r} does not use the connection {name!r}{how}",
            f"it reads at {sync.source!r} and writes to {sync.destination!r}",
        )
    sources = [one for one in users if one.source == name]
    return Asked(
        roles=(role,) if role else used or ("source", "destination"),
        keeps_state=not sources or any(one.traits.place == "source" for one in sources),
        sync=sync,
        source=source,
        table=table,
    )


def _roles(name: str, syncs: Sequence[SyncConfig]) -> tuple[UsedAs, ...]:
    used: dict[UsedAs, bool] = {
        "source": any(sync.source == name and not sync.model.is_frame for sync in syncs),
        "destination": any(sync.destination == name for sync in syncs),
        "platform": name == PLATFORM,
    }
    return tuple(role for role, is_used in used.items() if is_used)
