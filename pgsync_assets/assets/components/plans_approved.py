"""A sensor for approved plans, as YAML."""

from typing import Literal

import dagster as dg
from pydantic import Field

from ...config import PLATFORM
from ..approved_sensor import Approvable, build_approved_sensor
from .help import YamlComponent
from .scaffolders import PlansApprovedScaffolder
from .sync import project_of


@dg.scaffold_with(PlansApprovedScaffolder)
class PgPlansApprovedComponent(YamlComponent):
    """Writes held plans as soon as somebody has approved them with `pgsync-assets approve`.

    Each approval requests one run of the sync's assets, which writes exactly that plan or fails
    because it is stale.
    """

    name: str = Field(description="Name of the sensor.")
    syncs: list[str] | None = Field(
        default=None, description="Names of syncs; default: all of the project."
    )
    minimum_interval_seconds: int = Field(default=30, ge=1, description="Between two looks.")
    default_status: Literal["RUNNING", "STOPPED"] = Field(
        default="STOPPED", description="Of the sensor, until somebody turns it on or off."
    )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The sensor. No database is asked.

        Raises:
            ConfigurationError: a sync does not exist.
        """
        project = project_of(context)
        chosen = [project.sync(name) for name in self.syncs or [s.name for s in project.syncs]]
        platform = project.connections.get(PLATFORM)
        approvable = [
            Approvable(
                sync, tuple(spec.key for spec in project.specs_of(sync.name).written), platform
            )
            for sync in chosen
        ]
        sensor = build_approved_sensor(
            self.name,
            approvable,
            minimum_interval_seconds=self.minimum_interval_seconds,
            default_status=dg.DefaultSensorStatus(self.default_status),
        )
        return dg.Definitions(sensors=[sensor])
