"""What may be seen of a model's rows where everybody looks: in the UI."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Config, Identifier


class PreviewConfig(Config):
    """What the asset of a model shows of its rows. `pgsync-assets preview` shows all."""

    rows: Annotated[int, Field(ge=0, le=100)] = Field(
        default=10, description="First rows, and as many of a random sample."
    )
    values: Literal["none", "key", "all"] | tuple[Identifier, ...] = Field(
        default="key",
        description="Columns whose values may be seen: none, those of the key, all, or a list. "
        "Counts, types, null shares and distinct estimates are of all columns.",
    )
