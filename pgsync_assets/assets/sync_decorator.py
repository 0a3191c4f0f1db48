"""A sync as Dagster assets, in Python: the decorator that the YAML component uses too."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from ..config import ConnectionConfig, SyncConfig
from .checks import check_specs
from .connection_tests import build_connection_check
from .model_asset import build_model_asset
from .partitions import partitions_definition
from .run_config import SyncRunConfig
from .source_assets import shared_assets
from .specs import SyncSpecs, sync_specs
from .step import Event, SyncStep
from .translator import PgSyncTranslator
from .verification import build_verification
from .writer import writer_key

Body = Callable[[SyncStep], Iterable[Event]]


def sync_assets(
    sync: SyncConfig,
    *,
    translator: PgSyncTranslator | None = None,
    specs: SyncSpecs | None = None,
    pool: str | None = None,
    op_tags: Mapping[str, Any] | None = None,
    backfill_policy: dg.BackfillPolicy | None = None,
    platform: ConnectionConfig | None = None,
) -> Callable[[Body], dg.AssetsDefinition]:
    """Makes one step of a function: destination table, state and audit log of a sync.

    Args:
        sync: what to send, and how. Its connections are the resources `<source>` and
            `<destination>_writer`.
        translator: names and decorates the assets.
        specs: the assets, where they are made already; default: as the translator says.
        pool: concurrency pool; default `dest_<destination>`, so that one limit holds for all that
            write there.
        op_tags: tags of the step.
        backfill_policy: default: one run for all selected partitions, one after the other.
        platform: where engine standard keeps its state; default: as the environment says
            (`PGSYNC_PLATFORM_HOST` and the others).

    Example:
        ```python
        @sync_assets(SyncConfig(name="airports", source="warehouse", destination="crm",
                                model=ModelConfig(table="nyc.airports", key=("faa",)),
                                table="app.airports"))
        def airports(step: SyncStep):
            yield from step.run()
        ```
    """
    found = specs or sync_specs(sync, translator or PgSyncTranslator())
    partitions = partitions_definition(sync)
    policy = backfill_policy or dg.BackfillPolicy.single_run()

    def decorate(body: Body) -> dg.AssetsDefinition:
        @dg.multi_asset(
            name=f"sync_{sync.name}",
            specs=found.written,
            check_specs=check_specs(found.destination.key),
            can_subset=True,
            partitions_def=partitions,
            backfill_policy=policy if partitions else None,
            pool=pool or f"dest_{sync.destination}",
            op_tags=op_tags,
            required_resource_keys={sync.source, writer_key(sync.destination)},
        )
        def step(context: dg.AssetExecutionContext, config: SyncRunConfig) -> Iterator[Event]:
            yield from body(SyncStep(context, sync, found, config, platform))

        return step

    return decorate


def build_sync_definitions(
    syncs: Sequence[SyncConfig],
    *,
    translator: PgSyncTranslator | None = None,
    neighbours: Sequence[SyncConfig] = (),
) -> dg.Definitions:
    """The assets of several syncs, with their models, source tables and the audit log's tables.

    Connections are not in it: add `PostgresConnection` and `PostgresWriter` as resources.

    Args:
        syncs: all syncs of the project; a model that several of them use is made once.
        translator: names and decorates the assets.
        neighbours: syncs of the project that are defined elsewhere: what they write is no source.
    """
    chosen = translator or PgSyncTranslator()
    specs = [sync_specs(sync, chosen) for sync in syncs]
    beside = [sync_specs(sync, chosen) for sync in neighbours]
    return dg.Definitions(
        assets=[
            *models_of(syncs, specs),
            *(_run_as_is(sync, found) for sync, found in zip(syncs, specs, strict=True)),
            *shared_assets([*specs, *beside], chosen),
        ],
        asset_checks=[
            build(sync, found)
            for build in (build_verification, build_connection_check)
            for sync, found in zip(syncs, specs, strict=True)
        ],
    )


def models_of(syncs: Sequence[SyncConfig], specs: Sequence[SyncSpecs]) -> list[dg.AssetsDefinition]:
    """One asset for each model, however many syncs use it.

    Args:
        syncs: the syncs.
        specs: theirs, in the same order.
    """
    models = {found.model.key: (sync, found) for sync, found in zip(syncs, specs, strict=True)}
    return [build_model_asset(sync, found) for sync, found in models.values()]


def _run_as_is(sync: SyncConfig, specs: SyncSpecs) -> dg.AssetsDefinition:
    return sync_assets(sync, specs=specs)(SyncStep.run)
