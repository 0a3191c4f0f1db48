"""Source tables as observable assets: a look tells whether they have been written since."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import dagster as dg

from ..lineage import Table
from .failures import told_to_dagster
from .resources import PostgresConnection
from .source_writes import writes
from .specs import ModelSpecs, SyncSpecs, audit_table_specs, source_specs
from .translator import PgSyncTranslator

DATA_VERSION_TAG = "dagster/data_version"

Body = Callable[[dg.AssetExecutionContext], Iterator[dg.ObserveResult]]


def shared_assets(
    syncs: Sequence[SyncSpecs], models: Sequence[ModelSpecs], translator: PgSyncTranslator
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """What syncs share: source tables that no sync writes, and the tables of the audit log.

    Args:
        syncs: every sync of the project, so that each table is defined once.
        models: models of the project that no sync may use.
        translator: names and decorates the tables of the audit log.
    """
    every = [*models, *(specs.model_specs for specs in syncs)]
    written = {spec.key for specs in syncs for spec in specs.written}
    sources = source_specs(every, written)
    return [
        *(build_source_assets(name, tables) for name, tables in sources.items()),
        *audit_table_specs(syncs, translator),
    ]


def build_source_assets(
    connection: str, tables: Mapping[Table, dg.AssetSpec]
) -> dg.AssetsDefinition:
    """The tables of one connection that models read. Observing them moves nothing.

    Args:
        connection: name of the connection; also its resource key.
        tables: their specs.
    """

    observed: Callable[[Body], dg.AssetsDefinition] = dg.multi_observable_source_asset(
        name=f"sources_{connection}",
        specs=[spec.replace_attributes(skippable=True) for spec in tables.values()],
        required_resource_keys={connection},
        can_subset=True,
    )

    def look(context: dg.AssetExecutionContext) -> Iterator[dg.ObserveResult]:
        selected = context.selected_asset_keys
        chosen = {table: spec.key for table, spec in tables.items() if spec.key in selected}
        for key, version in versions_of(context, connection, chosen).items():
            yield dg.ObserveResult(key, data_version=dg.DataVersion(version))

    return observed(look)


def versions_of(
    context: dg.AssetExecutionContext, connection: str, tables: Mapping[Table, dg.AssetKey]
) -> dict[dg.AssetKey, str]:
    """The data version of each table; there is none where PostgreSQL counts no writes.

    Args:
        context: of a step that requires the connection.
        connection: name of the connection.
        tables: keys of the tables to look at.
    """
    if not tables:
        return {}
    source: PostgresConnection = getattr(context.resources, connection)
    with told_to_dagster(context):
        found = writes(source.endpoint(), list(tables)).fingerprints
    return {tables[table]: text for table, text in found.items()}
