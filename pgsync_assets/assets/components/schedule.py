"""Schedules as YAML: one per component, however many syncs it runs."""

from typing import Literal

import dagster as dg
from pydantic import Field, model_validator

from ..sync_schedule import build_sync_schedule
from .scaffolders import ScheduleScaffolder
from .sync import project_of


@dg.scaffold_with(ScheduleScaffolder)
class PgScheduleComponent(dg.Component, dg.Model, dg.Resolvable):
    """Runs syncs at fixed times. A partitioned sync runs with all of its partitions."""

    name: str = Field(description="Name of the schedule.")
    cron_schedule: str = Field(description="Five fields, as in '0 6 * * *', or @hourly, @daily.")
    timezone: str = Field(default="UTC", description="As in Europe/Berlin.")
    syncs: list[str] | None = Field(default=None, description="Names of syncs.")
    selection: str | None = Field(
        default=None, description="Instead of syncs: assets, as in 'group:crm' or 'key:crm/*'."
    )
    default_status: Literal["RUNNING", "STOPPED"] = "STOPPED"

    @model_validator(mode="after")
    def _one_target(self) -> "PgScheduleComponent":
        if bool(self.syncs) == bool(self.selection):
            raise ValueError("a schedule has exactly one of syncs, selection")
        return self

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The schedule.

        Raises:
            ConfigurationError: a sync does not exist.
        """
        schedule = build_sync_schedule(
            self.name,
            self._target(context),
            cron_schedule=self.cron_schedule,
            timezone=self.timezone,
            default_status=dg.DefaultScheduleStatus(self.default_status),
        )
        return dg.Definitions(schedules=[schedule])

    def _target(self, context: dg.ComponentLoadContext) -> dg.AssetSelection:
        if self.selection:
            return dg.AssetSelection.from_string(self.selection)
        project = project_of(context)
        names = [project.sync(name).name for name in self.syncs or []]
        keys = [spec.key for name in names for spec in project.specs_of(name).written]
        return dg.AssetSelection.assets(*keys)
