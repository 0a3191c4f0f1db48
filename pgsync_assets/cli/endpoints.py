"""The two ends of a sync, as the configuration names them."""

from __future__ import annotations

from ..config import SyncConfig
from ..connect import Endpoint
from ..project import Project


def ends_of(project: Project, sync: SyncConfig) -> tuple[Endpoint, Endpoint]:
    """Source and destination of a sync; nothing is opened yet."""
    names = (sync.source, sync.destination)
    source, destination = (Endpoint(name, project.connections[name]) for name in names)
    return source, destination
