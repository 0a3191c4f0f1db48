"""Where a model is read: at a connection of the project, or on the platform, where rows are loaded.

The only place that knows which of both it is; a project need not have a connection `platform`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..config import ConnectionConfig, ModelConfig
from .writer import platform_of

if TYPE_CHECKING:
    from ..connect import Endpoint


class ModelSource(Protocol):
    """A PostgreSQL that a model is read from: a `PostgresConnection`, or the platform's."""

    def endpoint(self) -> Endpoint:
        """The way to it, with its tunnel open for as long as it is needed."""

    def unopened(self) -> Endpoint:
        """The way to it, of which nothing is open yet."""


@dataclass(frozen=True)
class LoadedAt:
    """The platform's PostgreSQL, as the source of rows that are loaded there.

    Args:
        config: the project's connection `platform`; None: as the environment says.
    """

    config: ConnectionConfig | None

    def endpoint(self) -> Endpoint:
        """The way to it; each of its sessions opens the tunnel, if there is one.

        Raises:
            ConfigurationError: nothing says where it is.
        """
        from ..connect import nowhere_to_load  # here: definitions need no database driver

        found = platform_of(self.config)
        if found is None:
            raise nowhere_to_load()
        return found

    def unopened(self) -> Endpoint:
        """The same: nothing is open yet."""
        return self.endpoint()


def source_keys(connection: str, model: ModelConfig) -> set[str]:
    """Keys of the resources that reading a model needs.

    Args:
        connection: name of the connection that it is read from.
        model: the model.
    """
    return set() if model.is_frame else {connection}


def source_of(
    resources: Any, connection: str, model: ModelConfig, platform: ConnectionConfig | None
) -> ModelSource:
    """Where a model is read.

    Args:
        resources: of a step that requires `source_keys`.
        connection: name of the connection that it is read from.
        model: the model.
        platform: the project's connection of that name; None: as the environment says.
    """
    if model.is_frame:
        return LoadedAt(platform)
    found: ModelSource = getattr(resources, connection)
    return found
