"""All syncs of a project, seen from one of its components.

Some assets belong to no single sync: a source table that two models read, the tables of the audit
log. The first sync component of the project defines them, once, knowing all the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import dagster as dg

from ...config import ConnectionConfig, SyncConfig
from ...config.cross_checks import cross_check
from ...config.reverse_tunnels import with_ports
from ...config.validation import suggestion
from ...errors import ConfigurationError
from ..source_assets import shared_assets
from ..specs import SyncSpecs, sync_specs
from ..translator import PgSyncTranslator, SyncTranslatorData
from .connections import PgConnectionsComponent, project_reverse_tunnels


class HasSyncs(Protocol):
    """A component with syncs, which names its assets itself."""

    syncs: Sequence[SyncConfig]

    def get_asset_spec(self, data: SyncTranslatorData) -> dg.AssetSpec:
        """The spec of one asset."""


class SpecsOf(PgSyncTranslator):
    """A translator that asks a component.

    Args:
        component: names and decorates the assets.
    """

    def __init__(self, component: HasSyncs) -> None:
        self._component = component

    def get_asset_spec(self, data: SyncTranslatorData) -> dg.AssetSpec:
        """The spec of one asset, as the component wants it."""
        return self._component.get_asset_spec(data)


@dataclass(frozen=True)
class ProjectSyncs:
    """What the components of a project say together.

    Args:
        components: all that have syncs, in the order of their files.
        connections: all connections, by name.
    """

    components: Sequence[HasSyncs]
    connections: dict[str, ConnectionConfig]

    @property
    def syncs(self) -> list[SyncConfig]:
        """The syncs of all components."""
        return [sync for component in self.components for sync in component.syncs]

    def check(self) -> None:
        """Checks what one component cannot know.

        Raises:
            ConfigurationError: an unknown connection, a name that is used twice and the like.
        """
        conflicts = cross_check(self.connections, self.syncs)
        if conflicts:
            told = [f"{self.syncs[c.position].name}: {c.message}" for c in conflicts]
            raise ConfigurationError("\n".join(told))

    def sync(self, name: str) -> SyncConfig:
        """A sync by its name.

        Raises:
            ConfigurationError: there is none of this name.
        """
        known = {sync.name: sync for sync in self.syncs}
        if name not in known:
            raise ConfigurationError(f"no sync is named {name!r}; {suggestion(name, known)}")
        return known[name]

    def specs(self, component: HasSyncs) -> list[SyncSpecs]:
        """The assets of a component, one entry for each of its syncs."""
        translator = SpecsOf(component)
        return [
            sync_specs(sync, translator, self._default_schema(sync)) for sync in component.syncs
        ]

    def specs_of(self, name: str) -> SyncSpecs:
        """The assets of one sync.

        Raises:
            ConfigurationError: there is none of this name.
        """
        self.sync(name)
        return next(
            found
            for component in self.components
            for sync, found in zip(component.syncs, self.specs(component), strict=True)
            if sync.name == name
        )

    def shared(self) -> list[dg.AssetsDefinition | dg.AssetSpec]:
        """Source tables and tables of the audit log, for the whole project."""
        every = [found for component in self.components for found in self.specs(component)]
        return shared_assets(every, SpecsOf(self.components[0]))

    def _default_schema(self, sync: SyncConfig) -> str:
        connection = self.connections.get(sync.source)
        return connection.search_path[0] if connection and connection.search_path else "public"


def project_connections(context: dg.ComponentLoadContext) -> dict[str, ConnectionConfig]:
    """All connections of the project that a component belongs to.

    Args:
        context: of the component.
    """
    components = context.component_tree.get_all_components(of_type=PgConnectionsComponent)
    written = {name: c for component in components for name, c in component.connections.items()}
    return with_ports(written, project_reverse_tunnels(context))
