"""Syncs as YAML."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import dagster as dg
from dagster.components.resolved.core_models import OpSpec
from dagster.components.utils.translation import TranslationFn, TranslationFnResolver
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter

from ...config import PLATFORM, ConnectionConfig, SyncConfig
from ..connection_tests import build_connection_check, build_connection_tests
from ..specs import SyncSpecs
from ..step import Event, SyncStep
from ..sync_decorator import models_of, sync_assets
from ..translator import PgSyncTranslator, SyncTranslatorData
from ..verification import build_verification
from .plain import plain_model, refuse_templates
from .project_syncs import ProjectSyncs, project_connections
from .scaffolders import SyncScaffolder


def _as_written(context: dg.ResolutionContext, syncs: Sequence[SyncConfig]) -> Sequence[SyncConfig]:
    base = context.resolve_source_relative_path(".")
    for position, sync in enumerate(syncs):
        refuse_templates(f"syncs.{position}", sync)
    return [_with_sql(sync, base) for sync in syncs]


def _with_sql(sync: SyncConfig, base: Path) -> SyncConfig:
    if sync.model.sql_file is None:
        return sync
    from ...model import load_sql_file  # here: the room needs a database driver

    return sync.model_copy(update={"model": load_sql_file(sync.model, base)})


if TYPE_CHECKING:
    Syncs = Sequence[SyncConfig]
else:
    Syncs = Annotated[
        Any,  # Dagster resolves no plain pydantic models field by field, nor does it need to
        BeforeValidator(TypeAdapter(list[SyncConfig]).validate_python),
        dg.Resolver(
            _as_written, model_field_type=list[SyncConfig], description="The syncs, in any order."
        ),
    ]


@dg.scaffold_with(SyncScaffolder)
class PgSyncComponent(dg.Component, dg.Model, dg.Resolvable):
    """Rows of a model in one PostgreSQL, kept in a table of another: changed rows only.

    Each sync becomes a model, and one step that materialises the destination table, the sync's
    state and its part of the audit log.
    """

    syncs: Syncs
    op: OpSpec | None = Field(
        default=None, description="Pool, tags and backfill policy of the steps."
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
        description="Changes to the assets of these syncs: owners, tags, group_name and so on.",
    )

    @classmethod
    def model(cls) -> type[BaseModel]:
        """What a `defs.yaml` of this component may hold; `dg` makes its JSON schema of it."""
        return plain_model(super().model(), syncs=list[SyncConfig])

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
        if self.translation is None or data.sync is None:
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
        project = project_of(context, self)
        project.check()
        specs = project.specs(self)
        is_first = project.components[0] is self
        shared = project.shared() if is_first else []
        platform = project.connections.get(PLATFORM)
        steps = [
            self._step(sync, found, platform) for sync, found in zip(self.syncs, specs, strict=True)
        ]
        return dg.Definitions(
            assets=[*models_of(self.syncs, specs), *steps, *shared],
            asset_checks=[
                check
                for sync, found in zip(self.syncs, specs, strict=True)
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
        )

    def _step(
        self, sync: SyncConfig, specs: SyncSpecs, platform: ConnectionConfig | None
    ) -> dg.AssetsDefinition:
        op = self.op or OpSpec()
        return sync_assets(
            sync,
            specs=specs,
            pool=op.pool,
            op_tags=op.tags,
            backfill_policy=op.backfill_policy,
            platform=platform,
        )(self.execute)


def project_of(
    context: dg.ComponentLoadContext, component: PgSyncComponent | None = None
) -> ProjectSyncs:
    """The project that a component belongs to.

    Args:
        context: of the component.
        component: one that may stand outside of a folder, as in a test.
    """
    found = context.component_tree.get_all_components(of_type=PgSyncComponent)
    if component is not None and not any(other is component for other in found):
        found = [*found, component]
    return ProjectSyncs(found, project_connections(context))
