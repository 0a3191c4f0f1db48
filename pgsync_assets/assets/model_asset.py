"""The model as an asset of its own: materialising it describes the query and never moves rows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg

from ..config import ConnectionConfig, ModelConfig, SyncConfig
from .column_lineage import model_metadata
from .failures import told_to_dagster
from .frame_rows import FrameRows, load_metadata
from .metadata import Metadata, column_schema, invalid_keys
from .model_source import ModelSource, source_keys, source_of
from .preview import previewed
from .source_assets import DATA_VERSION_TAG, versions_of
from .specs import ModelSpecs

if TYPE_CHECKING:
    from ..frames import Load


def build_model_asset(
    specs: ModelSpecs,
    syncs: Sequence[SyncConfig] = (),
    platform: ConnectionConfig | None = None,
) -> dg.AssetsDefinition:
    """The asset `models/<name>`.

    Args:
        specs: the model, and what it is made from.
        syncs: those that use it; their partitions are looked at, too.
        platform: where its rows are loaded, if they are; default: as the environment says.
    """
    model, connection = specs.config, specs.connection

    @dg.multi_asset(
        name=f"model_{specs.name}",
        specs=[specs.spec],
        required_resource_keys=source_keys(connection, model),
    )
    def described(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
        source = source_of(context.resources, connection, model, platform)
        with told_to_dagster(context):
            load = _load(context, specs, platform)
            here, users = _reading(load, model, syncs)
            metadata = describe_model(source, here, users) | load_metadata(load)
            metadata |= model_metadata(source, replace(specs, config=here), specs.name)
        seen = {table: spec.key for table, spec in specs.sources.items()}
        for key, version in versions_of(context, connection, seen).items():
            context.log_event(dg.AssetObservation(key, tags={DATA_VERSION_TAG: version}))
        yield dg.MaterializeResult(specs.spec.key, metadata=metadata)

    return described


def _load(
    context: dg.AssetExecutionContext, specs: ModelSpecs, platform: ConnectionConfig | None
) -> "Load | None":
    if not specs.config.is_frame:
        return None
    model = specs.config.model_copy(update={"name": specs.name})
    return FrameRows(context, model, specs.spec.key, platform).of_this_run()


def _reading(
    load: "Load | None", model: ModelConfig, syncs: Sequence[SyncConfig]
) -> tuple[ModelConfig, Sequence[SyncConfig]]:
    """The model and the syncs that use it, with the rows that were loaded."""
    if load is None:
        return model, syncs
    from .. import frames  # here: loading definitions needs no database driver

    users = [frames.loaded(sync, load) for sync in syncs]
    return model.model_copy(update={"table": load.table}), users


def describe_model(
    source: ModelSource, model: ModelConfig, syncs: Sequence[SyncConfig] = ()
) -> Metadata:
    """What PostgreSQL says about a model: columns, types, key, usable rows, and a preview.

    Args:
        source: where the model is read.
        model: in full.
        syncs: those that use it.

    Raises:
        PgsyncError: the source cannot be reached, the model is not one SELECT statement, or the
            partitions of a sync do not fit it.
    """
    from ..model import (  # loading definitions needs no database driver
        describe,
        fit_partitions,
        written,
    )
    from ..model.key_quality import key_quality
    from ..preview import shown_to_all, visible

    covered = [sync.partitions.covered for sync in syncs if sync.partitions]
    with source.endpoint().session("pgsync/model") as session:
        relation = describe(session, model)
        for sync in syncs:
            fit_partitions(session, sync, relation)
        model = shown_to_all(model, relation.names, syncs)
        quality = key_quality(session, model, covered[0] if covered else None)
        preview = previewed(session, model, relation, quality)
    # A value of the key is shown where its column may be seen.
    is_seen = len(visible(model, relation.key)) == len(relation.key)
    invalid = quality.invalid if is_seen else replace(quality.invalid, sample=())
    return {
        "dagster/row_count": quality.rows,
        **column_schema(relation.columns, relation.key, model.column_descriptions),
        "pgsync/key": list(relation.key),
        "pgsync/key_is_proven": relation.unique_key,
        **invalid_keys(invalid),
        **({"pgsync/rows_in_no_partition": quality.outside} if covered else {}),
        **preview,
        **({} if model.is_frame else {"pgsync/sql": _sql(written(model))}),
    }


def _sql(text: str) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(f"```sql\n{text}\n```")
