"""Rules about several syncs and connections together; rules about one are in its model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .document import Location
from .engine import PLATFORM
from .model import ModelConfig
from .qualified_name import split_qualified
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


def cross_check(
    connections: Collection[str],
    syncs: Sequence[SyncConfig],
    models: Mapping[str, ModelConfig] | None = None,
    beside: Collection[str] = (),
) -> list[Conflict]:
    """Checks what a single sync cannot know.

    Args:
        connections: names of all connections.
        syncs: all syncs, in the order in which they were read, placed.
        models: those of `models:`, by name.
        beside: names of syncs that are defined elsewhere.

    Returns:
        Everything that is wrong; empty where all is well.
    """
    found: list[Conflict] = []
    upstream = {sync.name: sync.schedule.syncs_before if sync.schedule else () for sync in syncs}
    before = _Before()
    for position, sync in enumerate(syncs):
        for location, message in (
            *_connections(sync, connections),
            *_own_table(sync),
            *_same_name(sync, before.by_name[sync.name]),
            *_same_model_name(sync, before.by_model[sync.model_name]),
            *_name_of_model(sync, models or {}),
            *_same_destination(sync, before.by_table[_destination(sync)]),
            *_after(sync.name, upstream, beside),
        ):
            found.append(Conflict(position, location, message))
        before.add(sync)
    return found


Told = Iterator[tuple[Location, str]]
Place = tuple[str, tuple[str, str]]


class _Before:
    """The syncs that were looked at already, by what no two of them may share."""

    def __init__(self) -> None:
        self.by_name: defaultdict[str, list[SyncConfig]] = defaultdict(list)
        self.by_model: defaultdict[str, list[SyncConfig]] = defaultdict(list)
        self.by_table: defaultdict[Place, list[SyncConfig]] = defaultdict(list)

    def add(self, sync: SyncConfig) -> None:
        self.by_name[sync.name].append(sync)
        self.by_model[sync.model_name].append(sync)
        self.by_table[_destination(sync)].append(sync)


def _destination(sync: SyncConfig) -> Place:
    return sync.destination, split_qualified(sync.table)


def _connections(sync: SyncConfig, connections: Collection[str]) -> Told:
    for end, name in (("source", sync.source), ("destination", sync.destination)):
        is_loaded = end == "source" and sync.model.is_frame
        if name not in connections and not (name == PLATFORM and is_loaded):
            yield (end,), f"no connection is named {name!r}; {suggestion(name, connections)}"


def _own_table(sync: SyncConfig) -> Told:
    if sync.source == sync.destination and sync.model.table is not None:
        same = split_qualified(sync.model.table) == split_qualified(sync.table)
        if same:
            yield ("table",), "the sync would write into the table that it reads"


def _same_name(sync: SyncConfig, namesakes: Sequence[SyncConfig]) -> Told:
    if namesakes:
        yield ("name",), f"another sync is named {sync.name!r} too; names are used once"


def _same_model_name(sync: SyncConfig, namesakes: Sequence[SyncConfig]) -> Told:
    mine = (sync.source, sync.model.model_copy(update={"name": None}))
    for other in namesakes:
        if other.name == sync.name or (other.source, other.model) == (sync.source, sync.model):
            continue
        if (other.source, other.model.model_copy(update={"name": None})) != mine:
            yield (
                ("model",),
                f"the sync {other.name!r} has another model named {sync.model_name!r}; "
                "give one of them a model.name of its own",
            )


def _name_of_model(sync: SyncConfig, models: Mapping[str, ModelConfig]) -> Told:
    named = models.get(sync.model_name)
    if named is not None and named != sync.model:
        yield (
            ("model",),
            f"another model is named {sync.model_name!r}, under `models:`; give this one a "
            "model.name of its own, or name that one: model: " + sync.model_name,
        )


def _same_destination(sync: SyncConfig, neighbours: Sequence[SyncConfig]) -> Told:
    for other in neighbours:
        if other.name != sync.name and (sync.deletes or other.deletes):
            yield (
                ("table",),
                f"the sync {other.name!r} writes into {sync.table} too, and one of both does "
                "something to rows that left its model: it could be a row that the other one "
                "keeps; use one sync with one model, or delete: do_nothing in both",
            )


def _after(name: str, upstream: Mapping[str, Collection[str]], beside: Collection[str]) -> Told:
    """Args: upstream: by name of a sync, those it runs after."""
    where = ("schedule", "after")
    for other in upstream[name]:
        if other not in upstream and other not in beside:
            near = suggestion(other, (*upstream, *beside))
            yield where, f"no sync is named {other!r}; {near} (an asset is written `key:{other}`)"
    found = circle(name, upstream)
    if found and name == next(one for one in upstream if one in found):  # told once
        yield where, f"goes round in a circle: {' after '.join(found)}; none of them would begin"


def circle(name: str, upstream: Mapping[str, Collection[str]]) -> list[str]:
    """The way from a sync back to itself, both included; empty where there is none.

    Args:
        name: of the sync.
        upstream: by name of a sync, those it runs after.
    """
    ways, seen = [[name]], set[str]()
    while ways:
        way = ways.pop()
        for other in upstream.get(way[-1], ()):
            if other == name:
                return [*way, name]
            if other not in seen:
                seen.add(other)
                ways.append([*way, other])
    return []
