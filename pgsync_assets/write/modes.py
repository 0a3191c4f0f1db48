"""The modes by their name, on each road into a destination."""

from __future__ import annotations

from ..config import Mode
from .in_two import UPDATE_IN_TWO, UPSERT_IN_TWO
from .insert import INSERT, STAGED_INSERT
from .kind import Kind, Road
from .mirror import MIRROR
from .mode import WriteMode
from .update import UPDATE
from .upsert import UPSERT

MODES: dict[Mode, WriteMode] = {
    "upsert": UPSERT,
    "insert": INSERT,
    "update": UPDATE,
    "mirror": MIRROR,
}

ROADS: dict[Road, dict[Mode, WriteMode]] = {
    "copy": MODES,
    "conflict": MODES | {"insert": STAGED_INSERT},
    "in two": {
        "upsert": UPSERT_IN_TWO,
        "insert": STAGED_INSERT,
        "update": UPDATE_IN_TWO,
        "mirror": UPSERT_IN_TWO,
    },
}


def mode_of(name: Mode, kind: Kind) -> WriteMode:
    """A mode as it goes into a kind of destination.

    Args:
        name: of the mode.
        kind: of the destination.
    """
    return ROADS[kind.road][name]
