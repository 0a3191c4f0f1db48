"""Rules about several syncs and connections together; rules about one are in its model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from .document import Location
from .model import split_qualified
from .sync import SyncConfig
from .validation import suggestion


@dataclass(frozen=True)
class Conflict:
    """What is wrong about a sync beside the others.

    Args:
        position: of the sync in the list that was checked.
        location: the key of the sync that is meant.
        message: what is wrong, and what to do.
    """

    position: int
    location: Location
    message: str


def cross_check(connections: Collection[str], syncs: Sequence[SyncConfig]) -> list[Conflict]:
    """Checks what a single sync cannot know.

    Args:
        connections: names of all connections.
        syncs: all syncs, in the order in which they were read.

    Returns:
        Everything that is wrong; empty where all is well.
    """
    found: list[Conflict] = []
    for position, sync in enumerate(syncs):
        before = syncs[:position]
        for location, message in (
            *_connections(sync, connections),
            *_own_table(sync),
            *_same_name(sync, before),
            *_same_model_name(sync, before),
            *_same_destination(sync, before),
        ):
            found.append(Conflict(position, location, message))
    return found


Told = Iterator[tuple[Location, str]]


def _connections(sync: SyncConfig, connections: Collection[str]) -> Told:
    for end, name in (("source", sync.source), ("destination", sync.destination)):
        if name not in connections:
            yield (end,), f"no connection is named {name!r}; {suggestion(name, connections)}"


def _own_table(sync: SyncConfig) -> Told:
    if sync.source == sync.destination and sync.model.table is not None:
        same = split_qualified(sync.model.table) == split_qualified(sync.table)
        if same:
            yield ("table",), "the sync would write into the table that it reads"


def _same_name(sync: SyncConfig, before: Sequence[SyncConfig]) -> Told:
    if any(other.name == sync.name for other in before):
        yield ("name",), f"another sync is named {sync.name!r} too; names are used once"


def _same_model_name(sync: SyncConfig, before: Sequence[SyncConfig]) -> Told:
    mine = (sync.source, sync.model.model_copy(update={"name": None}))
    for other in before:
        if other.model_name != sync.model_name or other.name == sync.name:
            continue
        if (other.source, other.model.model_copy(update={"name": None})) != mine:
            yield (
                ("model",),
                f"the sync {other.name!r} has another model named {sync.model_name!r}; "
                "give one of them a model.name of its own",
            )


def _same_destination(sync: SyncConfig, before: Sequence[SyncConfig]) -> Told:
    mine = (sync.destination, split_qualified(sync.table))
    for other in before:
        same = (other.destination, split_qualified(other.table)) == mine
        if same and other.name != sync.name and (sync.deletes or other.deletes):
            yield (
                ("table",),
                f"the sync {other.name!r} writes into {sync.table} too, and one of both does "
                "something to rows that left its model: it could be a row that the other one "
                "keeps; use one sync with one model, or delete: do_nothing in both",
            )
