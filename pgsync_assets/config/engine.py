"""The engines: where the state of a sync lives and what it can hold. All else is one road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Engine = Literal["lightning", "standard"]
StateKind = Literal["rows", "digest"]
Place = Literal["source", "platform"]

PLATFORM = "platform"
"""Name of the connection that stands for the platform's own PostgreSQL."""


@dataclass(frozen=True)
class EngineTraits:
    """What makes an engine.

    Args:
        place: the database that holds planner and audit.
        holds: what its state can hold, the default first: rows in full, or a digest of each.
    """

    place: Place
    holds: tuple[StateKind, ...]


ENGINES: dict[Engine, EngineTraits] = {
    "lightning": EngineTraits("source", ("rows", "digest")),
    "standard": EngineTraits("platform", ("digest",)),
}
