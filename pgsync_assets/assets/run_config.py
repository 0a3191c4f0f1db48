"""What can be chosen when a run is launched."""

import dagster as dg
from pydantic import Field


class SyncRunConfig(dg.Config):
    """The launchpad's form for a sync."""

    full_resync: bool = Field(
        default=False, description="Send every row again, also those that did not change."
    )
