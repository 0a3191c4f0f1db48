"""The modes by their name."""

from __future__ import annotations

from ..config import Mode
from .insert import INSERT
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
