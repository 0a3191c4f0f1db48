"""The databases that a sync may use, and which of them holds its planner."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from ..config import PLATFORM, Place, SyncConfig
from ..connect import Endpoint, no_platform


@dataclass(frozen=True)
class Ends:
    """The databases that a sync may use.

    Args:
        source: where models are read, and where lightning keeps its state.
        destination: where tables are written.
        platform: where the standard engine keeps its state; None where nothing says where that is.
        known: names of all syncs of the project; None where they are not known. A state of another
            name is one that nobody has any more.
        by: who runs it, for those who find that it is running; None: nobody says so.
    """

    source: Endpoint
    destination: Endpoint
    platform: Endpoint | None = None
    known: Collection[str] | None = None
    by: str | None = None

    def __iter__(self) -> Iterator[Endpoint]:
        """Those that are known."""
        return filter(None, (self.source, self.destination, self.platform))

    @contextmanager
    def open(self) -> Iterator[None]:
        """Keeps their tunnels open for the length of the block."""
        with ExitStack() as stack:
            for endpoint in self:
                stack.enter_context(endpoint)
            yield

    def weaknesses(self, sync: SyncConfig) -> tuple[str, ...]:
        """What is weaker than verify-full in the connections that a sync uses, in sentences.

        Raises:
            ConfigurationError: see `planner_of`, or the variable of a host is not set.
        """
        used = (self.source, self.planner_of(sync)[0], self.destination)
        return tuple(dict.fromkeys(filter(None, (endpoint.weakness for endpoint in used))))

    def planner_of(self, sync: SyncConfig) -> tuple[Endpoint, Endpoint | None]:
        """Where the planner of a sync is, and where it would be with the other engine.

        Rows that are read from the platform itself have one place only.

        Raises:
            ConfigurationError: its engine needs a platform.
        """
        places: dict[Place, Endpoint | None] = {"source": self.source, "platform": self.platform}
        home = places.pop(sync.traits.place)
        if home is None:
            raise no_platform(sync.name)
        return home, None if sync.source == PLATFORM else next(iter(places.values()))
