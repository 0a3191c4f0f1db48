"""Schedules as YAML: one per component, however many syncs it runs."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import BaseModel, Field, model_validator

from ...config import ScheduleConfig
from ..sync_schedule import build_sync_schedule
from .help import YamlComponent
from .plain import plain, plain_model
from .scaffolders import ScheduleScaffolder
from .sync import project_of

if TYPE_CHECKING:
    Schedule = ScheduleConfig
else:
    Schedule = plain(ScheduleConfig, "When: the same keys as the `schedule:` of a sync has.")


@dg.scaffold_with(ScheduleScaffolder)
class PgScheduleComponent(YamlComponent):
    """Runs syncs at fixed times, a run for each; a partitioned one with all of its partitions.

    For several syncs under one name, or for other assets beside them. A sync has a `schedule:` of
    its own, with the same keys.
    """

    name: str = Field(description="Name of the schedule.")
    schedule: Schedule
    syncs: list[str] | None = Field(default=None, description="Names of syncs.")
    selection: str | None = Field(
        default=None, description="Instead of syncs: assets, as in 'group:crm' or 'key:crm/*'."
    )

    @classmethod
    def model(cls) -> type[BaseModel]:
        """What a `defs.yaml` of this component may hold; `dg` makes its JSON schema of it."""
        return plain_model(super().model(), schedule=ScheduleConfig)

    @model_validator(mode="after")
    def _one_target(self) -> "PgScheduleComponent":
        if bool(self.syncs) == bool(self.selection):
            raise ValueError("a schedule has exactly one of syncs, selection")
        return self

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The schedule.

        Raises:
            ConfigurationError: a sync does not exist, or the schedule is `after` something.
        """
        schedule = build_sync_schedule(self.name, self._target(context), self.schedule)
        return dg.Definitions(schedules=[schedule])

    def _target(self, context: dg.ComponentLoadContext) -> dg.AssetSelection:
        if self.selection:
            return dg.AssetSelection.from_string(self.selection)
        project = project_of(context)
        names = [project.sync(name).name for name in self.syncs or []]
        keys = [spec.key for name in names for spec in project.specs_of(name).written]
        return dg.AssetSelection.assets(*keys)
