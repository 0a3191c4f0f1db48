"""All syncs of a project, seen from one of its components.

Some assets belong to no single sync: a source table that two models read, the tables of the audit
log. The first sync component of the project defines them, once, knowing all the others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from typing import Protocol

import dagster as dg

from ...config import PLATFORM, ConnectionConfig, ModelConfig, SyncConfig
from ...config.cross_checks import cross_check
from ...config.reverse_tunnels import with_ports
from ...config.validation import suggestion
from ...errors import ConfigurationError, PgsyncError
from ..known_columns import Entry, KnownColumns, looked_up
from ..source_assets import shared_assets
from ..specs import ModelSpecs, SyncSpecs, specs_of_models, sync_specs
from ..sync_decorator import known_models, place
from ..translator import PgSyncTranslator, SyncTranslatorData
from .connections import PgConnectionsComponent, project_reverse_tunnels


class HasSyncs(Protocol):
    """A component with models and syncs, which names its assets itself."""

    models: Mapping[str, ModelConfig]
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
        entries: columns that were looked up.
    """

    components: Sequence[HasSyncs]
    connections: dict[str, ConnectionConfig]
    entries: Mapping[str, Entry] = field(default_factory=dict)
    _specs: dict[int, list[SyncSpecs]] = field(default_factory=dict, repr=False, compare=False)
    _placed: dict[int, list[SyncConfig]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def models(self) -> dict[str, ModelConfig]:
        """The models of all components, by name.

        Raises:
            ConfigurationError: one is wrong, or two have one name.
        """
        written: dict[str, ModelConfig] = {}
        for component in self.components:
            for name, model in component.models.items():
                if name in written:
                    raise ConfigurationError(
                        f"models: another model is named {name!r} too; names are used once"
                    )
                written[name] = model
        return known_models(written)

    @cached_property
    def syncs(self) -> list[SyncConfig]:
        """The syncs of all components."""
        return [sync for component in self.components for sync in self.syncs_of(component)]

    def syncs_of(self, component: HasSyncs) -> list[SyncConfig]:
        """The syncs of a component, each with its model in full."""
        if id(component) not in self._placed:
            self._placed[id(component)] = [place(sync, self.models) for sync in component.syncs]
        return self._placed[id(component)]

    @cached_property
    def columns(self) -> KnownColumns:
        """The columns that were looked up, as far as they are of this configuration."""
        return KnownColumns(self.entries, self.connections)

    def look_up_columns(
        self, known: Mapping[str, Entry]
    ) -> tuple[dict[str, Entry], dict[str, PgsyncError]]:
        """Asks every database of the project; what cannot be looked up stays as it was known.

        Args:
            known: what was looked up before.

        Returns:
            The columns as far as they are known now, and what could not be looked up, both by
            `model NAME` and `sync NAME`.
        """
        syncs = self.syncs
        own = {one.model_name: (one.source, one.model) for one in syncs}
        named = {name: (str(model.source), model) for name, model in self.models.items()}
        return looked_up(KnownColumns(known, self.connections), own | named, syncs)

    def check(self) -> None:
        """Checks what one component cannot know.

        Raises:
            ConfigurationError: an unknown connection, a name that is used twice and the like.
        """
        if self._told:
            raise ConfigurationError("\n".join(self._told))

    @cached_property
    def _told(self) -> list[str]:
        """What is wrong, one line each; every component asks, so it is looked for once."""
        syncs = self.syncs
        told = [
            f"{syncs[c.position].name}: {c.message}"
            for c in cross_check(self.connections, syncs, self.models)
        ]
        return told + [
            f"models.{name}: no connection is named {model.source!r}; "
            f"{suggestion(str(model.source), self.connections)}"
            for name, model in self.models.items()
            if model.source not in (*self.connections, PLATFORM)
        ]

    @cached_property
    def _owners(self) -> dict[str, tuple[HasSyncs, int]]:
        """Whose a sync is, and which one there; of a name that is used twice, the last."""
        return {
            sync.name: (component, position)
            for component in self.components
            for position, sync in enumerate(component.syncs)
        }

    def sync(self, name: str) -> SyncConfig:
        """A sync by its name.

        Raises:
            ConfigurationError: there is none of this name.
        """
        if name not in self._owners:
            known = suggestion(name, self._owners)
            raise ConfigurationError(f"no sync is named {name!r}; {known}")
        component, position = self._owners[name]
        return self.syncs_of(component)[position]

    def model_specs(self, component: HasSyncs) -> list[ModelSpecs]:
        """The models that stand by themselves in a component."""
        named = self._named(component.models)
        return [named[name] for name in component.models]

    def models_made_by(self, component: HasSyncs) -> list[ModelSpecs]:
        """The models whose assets a component defines: those that no other one before it has.

        A model that syncs of several components spell out, under one name, is one asset.
        """
        own = [found.model_specs for found in self.specs(component)]
        names = {one.name for one in own} - self.models.keys()
        before = takewhile(lambda other: other is not component, self.components)
        taken = {
            found.model.key
            for other in before
            if any(sync.model_name in names for sync in self.syncs_of(other))
            for found in self.specs(other)
        }
        spelt_out = [one for one in own if one.name in names and one.spec.key not in taken]
        return [*self.model_specs(component), *spelt_out]

    def specs(self, component: HasSyncs) -> list[SyncSpecs]:
        """The assets of a component, one entry for each of its syncs."""
        if id(component) not in self._specs:
            self._specs[id(component)] = list(self._specs_of(component))
        return self._specs[id(component)]

    def _specs_of(self, component: HasSyncs) -> Iterator[SyncSpecs]:
        translator, syncs = SpecsOf(component), self.syncs_of(component)
        named = self._named({name for one in syncs for name in (one.model_name, *one.model.uses)})
        for sync in syncs:
            schema = self._schema(sync.source)
            yield sync_specs(sync, translator, schema, named, self.columns)

    def _named(self, names: Iterable[str]) -> dict[str, ModelSpecs]:
        """Models of `models:` as their own components name them, and those that they use.

        Only those that are asked for: each component of a project asks for its own.
        """
        owners = {name: one for one in self.components for name in one.models}
        wanted = [name for name in names if name in self.models]
        return specs_of_models(
            self.models, lambda name: SpecsOf(owners[name]), self._schema, wanted, self.columns
        )

    def specs_of(self, name: str) -> SyncSpecs:
        """The assets of one sync.

        Raises:
            ConfigurationError: there is none of this name.
        """
        self.sync(name)
        component, position = self._owners[name]
        return self.specs(component)[position]

    def every(self) -> Iterator[tuple[SyncConfig, SyncSpecs]]:
        """Each sync of the project with its assets."""
        for component in self.components:
            yield from zip(self.syncs_of(component), self.specs(component), strict=True)

    def shared(self) -> list[dg.AssetsDefinition | dg.AssetSpec]:
        """Source tables and tables of the audit log, for the whole project."""
        every = [found for component in self.components for found in self.specs(component)]
        models = list(self._named(self.models).values())
        return shared_assets(every, models, SpecsOf(self.components[0]))

    def _schema(self, source: str | None) -> str:
        """Schema of names that SQL writes without one."""
        connection = self.connections.get(source or "")
        return connection.search_path[0] if connection and connection.search_path else "public"


_LATEST: list[tuple[dg.ComponentTree, ProjectSyncs]] = []
"""The tree of components that was asked about last, and what is known of it."""


def latest_project(
    tree: dg.ComponentTree, component: HasSyncs | None = None
) -> ProjectSyncs | None:
    """What was kept of a tree. Every component asks for the whole project, hundreds of times.

    Args:
        tree: of the component that asks. Only the tree that asked last is kept.
        component: has to be one of those that are kept: Dagster may have made it anew since.
    """
    for known, project in _LATEST:
        if known is tree and (component is None or any(component is c for c in project.components)):
            return project
    return None


def keep_project(tree: dg.ComponentTree, project: ProjectSyncs) -> None:
    """Keeps what is known of a tree, in the place of what was known of another one."""
    _LATEST[:] = [(tree, project)]


def project_connections(context: dg.ComponentLoadContext) -> dict[str, ConnectionConfig]:
    """All connections of the project that a component belongs to.

    Args:
        context: of the component.
    """
    components = context.component_tree.get_all_components(of_type=PgConnectionsComponent)
    written = {name: c for component in components for name, c in component.connections.items()}
    return with_ports(written, project_reverse_tunnels(context))
