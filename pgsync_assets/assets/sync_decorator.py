"""A sync as Dagster assets, in Python: the decorator that the YAML component uses too."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from ..config import ConnectionConfig, ModelConfig, SyncConfig, placed, resolved_models
from ..config.cross_checks import cross_check
from ..config.models import Misplaced
from ..errors import ConfigurationError
from .after_sensor import build_after_sensors
from .checks import check_specs
from .connection_tests import build_connection_check
from .model_asset import build_model_asset
from .model_source import source_keys
from .partitions import partitions_definition
from .pools import pool_of
from .run_config import SyncRunConfig
from .source_assets import shared_assets
from .specs import ModelSpecs, SyncSpecs, specs_of_models, sync_specs
from .step import Event, SyncStep
from .sync_schedule import build_schedules
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
    known: Collection[str] | None = None,
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
        known: names of all syncs of the project, so that a renamed one is told; default: unknown.

    Example:
        ```python
        @sync_assets(SyncConfig(name="airports", source="warehouse", destination="crm",
                                model=ModelConfig(table="nyc.airports", key=("faa",)),
                                table="app.airports"))
        def airports(step: SyncStep):
            yield from step.run()
        ```
    """
    sync = place(sync, {})
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
            pool=pool or pool_of(sync.destination),
            op_tags=op_tags,
            required_resource_keys=source_keys(sync.source, sync.model)
            | {writer_key(sync.destination)},
        )
        def step(context: dg.AssetExecutionContext, config: SyncRunConfig) -> Iterator[Event]:
            yield from body(SyncStep(context, sync, found, config, platform, known))

        return step

    return decorate


def build_sync_definitions(
    syncs: Sequence[SyncConfig],
    *,
    models: Mapping[str, ModelConfig] | None = None,
    translator: PgSyncTranslator | None = None,
    neighbours: Sequence[SyncConfig] = (),
    platform: ConnectionConfig | None = None,
) -> dg.Definitions:
    """The assets of several syncs, with their models, source tables and the audit log's tables.

    Connections are not in it: add `PostgresConnection` and `PostgresWriter` as resources.

    Args:
        syncs: all syncs of the project; a model that several of them use is made once.
        models: models that stand by themselves, by name; syncs may name them.
        translator: names and decorates the assets.
        neighbours: syncs of the project that are defined elsewhere: what they write is no source.
        platform: where engine standard keeps its state, and rows of DataFrames and files are
            loaded; default: as the environment says.

    Raises:
        ConfigurationError: a model or a sync names something that there is not, or does not go
            together with another one.
    """
    chosen = translator or PgSyncTranslator()
    known = known_models(models or {})
    named = specs_of_models(known, lambda _: chosen, lambda _: "public")
    placed_syncs = [place(sync, known) for sync in syncs]
    _check(placed_syncs, known, [sync.name for sync in neighbours])
    specs = [sync_specs(sync, chosen, named=named) for sync in placed_syncs]
    every_model = [*named.values(), *(found.model_specs for found in specs)]
    names = {sync.name for sync in (*syncs, *neighbours)}
    beside = [sync_specs(place(sync, known), chosen) for sync in neighbours]
    return dg.Definitions(
        assets=[
            *models_of(every_model, placed_syncs, platform),
            *(
                sync_assets(sync, specs=found, platform=platform, known=names)(SyncStep.run)
                for sync, found in zip(placed_syncs, specs, strict=True)
            ),
            *shared_assets([*specs, *beside], every_model, chosen),
        ],
        asset_checks=[
            build(sync, found, platform=platform)
            for build in (build_verification, build_connection_check)
            for sync, found in zip(placed_syncs, specs, strict=True)
        ],
        schedules=build_schedules(zip(placed_syncs, specs, strict=True)),
        sensors=build_after_sensors(
            zip(placed_syncs, specs, strict=True), zip(neighbours, beside, strict=True)
        ),
    )


def _check(
    syncs: Sequence[SyncConfig], models: Mapping[str, ModelConfig], beside: Collection[str]
) -> None:
    """What one sync cannot know; which connections there are, only Dagster does."""
    used = {name for sync in syncs for name in (sync.source, sync.destination)}
    told = [
        f"{syncs[c.position].name}: {c.message}" for c in cross_check(used, syncs, models, beside)
    ]
    if told:
        raise ConfigurationError("\n".join(told))


def known_models(models: Mapping[str, ModelConfig]) -> dict[str, ModelConfig]:
    """Models of `models:` with the models that they use.

    Args:
        models: as written, by name; their files are read already.

    Raises:
        ConfigurationError: one of them is wrong.
    """
    known, wrong = resolved_models(models)
    if wrong:
        told = [f"models.{name}: {message}" for name, (_, message) in wrong.items()]
        raise ConfigurationError("\n".join(told))
    return known


def place(sync: SyncConfig, models: Mapping[str, ModelConfig]) -> SyncConfig:
    """A sync with its model in full.

    Args:
        sync: as written.
        models: those of `models:`, by name.

    Raises:
        ConfigurationError: it names something that there is not.
    """
    try:
        return placed(sync, models)
    except Misplaced as error:
        raise ConfigurationError(f"{sync.name}: {error.message}") from None


def models_of(
    models: Iterable[ModelSpecs],
    users: Sequence[SyncConfig],
    platform: ConnectionConfig | None = None,
) -> list[dg.AssetsDefinition]:
    """One asset for each model, however many syncs use it.

    Args:
        models: some may be there several times.
        users: all syncs that may use them.
        platform: where rows of some are loaded; default: as the environment says.
    """
    distinct = {one.spec.key: one for one in models}
    users_of: defaultdict[str, list[SyncConfig]] = defaultdict(list)
    for sync in users:
        users_of[sync.model_name].append(sync)
    return [build_model_asset(one, users_of[one.name], platform) for one in distinct.values()]
