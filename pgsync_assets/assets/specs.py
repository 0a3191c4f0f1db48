"""The assets around a sync: sources -> model -> destination, state and audit log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import dagster as dg

from ..config import PLATFORM, ModelConfig, SyncConfig, split_qualified
from ..lineage import Table, source_tables
from ..lineage.model import Lineage
from .column_lineage import model_columns, sync_columns
from .known_columns import KnownColumns
from .metadata import Metadata
from .translator import (
    AUDIT_TABLES,
    AssetKind,
    PgSyncTranslator,
    SyncTranslatorData,
    model_key,
)

AUDIT_SCHEMA = "hightouch_audit"
NOT_LOOKED_UP = KnownColumns()


@dataclass(frozen=True)
class ModelSpecs:
    """A model and what it is made from, translated.

    Args:
        name: of the model.
        config: the model.
        connection: name of the connection that it is read through.
        sources: tables that its SQL reads, by schema and name; external to the project's syncs.
        spec: its asset.
        lineage: of its columns, by the text of its SQL.
    """

    name: str
    config: ModelConfig
    connection: str
    sources: dict[Table, dg.AssetSpec]
    spec: dg.AssetSpec
    lineage: Lineage = field(default_factory=Lineage, repr=False, compare=False)


@dataclass(frozen=True)
class SyncSpecs:
    """The specs of one sync, translated.

    Args:
        model_specs: those of its model.
        destination: the destination table.
        planner: the state.
        audit: the sync's part of the audit log.
        audit_tables: keys of the tables of the audit log, by name.
    """

    model_specs: ModelSpecs
    destination: dg.AssetSpec
    planner: dg.AssetSpec
    audit: dg.AssetSpec
    audit_tables: dict[str, dg.AssetKey]

    @property
    def model(self) -> dg.AssetSpec:
        """The asset of its model."""
        return self.model_specs.spec

    @property
    def sources(self) -> dict[Table, dg.AssetSpec]:
        """Tables that its model reads."""
        return self.model_specs.sources

    @property
    def written(self) -> tuple[dg.AssetSpec, dg.AssetSpec, dg.AssetSpec]:
        """What one step of the sync materialises."""
        return (self.destination, self.planner, self.audit)


def model_specs(
    model: ModelConfig,
    connection: str,
    translator: PgSyncTranslator,
    default_schema: str = "public",
    sync: SyncConfig | None = None,
    named: Mapping[str, ModelSpecs] = MappingProxyType({}),
    columns: KnownColumns = NOT_LOOKED_UP,
) -> ModelSpecs:
    """The specs of a model.

    Args:
        model: with what stands in its files, and the models that it uses.
        connection: name of the connection that it is read from.
        translator: names and decorates them.
        default_schema: schema of names that its SQL writes without one.
        sync: whose own model it is; None for one of `models:`.
        named: specs of the models that it uses, at least.
        columns: those that were looked up; of the others the text of the SQL tells the lineage.
    """
    sources = {
        table: _source(translator, connection, table)
        for table in source_tables(model, default_schema)
    }
    upstream = (
        *(spec.key for spec in sources.values()),
        *(named[name].spec.key if name in named else model_key(name) for name in model.uses),
        *map(dg.AssetKey.from_user_string, model.made_from),
    )
    data = SyncTranslatorData("model", sync, connection, upstream=upstream, model=model)
    spec, lineage = translator.get_asset_spec(data), Lineage(None, default_schema)
    name = sync.model_name if sync else str(model.name)
    made = ModelSpecs(name, model, connection, sources, spec, lineage)
    found = columns.of_model(made) or model_columns(made, lineage)
    return replace(made, spec=_beside(spec, found))


def specs_of_models(
    models: Mapping[str, ModelConfig],
    translator_of: Callable[[str], PgSyncTranslator],
    default_schema_of: Callable[[str], str],
    names: Iterable[str] | None = None,
    columns: KnownColumns = NOT_LOOKED_UP,
) -> dict[str, ModelSpecs]:
    """The specs of the models of `models:`, each after those that it uses.

    Args:
        models: by name, with the models that they use.
        translator_of: who names and decorates a model, by its name.
        default_schema_of: schema of names without one, by the name of a connection.
        names: those that are wanted, and what they use; default: all.
        columns: those that were looked up.
    """
    found: dict[str, ModelSpecs] = {}

    def add(name: str) -> None:
        if name in found:
            return
        model = models[name]
        for used in model.uses:
            add(used)
        at, schema = model.source or "", default_schema_of(model.source or "")
        translator = translator_of(name)
        found[name] = model_specs(model, at, translator, schema, named=found, columns=columns)

    for name in models if names is None else names:
        add(name)
    return found


def sync_specs(
    sync: SyncConfig,
    translator: PgSyncTranslator,
    default_schema: str = "public",
    named: Mapping[str, ModelSpecs] = MappingProxyType({}),
    columns: KnownColumns = NOT_LOOKED_UP,
) -> SyncSpecs:
    """All specs of a sync.

    Args:
        sync: with its model in full.
        translator: names and decorates them.
        default_schema: schema of names that model SQL writes without one.
        named: specs of the models of `models:`; the sync's own is none of them.
        columns: those that were looked up.
    """
    found = named.get(sync.model_name) or model_specs(
        sync.model, sync.source, translator, default_schema, sync, named, columns
    )
    table = split_qualified(sync.table)
    keeper = {"source": sync.source, "platform": PLATFORM}[sync.traits.place]

    def of(kind: AssetKind, connection: str, table: Table | None = None) -> dg.AssetSpec:
        data = SyncTranslatorData(kind, sync, connection, table, (found.spec.key,), sync.model)
        return translator.get_asset_spec(data)

    return SyncSpecs(
        model_specs=found,
        destination=_beside(
            of("destination", sync.destination, table),
            columns.of_sync(sync, found) or sync_columns(sync, found, found.lineage),
        ),
        planner=of("planner", keeper),
        audit=of("audit", keeper),
        audit_tables={name: _audit_table(translator, name, ()).key for name in AUDIT_TABLES},
    )


def source_specs(
    models: Sequence[ModelSpecs], written: Collection[dg.AssetKey]
) -> dict[str, dict[Table, dg.AssetSpec]]:
    """Source tables that no sync writes, by connection, each of them once.

    Args:
        models: every model of the project.
        written: what syncs write.
    """
    found: dict[str, dict[Table, dg.AssetSpec]] = {}
    for specs in models:
        for table, spec in specs.sources.items():
            if spec.key not in written:
                found.setdefault(specs.connection, {})[table] = spec
    return found


def audit_table_specs(
    all_specs: Sequence[SyncSpecs], translator: PgSyncTranslator
) -> list[dg.AssetSpec]:
    """The tables of the audit log, which all syncs write.

    Args:
        all_specs: every sync of the project.
        translator: names and decorates them.
    """
    audit = tuple(specs.audit.key for specs in all_specs)
    return [_audit_table(translator, name, audit) for name in AUDIT_TABLES]


def _beside(spec: dg.AssetSpec, known: Metadata) -> dg.AssetSpec:
    """With what is known of it; what a translator said stays."""
    return spec.replace_attributes(metadata={**known, **spec.metadata})


def _source(translator: PgSyncTranslator, connection: str, table: Table) -> dg.AssetSpec:
    data = SyncTranslatorData("source_table", connection=connection, table=table)
    return translator.get_asset_spec(data)


def _audit_table(
    translator: PgSyncTranslator, name: str, upstream: tuple[dg.AssetKey, ...]
) -> dg.AssetSpec:
    data = SyncTranslatorData("audit_table", table=(AUDIT_SCHEMA, name), upstream=upstream)
    return translator.get_asset_spec(data)
