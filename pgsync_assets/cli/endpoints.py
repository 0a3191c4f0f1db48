"""The two ends of a sync, as the configuration names them."""

from __future__ import annotations

from ..config import Partition, SyncConfig
from ..config.windows import partition_named
from ..connect import Endpoint
from ..errors import ConfigurationError
from ..project import Project


def ends_of(project: Project, sync: SyncConfig) -> tuple[Endpoint, Endpoint]:
    """Source and destination of a sync; nothing is opened yet."""
    names = (sync.source, sync.destination)
    source, destination = (Endpoint(name, project.connections[name]) for name in names)
    return source, destination


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
