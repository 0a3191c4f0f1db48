"""The model as an asset of its own: materialising it describes the query and never moves rows."""

from collections.abc import Iterator

import dagster as dg

from ..config import ModelConfig, SyncConfig
from ..lineage import column_sources
from .failures import told_to_dagster
from .metadata import Metadata, column_lineage, column_schema, invalid_keys
from .resources import PostgresConnection
from .source_assets import DATA_VERSION_TAG, versions_of
from .specs import SyncSpecs


def build_model_asset(sync: SyncConfig, specs: SyncSpecs) -> dg.AssetsDefinition:
    """The asset `models/<name>`.

    Args:
        sync: one that uses the model.
        specs: the assets around it.
    """

    @dg.multi_asset(
        name=f"model_{sync.model_name}",
        specs=[specs.model],
        required_resource_keys={sync.source},
    )
    def model(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
        source: PostgresConnection = getattr(context.resources, sync.source)
        with told_to_dagster(context):
            metadata = describe_model(source, sync)
        columns = tuple(column.name for column in metadata["dagster/column_schema"].columns)
        origins = column_sources(sync.model, columns)
        keys = {
            name: [(specs.sources[table].key, column) for table, column in found]
            for name, found in origins.items()
        }
        seen = {table: spec.key for table, spec in specs.sources.items()}
        for key, version in versions_of(context, sync.source, seen).items():
            context.log_event(dg.AssetObservation(key, tags={DATA_VERSION_TAG: version}))
        yield dg.MaterializeResult(specs.model.key, metadata=metadata | column_lineage(keys))

    return model


def describe_model(source: PostgresConnection, sync: SyncConfig) -> Metadata:
    """What PostgreSQL says about a model: columns, types, key, and how many rows are usable.

    Args:
        source: where the model is read.
        sync: one that uses it, with `sql` filled in where it has a `sql_file`.

    Raises:
        PgsyncError: the source cannot be reached, the model is not one SELECT statement, or the
            partitions do not fit it.
    """
    from ..model import describe, fit_partitions  # loading definitions needs no database driver
    from ..model.key_quality import key_quality

    model, partitions = sync.model, sync.partitions
    covered = partitions.covered if partitions else None
    with source.endpoint().session("pgsync/model") as session:
        relation = describe(session, model)
        fit_partitions(session, sync, relation)
        quality = key_quality(session, model, covered)
    return {
        "dagster/row_count": quality.rows,
        **column_schema(relation.columns, relation.key),
        "pgsync/key": list(relation.key),
        "pgsync/key_is_proven": relation.unique_key,
        **invalid_keys(quality.invalid),
        **({"pgsync/rows_in_no_partition": quality.outside} if partitions else {}),
        "pgsync/sql": dg.MetadataValue.md(f"```sql\n{statement_of(model)}\n```"),
    }


def statement_of(model: ModelConfig) -> str:
    """The model's SQL as a reader would write it."""
    return (model.sql or f"TABLE {model.table}").strip()
