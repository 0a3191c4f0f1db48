"""The two ends of a sync, as the configuration names them."""

from __future__ import annotations

from ..config import Partition, SyncConfig
from ..config.windows import partition_named
from ..connect import Endpoint, platform_endpoint
from ..errors import ConfigurationError
from ..project import Project
from ..steps.ends import Ends


def ends_of(project: Project, sync: SyncConfig) -> Ends:
    """The databases of a sync; nothing is opened yet."""
    source, destination = (
        Endpoint(name, project.connections[name]) for name in (sync.source, sync.destination)
    )
    return Ends(source, destination, platform_endpoint(project.connections))


def partition_of(sync: SyncConfig, key: str | None) -> Partition | None:
    """The partition that `--partition` names.

    Raises:
        ConfigurationError: the sync has no partitions, or none of this name.
    """
    if key is None:
        return None
    if sync.partitions is None:
        raise ConfigurationError(
            f"the sync {sync.name!r} has no partitions", "leave --partition out"
        )
    return partition_named(sync.partitions, key)
