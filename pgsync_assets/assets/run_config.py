"""What can be chosen when a run is launched."""

from enum import Enum

import dagster as dg
from pydantic import Field

from ..errors import ConfigurationError


class Operation(Enum):
    """What a run does with what is known of its sync."""

    SYNC = "SYNC"
    RESET = "RESET"
    ADOPT = "ADOPT"
    DROP = "DROP"


FORGETS = (Operation.RESET, Operation.DROP)
"""They need no rows of the model."""


class SyncRunConfig(dg.Config):
    """The launchpad's form for a sync."""

    full_resync: bool = Field(
        default=False, description="Send every row again, also those that did not change."
    )
    compare_all: bool = Field(
        default=False, description="Compare the whole model, whatever the cursor says."
    )
    retry_rejected: bool = Field(
        default=False,
        description="Try rows that are parked (`retry_rejected: false` of the sync) once more.",
    )
    row_limit: int | None = Field(
        default=None,
        description="Send so many changes at most; the others are left to the next run.",
    )
    only_rejected: bool = Field(
        default=False,
        description="Send only rows that are rejected now, parked ones as well; other changes are "
        "left to the next run.",
    )
    operation: Operation = Field(
        default=Operation.SYNC,
        description="SYNC; or, without sending anything: RESET forgets what was sent, ADOPT takes "
        "the destination as it is, DROP removes the sync from planner and ledger.",
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
        releases = [self.retry_rejected, self.only_rejected]
        of_a_run = [self.full_resync, self.compare_all, *releases, self.row_limit is not None]
        chosen = [self.dry_run, self.apply_plan is not None, *of_a_run]
        if self.operation is not Operation.SYNC and any(chosen):
            return ConfigurationError(
                f"operation {self.operation.value} sends nothing, and goes with no other choice",
                "choose one of them in the launchpad",
            )
        if self.dry_run and any(releases):
            name = "retry_rejected" if self.retry_rejected else "only_rejected"
            return ConfigurationError(
                f"{name} releases parked rows, and a dry run changes nothing",
                "choose one of them in the launchpad",
            )
        if self.apply_plan is None:
            return None
        if self.dry_run or any(of_a_run):
            return ConfigurationError(
                "apply_plan writes a plan as it is, and goes with no other choice",
                "choose one of them in the launchpad",
            )
        if partitions > 1:
            return ConfigurationError(
                f"plan {self.apply_plan} is about one partition, and this run has several",
                "choose the partition that it was made for",
            )
        return None
