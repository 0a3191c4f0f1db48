"""What a connection is used for: a model is read, a table is written, a state is kept there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from .engine import PLATFORM
from .sync import SyncConfig

UsedAs = Literal["source", "destination", "platform"]
PLACES: tuple[UsedAs, ...] = get_args(UsedAs)


@dataclass(frozen=True)
class Uses:
    """The syncs that use a connection.

    Args:
        reads: whose model is read there.
        keeps: whose planner and audit are there.
        writes: whose table is there.
    """

    reads: tuple[SyncConfig, ...]
    keeps: tuple[SyncConfig, ...]
    writes: tuple[SyncConfig, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all of them, in order."""
        every = (*self.reads, *self.keeps, *self.writes)
        return tuple(dict.fromkeys(sync.name for sync in every))


def uses_of(connection: str, syncs: Iterable[SyncConfig], places: Collection[UsedAs]) -> Uses:
    """Which syncs use a connection, and for what.

    A frame is read on the platform, where it was loaded: that belongs to keeping the state.

    Args:
        connection: its name.
        syncs: all that count.
        places: uses that count.
    """
    every = tuple(syncs)
    used: dict[UsedAs, tuple[SyncConfig, ...]] = {
        "source": tuple(
            sync for sync in every if sync.source == connection and not sync.model.is_frame
        ),
        "destination": tuple(sync for sync in every if sync.destination == connection),
        "platform": every if connection == PLATFORM else (),
    }
    found = {place: used[place] if place in places else () for place in PLACES}
    keeps = (sync for place in PLACES for sync in found[place] if sync.traits.place == place)
    return Uses(found["source"], tuple(keeps), found["destination"])
