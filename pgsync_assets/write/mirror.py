"""Mode `mirror`: as `upsert`; and what left the model is deleted (`config.mode`)."""

from __future__ import annotations

from .upsert import UPSERT

MIRROR = UPSERT
