"""What can be chosen when a run is launched."""

import dagster as dg
from pydantic import Field

from ..errors import ConfigurationError


class SyncRunConfig(dg.Config):
    """The launchpad's form for a sync."""

    full_resync: bool = Field(
        default=False, description="Send every row again, also those that did not change."
    )
    dry_run: bool = Field(
        default=False,
        description="Only plan: the plan is held and shown as an observation of the table.",
    )
    apply_plan: int | None = Field(
        default=None,
        description="Number of a held plan: write exactly its rows, or fail where it is stale.",
    )

    def problem(self, partitions: int) -> ConfigurationError | None:
        """What does not go together; None where all is well.

        Args:
            partitions: how many the run has; 1 for a sync without.
        """
        if self.apply_plan is None:
            return None
        if self.dry_run or self.full_resync:
            return ConfigurationError(
                "apply_plan writes a plan as it is, and goes with neither dry_run nor full_resync",
                "choose one of them in the launchpad",
            )
        if partitions > 1:
            return ConfigurationError(
                f"plan {self.apply_plan} is about one partition, and this run has several",
                "choose the partition that it was made for",
            )
        return None
