"""The modes: what happens to rows of the model at the destination. All else is one road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["upsert", "insert", "update", "mirror"]
DeleteBehavior = Literal["do_nothing", "delete_row", "soft_delete", "clear_fields"]


@dataclass(frozen=True)
class ModeTraits:
    """What makes a mode.

    Args:
        sends_changes: a row that changed after it was sent is sent again; else a key is sent once.
        deletes: what may happen to rows that left the model, the default first.
    """

    sends_changes: bool
    deletes: tuple[DeleteBehavior, ...]


_ANY: tuple[DeleteBehavior, ...] = ("do_nothing", "delete_row", "soft_delete", "clear_fields")

MODES: dict[Mode, ModeTraits] = {
    "upsert": ModeTraits(sends_changes=True, deletes=_ANY),
    "insert": ModeTraits(sends_changes=False, deletes=("do_nothing",)),
    "update": ModeTraits(sends_changes=True, deletes=_ANY),
    "mirror": ModeTraits(sends_changes=True, deletes=("delete_row",)),
}
