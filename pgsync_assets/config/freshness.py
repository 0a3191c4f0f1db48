"""How old the rows of a destination may become before somebody should know."""

from __future__ import annotations

import datetime as dt

from pydantic import Field, field_validator, model_validator

from .base import Config
from .duration import Duration

SHORTEST = dt.timedelta(minutes=1)
"""Dagster looks twice a minute, and takes nothing shorter."""


class FreshnessConfig(Config):
    """How long ago the last run that succeeded may be."""

    within: Duration = Field(
        description="The sync has run successfully within this time, as in `2 hours`; else it is "
        "late: the asset's freshness fails, and the alert `did_not_run` is sent."
    )
    warn_within: Duration | None = Field(
        default=None, description="After this time already it is a warning; default: none."
    )

    @field_validator("within", "warn_within")
    @classmethod
    def _is_noticed(cls, value: dt.timedelta | None) -> dt.timedelta | None:
        if value is not None and value < SHORTEST:
            raise ValueError("is less than a minute, the shortest time that Dagster watches")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> FreshnessConfig:
        if self.warn_within is not None and self.warn_within >= self.within:
            raise ValueError("warn_within: a warning comes before `within` has passed")
        return self
