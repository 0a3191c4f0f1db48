"""The assets around a sync: sources -> model -> destination, state and audit log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import dagster as dg

from ..config import PLATFORM, SyncConfig, split_qualified
from ..lineage import Table, source_tables
from .translator import AUDIT_TABLES, AssetKind, PgSyncTranslator, SyncTranslatorData

AUDIT_SCHEMA = "hightouch_audit"


@dataclass(frozen=True)
class SyncSpecs:
    """The specs of one sync, translated.

    Args:
        connection: name of the connection that the model is read through.
        sources: tables that the model reads, by schema and name; external to the sync.
        model: the model.
        destination: the destination table.
        planner: the state.
        audit: the sync's part of the audit log.
        audit_tables: keys of the tables of the audit log, by name.
    """

    connection: str
    sources: dict[Table, dg.AssetSpec]
    model: dg.AssetSpec
    destination: dg.AssetSpec
    planner: dg.AssetSpec
    audit: dg.AssetSpec
    audit_tables: dict[str, dg.AssetKey]

    @property
    def written(self) -> tuple[dg.AssetSpec, dg.AssetSpec, dg.AssetSpec]:
        """What one step of the sync materialises."""
        return (self.destination, self.planner, self.audit)


def sync_specs(
    sync: SyncConfig, translator: PgSyncTranslator, default_schema: str = "public"
) -> SyncSpecs:
    """All specs of a sync.

    Args:
        sync: with `sql` filled in where the model has a `sql_file`.
        translator: names and decorates them.
        default_schema: schema of names that model SQL writes without one.
    """
    tables = source_tables(sync.model, default_schema)
    sources = {table: _source(translator, sync.source, table) for table in tables}
    model = _of(translator, "model", sync, sync.source, sources.values())
    table = split_qualified(sync.table)
    keeper = {"source": sync.source, "platform": PLATFORM}[sync.traits.place]
    return SyncSpecs(
        connection=sync.source,
        sources=sources,
        model=model,
        destination=_of(translator, "destination", sync, sync.destination, [model], table),
        planner=_of(translator, "planner", sync, keeper, [model]),
        audit=_of(translator, "audit", sync, keeper, [model]),
        audit_tables={name: _audit_table(translator, name, ()).key for name in AUDIT_TABLES},
    )


def source_specs(all_specs: Sequence[SyncSpecs]) -> dict[str, dict[Table, dg.AssetSpec]]:
    """Source tables that no sync writes, by connection, each of them once.

    Args:
        all_specs: every sync of the project.
    """
    written = {spec.key for specs in all_specs for spec in specs.written}
    found: dict[str, dict[Table, dg.AssetSpec]] = {}
    for specs in all_specs:
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


def _of(
    translator: PgSyncTranslator,
    kind: AssetKind,
    sync: SyncConfig,
    connection: str,
    upstream: Iterable[dg.AssetSpec],
    table: Table | None = None,
) -> dg.AssetSpec:
    keys = tuple(spec.key for spec in upstream)
    return translator.get_asset_spec(SyncTranslatorData(kind, sync, connection, table, keys))


def _source(translator: PgSyncTranslator, connection: str, table: Table) -> dg.AssetSpec:
    data = SyncTranslatorData("source_table", connection=connection, table=table)
    return translator.get_asset_spec(data)


def _audit_table(
    translator: PgSyncTranslator, name: str, upstream: tuple[dg.AssetKey, ...]
) -> dg.AssetSpec:
    data = SyncTranslatorData("audit_table", table=(AUDIT_SCHEMA, name), upstream=upstream)
    return translator.get_asset_spec(data)
