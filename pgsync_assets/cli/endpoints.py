"""The two ends of a sync, as the configuration names them."""

from __future__ import annotations

from ..config import SyncConfig
from ..connect import Endpoint, platform_endpoint
from ..project import Project
from ..steps.ends import Ends


def ends_of(project: Project, sync: SyncConfig) -> Ends:
    """The databases of a sync; nothing is opened yet."""
    source, destination = (
        Endpoint(name, project.connections[name]) for name in (sync.source, sync.destination)
    )
    return Ends(source, destination, platform_endpoint(project.connections))
