"""Syncs as YAML."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import dagster as dg
from dagster.components.resolved.core_models import OpSpec
from dagster.components.utils.translation import TranslationFn, TranslationFnResolver
from pydantic import BaseModel, Field, PrivateAttr
from typing_extensions import Self

from ...config import PLATFORM, ConnectionConfig, ModelConfig, Name, SyncConfig
from ...config.model_kind import WITH_FILES
from ...errors import ConfigurationError
from ..after_sensor import build_after_sensors
from ..automation import after_upstream
from ..connection_tests import build_connection_check, build_connection_tests
from ..specs import SyncSpecs
from ..step import Event, SyncStep
from ..sync_decorator import models_of, sync_assets
from ..sync_schedule import build_schedules
from ..translator import PgSyncTranslator, SyncTranslatorData
from ..verification import build_verification
from .columns import project_columns
from .help import YamlComponent
from .plain import plain, plain_model, refuse_templates
from .project_syncs import ProjectSyncs, keep_project, latest_project, project_connections
from .scaffolders import SyncScaffolder
from .written_at import WrittenAt


def _syncs(context: dg.ResolutionContext, syncs: Sequence[SyncConfig]) -> Sequence[SyncConfig]:
    for position, sync in enumerate(syncs):
        refuse_templates(f"syncs.{position}", sync)
    models = [_with_files(context, sync.model) for sync in syncs]
    return [
        sync.model_copy(update={"model": model}) for sync, model in zip(syncs, models, strict=True)
    ]


def _models(
    context: dg.ResolutionContext, models: Mapping[str, ModelConfig]
) -> Mapping[str, ModelConfig]:
    for name, model in models.items():
        refuse_templates(f"models.{name}", model)
    return {name: _with_files(context, model) for name, model in models.items()}


def _with_files(context: dg.ResolutionContext, model: ModelConfig) -> ModelConfig:
    if model.kind not in WITH_FILES:
        return model
    from ...model import with_files  # here: the room needs a database driver

    return with_files(model, context.resolve_source_relative_path("."))


if TYPE_CHECKING:
    Syncs = Sequence[SyncConfig]
    Models = Mapping[str, ModelConfig]
else:
    Syncs = plain(list[SyncConfig], "The syncs, in any order.", _syncs)
    Models = plain(
        dict[Name, ModelConfig], "Models by name, which syncs and other models name.", _models
    )


@dg.scaffold_with(SyncScaffolder)
class PgSyncComponent(YamlComponent):
    """Rows of a model in one PostgreSQL, kept in a table of another: changed rows only.

    Each sync becomes a model, and one step that materialises the destination table, the sync's
    state and its part of the audit log.
    """

    models: Models = Field(default_factory=dict)
    syncs: Syncs = Field(default_factory=list)
    op: OpSpec | None = Field(
        default=None,
        description="Of the step of each sync: `pool`, by default `dest_<destination>`, `tags` "
        "and `backfill_policy`, by default one run for all selected partitions.",
        examples=[{"pool": "slow", "tags": {"size": "large"}}],
    )
    translation: (
        Annotated[
            TranslationFn[SyncTranslatorData],
            TranslationFnResolver[SyncTranslatorData](
                template_vars_for_translation_fn=lambda data: {"data": data, "sync": data.sync}
            ),
        ]
        | None
    ) = Field(
        default=None,
        description="Changes to the assets of these syncs and models. Templates know `data`, "
        "everything about one asset, and `sync`, its sync.",
        examples=[{"owners": ["team:crm"], "group_name": "{{ sync.destination }}"}],
    )

    _written_at: WrittenAt = PrivateAttr(default_factory=WrittenAt)

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """A component of a YAML file; it remembers the lines of its syncs and models."""
        made = super().load(attributes, context)
        tree = context.resolution_context.source_position_tree
        parts = attributes.model_fields_set & {"syncs", "models"} if attributes else ()
        made._written_at = WrittenAt.of(tree, **{name: getattr(attributes, name) for name in parts})
        return made

    @classmethod
    def get_code_references_for_yaml(
        cls, yaml_path: Path, source_position: Any, context: dg.ComponentLoadContext
    ) -> Sequence[Any]:
        """None for all of its assets together: each names its own line."""
        return []

    @classmethod
    def model(cls) -> type[BaseModel]:
        """What a `defs.yaml` of this component may hold; `dg` makes its JSON schema of it."""
        return plain_model(super().model(), models=dict[Name, ModelConfig], syncs=list[SyncConfig])

    @classmethod
    def get_additional_scope(cls) -> Mapping[str, Any]:
        """What templates of `translation` may name beside what Dagster has."""
        return {**super().get_additional_scope(), "after_upstream": after_upstream()}

    def get_asset_spec(self, data: SyncTranslatorData) -> dg.AssetSpec:
        """The spec of one asset; override it to name or decorate assets in Python.

        Args:
            data: everything that is known about the asset.

        Example:
            ```python
            class CrmSyncs(PgSyncComponent):
                def get_asset_spec(self, data):
                    return super().get_asset_spec(data).replace_attributes(owners=["team:crm"])
            ```
        """
        spec = PgSyncTranslator().get_asset_spec(data)
        spec = spec.merge_attributes(metadata=self._written_at.metadata(data))
        if self.translation is None or data.model is None:
            return spec  # what syncs share is not this component's to change
        return self.translation(spec, data)

    def execute(self, step: SyncStep) -> Iterable[Event]:
        """Runs a sync; override it to do something before or after.

        Args:
            step: the sync, and the context of the step.

        Example:
            ```python
            class Announced(PgSyncComponent):
                def execute(self, step):
                    yield from step.run()
                    announce(step.sync.name)
            ```
        """
        return step.run()

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The assets. No database is asked: they load with every server down.

        Raises:
            ConfigurationError: a sync names a connection that there is none of, or does not go
                together with another sync.
        """
        _refuse_names(self.op)
        project = project_of(context, self)
        project.check()
        specs = project.specs(self)
        is_first = project.components[0] is self
        shared = project.shared() if is_first else []
        platform = project.connections.get(PLATFORM)
        syncs = project.syncs_of(self)
        names = {sync.name for sync in project.syncs}
        steps = [
            self._step(sync, found, platform, names)
            for sync, found in zip(syncs, specs, strict=True)
        ]
        models = models_of(project.models_made_by(self), project.syncs, platform)
        return dg.Definitions(
            assets=[*models, *steps, *shared],
            asset_checks=[
                check
                for sync, found in zip(syncs, specs, strict=True)
                for check in (
                    build_verification(
                        sync, found, pool=self.op.pool if self.op else None, platform=platform
                    ),
                    build_connection_check(sync, found, platform=platform),
                )
            ],
            jobs=[build_connection_tests(list(project.connections), project.syncs)]
            if is_first
            else [],
            schedules=build_schedules(project.every()) if is_first else [],
            sensors=build_after_sensors(project.every()) if is_first else [],
        )

    def _step(
        self,
        sync: SyncConfig,
        specs: SyncSpecs,
        platform: ConnectionConfig | None,
        names: Collection[str],
    ) -> dg.AssetsDefinition:
        op = self.op or OpSpec()
        return sync_assets(
            sync,
            specs=specs,
            pool=op.pool,
            op_tags=op.tags,
            backfill_policy=op.backfill_policy,
            platform=platform,
            known=names,
        )(self.execute)


def _refuse_names(op: OpSpec | None) -> None:
    """What Dagster offers for the one step of a component; ours has one for each sync."""
    for name in ("name", "description"):
        if op is not None and getattr(op, name) is not None:
            raise ConfigurationError(
                f"op.{name}: each step has that of its sync", "leave it out, or change the sync"
            )


def project_of(
    context: dg.ComponentLoadContext, component: PgSyncComponent | None = None
) -> ProjectSyncs:
    """The project that a component belongs to.

    Args:
        context: of the component.
        component: one that may stand outside of a folder, as in a test.
    """
    tree = context.component_tree
    if known := latest_project(tree, component):
        return known
    found = tree.get_all_components(of_type=PgSyncComponent)
    stands_alone = component is not None and not any(other is component for other in found)
    project = ProjectSyncs(
        [*found, component] if component and stands_alone else found,
        project_connections(context),
        project_columns(context),
    )
    if not stands_alone:
        keep_project(tree, project)
    return project
