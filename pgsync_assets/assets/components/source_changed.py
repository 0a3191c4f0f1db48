"""Syncs that run when their source tables were written, as YAML."""

from typing import Literal

import dagster as dg
from pydantic import Field

from ...config import split_qualified
from ...errors import ConfigurationError
from ..source_sensor import FirstLook, Watched, build_source_sensor
from ..specs import SyncSpecs
from .help import YamlComponent
from .project_syncs import ProjectSyncs
from .scaffolders import SourceChangedScaffolder
from .sync import project_of


@dg.scaffold_with(SourceChangedScaffolder)
class PgSourceChangedComponent(YamlComponent):
    """Runs syncs when a table that their model reads has been written.

    One cheap query on PostgreSQL's statistics per tick; no trigger, nothing to install.
    """

    name: str = Field(description="Name of the sensor.")
    syncs: list[str] = Field(
        min_length=1,
        description="Names of syncs; a partitioned one runs with all of its partitions.",
    )
    tables: list[str] | None = Field(
        default=None,
        description="Tables to watch, schema.table; default: those that the models read.",
    )
    first_look: FirstLook = Field(
        default="run",
        description="At a sync that this sensor has never looked at: `run` it, as nobody knows "
        "what was written before, or `wait` for the next change.",
    )
    minimum_interval_seconds: int = Field(default=30, ge=1, description="Between two looks.")
    default_status: Literal["RUNNING", "STOPPED"] = Field(
        default="STOPPED", description="Of the sensor, until somebody turns it on or off."
    )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The sensor. No database is asked.

        Raises:
            ConfigurationError: a sync does not exist, or reads no table we know.
        """
        project = project_of(context)
        watched = [self._watched(project, name) for name in self.syncs]
        sensor = build_source_sensor(
            self.name,
            watched,
            first_look=self.first_look,
            minimum_interval_seconds=self.minimum_interval_seconds,
            default_status=dg.DefaultSensorStatus(self.default_status),
        )
        return dg.Definitions(sensors=[sensor])

    def _watched(self, project: ProjectSyncs, name: str) -> Watched:
        sync, specs = project.sync(name), project.specs_of(name)
        if sync.model.is_frame:
            raise ConfigurationError(
                f"{self.name}: the sync {name!r} sends {sync.model.traits.noun}: no table of a "
                "connection tells that there is something new",
                "give it a schedule; or an automation condition, where its model is an asset's",
            )
        tables = self._tables(specs)
        if not tables:
            raise ConfigurationError(
                f"{self.name}: which tables {name!r} reads cannot be told from its SQL",
                "name them under `tables`",
            )
        return Watched(name, sync.source, tables, tuple(spec.key for spec in specs.written))

    def _tables(self, specs: SyncSpecs) -> dict[tuple[str, str], dg.AssetKey | None]:
        if self.tables is None:
            return {table: spec.key for table, spec in specs.sources.items()}
        named = [split_qualified(table) for table in self.tables]
        known = {table: spec.key for table, spec in specs.sources.items()}
        return {table: known.get(table) for table in named}
