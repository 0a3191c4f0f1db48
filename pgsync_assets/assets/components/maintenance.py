"""Maintenance as YAML: Dagster's history, and the audits."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import BaseModel, Field

from ...config import HistoryConfig, RetentionConfig, ScheduleConfig
from ..history_asset import build_history_asset
from ..retention_asset import build_retention_asset
from ..sync_schedule import build_sync_schedule
from .help import YamlComponent
from .plain import plain, plain_model
from .scaffolders import MaintenanceScaffolder
from .schedule import Schedule
from .sync import project_of

if TYPE_CHECKING:
    History = HistoryConfig
    Retention = RetentionConfig
else:
    History = plain(HistoryConfig, "How much is kept of what Dagster knows of runs and events.")
    Retention = plain(
        RetentionConfig, "How long the audit keeps what happened, where a sync does not say it."
    )


@dg.scaffold_with(MaintenanceScaffolder)
class PgMaintenanceComponent(YamlComponent):
    """Keeps Dagster's history and the audits within bounds, by a schedule.

    Two assets, whose plots show how much there is.
    """

    name: str = Field(description="Name of the schedule, and the first part of the asset's key.")
    dagster: History = Field(default_factory=HistoryConfig)
    audit: Retention = Field(default_factory=RetentionConfig)
    schedule: Schedule = Field(
        default_factory=lambda: ScheduleConfig(cron="17 3 * * *"),
        description="When: the same keys as the `schedule:` of a sync has; default: 03:17, UTC.",
    )

    @classmethod
    def model(cls) -> type[BaseModel]:
        """What a `defs.yaml` of this component may hold; `dg` makes its JSON schema of it."""
        return plain_model(
            super().model(),
            dagster=HistoryConfig,
            audit=RetentionConfig,
            schedule=ScheduleConfig,
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The assets and their schedule. No database is asked.

        Raises:
            ConfigurationError: the schedule is `after` something.
        """
        history = build_history_asset(dg.AssetKey([self.name, "dagster_history"]), self.dagster)
        retention = build_retention_asset(
            dg.AssetKey([self.name, "audit_retention"]), self.audit, project_of(context)
        )
        target = dg.AssetSelection.assets(history, retention)
        schedule = build_sync_schedule(self.name, target, self.schedule)
        return dg.Definitions(assets=[history, retention], schedules=[schedule])
