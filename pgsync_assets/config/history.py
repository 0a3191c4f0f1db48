"""How much of Dagster's own history is kept."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from .base import Config
from .duration import Duration


class HistoryConfig(Config):
    """What Dagster keeps of runs and events; what its pages need is kept at any age."""

    keep_runs_for: Duration = Field(
        default=dt.timedelta(days=30), description="Runs that ended longer ago are deleted."
    )
    keep_last: int = Field(
        default=20,
        ge=1,
        le=1000,
        description="The last runs of each asset and of each job stay, however old they are.",
    )
    keep_progress_for: Duration = Field(
        default=dt.timedelta(days=1),
        description="Observations of a sync's progress, one every two seconds, go after this time.",
    )
    keep_observations_for: Duration = Field(
        default=dt.timedelta(days=7),
        description="Events of no run, as sensors report them, go after this time; the newest of "
        "each asset and partition stays.",
    )
    at_most: Duration = Field(
        default=dt.timedelta(minutes=15),
        description="A pass stops after this time; the next one goes on.",
    )
