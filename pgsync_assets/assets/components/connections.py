"""Connections as YAML."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import dagster as dg
from pydantic import BaseModel, BeforeValidator, TypeAdapter

from ...config import ConnectionConfig, Name
from ..resources import PostgresConnection
from ..writer import PostgresWriter, writer_key
from .plain import plain_model, refuse_templates
from .scaffolders import ConnectionsScaffolder


def _as_written(
    _context: dg.ResolutionContext, connections: Mapping[str, ConnectionConfig]
) -> Mapping[str, ConnectionConfig]:
    for name, config in connections.items():
        refuse_templates(f"connections.{name}", config)
    return connections


if TYPE_CHECKING:
    Connections = Mapping[str, ConnectionConfig]
else:
    Connections = Annotated[
        Any,  # Dagster resolves no plain pydantic models field by field, nor does it need to
        BeforeValidator(TypeAdapter(dict[Name, ConnectionConfig]).validate_python),
        dg.Resolver(
            _as_written,
            model_field_type=dict[Name, ConnectionConfig],
            description="Connections by name.",
        ),
    ]


@dg.scaffold_with(ConnectionsScaffolder)
class PgConnectionsComponent(dg.Component, dg.Model, dg.Resolvable):
    """PostgreSQL databases that models are read from and syncs are written to.

    Each becomes two resources: `<name>` and `<name>_writer`. Secrets stand as `$NAME` and are read
    from the environment when a connection opens; Dagster's UI shows their names only.
    """

    connections: Connections

    @classmethod
    def model(cls) -> type[BaseModel]:
        """What a `defs.yaml` of this component may hold; `dg` makes its JSON schema of it."""
        return plain_model(super().model(), "connections", dict[Name, ConnectionConfig])

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The resources. Nothing is opened and no variable is read."""
        resources: dict[str, dg.ConfigurableResource] = {}  # type: ignore[type-arg]
        for name, config in self.connections.items():
            connection = PostgresConnection.from_config(name, config)
            resources[name] = connection
            resources[writer_key(name)] = PostgresWriter(connection=connection)
        return dg.Definitions(resources=resources)
