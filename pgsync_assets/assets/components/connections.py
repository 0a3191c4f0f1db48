"""Connections as YAML."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import BaseModel, Field

from ...config import ConnectionConfig, Name, ReverseTunnelConfig
from ...config.reverse_tunnels import reverse_conflicts, with_ports
from ...config.validation import dotted
from ...errors import ConfigurationError
from ..resources import PostgresConnection
from ..tunnels import tunnel_key
from ..writer import PostgresWriter, writer_key
from .help import YamlComponent
from .plain import plain_by_name, plain_model
from .scaffolders import ConnectionsScaffolder

if TYPE_CHECKING:
    Connections = Mapping[str, ConnectionConfig]
    ReverseTunnels = Mapping[str, ReverseTunnelConfig]
else:
    Connections = plain_by_name("connections", ConnectionConfig, "Connections by name.")
    ReverseTunnels = plain_by_name(
        "reverse_tunnels", ReverseTunnelConfig, "Who may dial in to the gateway, by name."
    )


@dg.scaffold_with(ConnectionsScaffolder)
class PgConnectionsComponent(YamlComponent):
    """PostgreSQL databases that models are read from and syncs are written to.

    Each becomes two resources, `<name>` and `<name>_writer`, and one with a tunnel a third,
    `<name>_tunnel`. Secrets stand as `$NAME` and are read from the environment when a connection
    opens; Dagster's UI shows their names only.
    """

    connections: Connections
    reverse_tunnels: ReverseTunnels = Field(default_factory=dict)

    @classmethod
    def model(cls) -> type[BaseModel]:
        """What a `defs.yaml` of this component may hold; `dg` makes its JSON schema of it."""
        return plain_model(
            super().model(),
            connections=dict[Name, ConnectionConfig],
            reverse_tunnels=dict[Name, ReverseTunnelConfig],
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The resources. Nothing is opened and no variable is read.

        Raises:
            ConfigurationError: a connection names a reverse tunnel that there is none of, or two
                tunnels have one port or key.
        """
        tunnels = project_reverse_tunnels(context, self)
        conflicts = list(reverse_conflicts(self.connections, tunnels))
        if conflicts:
            told = [f"{dotted(location)}: {message}" for location, message in conflicts]
            raise ConfigurationError("\n".join(told))
        resources: dict[str, dg.ConfigurableResource] = {}  # type: ignore[type-arg]
        for name, config in with_ports(self.connections, tunnels).items():
            connection = PostgresConnection.from_config(name, config)
            made = {name: connection, writer_key(name): PostgresWriter(connection=connection)}
            if connection.tunnel is not None:
                made[tunnel_key(name)] = connection.tunnel
            _refuse_twice(resources, made)
            resources |= made
        return dg.Definitions(resources=resources)


def project_reverse_tunnels(
    context: dg.ComponentLoadContext, component: PgConnectionsComponent | None = None
) -> dict[str, ReverseTunnelConfig]:
    """All reverse tunnels of the project that a component belongs to.

    Args:
        context: of the component.
        component: one that may stand outside of a folder, as in a test.

    Raises:
        ConfigurationError: two have one name.
    """
    found = context.component_tree.get_all_components(of_type=PgConnectionsComponent)
    if component is not None and not any(other is component for other in found):
        found = [*found, component]
    tunnels: dict[str, ReverseTunnelConfig] = {}
    for one in found:
        for name, config in one.reverse_tunnels.items():
            if name in tunnels:
                raise ConfigurationError(f"another reverse tunnel is named {name!r} too")
            tunnels[name] = config
    return tunnels


def _refuse_twice(resources: Mapping[str, object], more: Mapping[str, object]) -> None:
    for key in resources.keys() & more.keys():
        raise ConfigurationError(
            f"connections: two of them have a resource named {key!r}", "rename one of them"
        )
