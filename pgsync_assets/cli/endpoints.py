"""Connections, and the two ends of a sync, as the configuration names them."""

from __future__ import annotations

from ..config import PLATFORM, ConnectionConfig, SyncConfig
from ..connect import Endpoint, platform_config, platform_endpoint
from ..project import Project
from ..steps.ends import Ends


def ends_of(project: Project, sync: SyncConfig) -> Ends:
    """The databases of a sync; nothing is opened yet."""
    source, destination = (
        Endpoint(name, project.connections[name]) for name in (sync.source, sync.destination)
    )
    return Ends(source, destination, platform_endpoint(project.connections))


def connection_or_platform(project: Project, name: str) -> ConnectionConfig:
    """A connection by its name; `platform` may also come from the environment.

    Args:
        project: with the connections.
        name: of one.

    Raises:
        ConfigurationError: there is none of this name.
    """
    by_environment = platform_config() if name == PLATFORM else None
    return project.connections.get(name) or by_environment or project.connection(name)
