"""How a sync looks in the graph: the only place that names keys, groups, kinds and tags."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

import dagster as dg

from ..config import ModelConfig, SyncConfig, split_qualified
from .code_version import code_version

AssetKind = Literal["source_table", "model", "destination", "planner", "audit", "audit_table"]

SYNC_TAG = "pgsync/sync"
MODEL_TAG = "pgsync/model"


@dataclass(frozen=True)
class SyncTranslatorData:
    """Everything that is known about one asset before it has ever run.

    Args:
        kind: which of the assets around a sync this is.
        sync: the sync; None for what syncs share (source tables, tables of the audit).
        connection: name of the connection that holds it; None for a table of the audit, of which
            every source has one.
        table: schema and name of the table, where the asset is one.
        upstream: keys of the assets it is made from, translated already.
    """

    kind: AssetKind
    sync: SyncConfig | None = None
    connection: str | None = None
    table: tuple[str, str] | None = None
    upstream: tuple[dg.AssetKey, ...] = ()


class PgSyncTranslator:
    """Turns what we know about an asset into Dagster's `AssetSpec`.

    Example:
        ```python
        class OwnedByCrm(PgSyncTranslator):
            def get_asset_spec(self, data: SyncTranslatorData) -> dg.AssetSpec:
                spec = super().get_asset_spec(data)
                return spec.replace_attributes(owners=["team:crm"])
        ```
    """

    def get_asset_spec(self, data: SyncTranslatorData) -> dg.AssetSpec:
        """The spec of one asset.

        Args:
            data: what is known about it.
        """
        if data.sync is None:
            return _shared(data)
        if data.kind == "model":
            return _model(data.sync, data)
        return _SYNC_SPECS[data.kind](data.sync, data)


def table_key(connection: str, schema: str, table: str) -> dg.AssetKey:
    """The key of a table. Dagster makes names of Python out of keys, so not every character can be.

    A name that has to be written otherwise ends in four characters of its hash: `"Order Items"` and
    `"Order-Items"` stay two tables.

    Args:
        connection: name of the connection.
        schema: as stored, without quotes.
        table: as stored, without quotes.
    """
    return dg.AssetKey([connection, _key_part(schema), _key_part(table)])


def _key_part(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    if plain == name:
        return name
    return f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:4]}"


def _shared(data: SyncTranslatorData) -> dg.AssetSpec:
    if data.table is None:
        raise ValueError(f"a {data.kind} without a sync needs a table")
    schema, table = data.table
    if data.kind == "audit_table":
        return dg.AssetSpec(
            [schema, table],
            deps=data.upstream,
            description=AUDIT_TABLES[table],
            group_name="audit",
            kinds={"postgres"},
            metadata={"dagster/table_name": f"{schema}.{table}"},
        )
    return dg.AssetSpec(
        table_key(data.connection or "", schema, table),
        description=f"A table of `{data.connection}` that models read.",
        group_name="sources",
        kinds={"postgres"},
        metadata={"dagster/table_name": f"{schema}.{table}"},
    )


def _model(sync: SyncConfig, data: SyncTranslatorData) -> dg.AssetSpec:
    model = sync.model
    told = model.description or f"Rows of `{data.connection}` by {_key(model)}."
    return dg.AssetSpec(
        ["models", sync.model_name],
        deps=data.upstream,
        description=f"{told}\n\n{_written(model)}",
        group_name="models",
        kinds={"postgres", "sql"},
        code_version=code_version(model),
        tags={MODEL_TAG: sync.model_name},
        metadata={"pgsync/key": list(model.key)},
    )


def _destination(sync: SyncConfig, data: SyncTranslatorData) -> dg.AssetSpec:
    schema, table = split_qualified(sync.table)
    told = sync.description or f"Rows of the model `{sync.model_name}`, changed ones only."
    return _of_sync(
        sync, data, table_key(sync.destination, schema, table), told, sync.destination
    ).merge_attributes(
        metadata={
            "dagster/table_name": f"{schema}.{table}",
            "pgsync/mode": sync.mode,
            "pgsync/delete": sync.delete_behavior,
            "pgsync/batch_size": sync.batch_size,
        }
    )


def _planner(sync: SyncConfig, data: SyncTranslatorData) -> dg.AssetSpec:
    told = "What was sent: the next run compares with it."
    return _of_sync(sync, data, ["hightouch_planner", sync.name], told, "planner")


def _audit(sync: SyncConfig, data: SyncTranslatorData) -> dg.AssetSpec:
    told = f"What each run of `{sync.name}` did, row by row."
    return _of_sync(sync, data, ["hightouch_audit", sync.name], told, "audit")


def _of_sync(
    sync: SyncConfig, data: SyncTranslatorData, key: dg.AssetKey | list[str], told: str, group: str
) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        deps=data.upstream,
        description=told,
        group_name=group,
        kinds={"postgres"},
        code_version=code_version(sync),
        tags={SYNC_TAG: sync.name},
        skippable=True,
    )


_SYNC_SPECS = {"destination": _destination, "planner": _planner, "audit": _audit}

AUDIT_TABLES = {
    "sync_runs": "One row per run: when, how many rows, how it ended.",
    "sync_changelog": "One row per change: what happened to it, and why.",
    "sync_snapshot": "One row per row of a model: how it stands now.",
}
"""Tables of the audit log and what they hold."""


def _key(model: ModelConfig) -> str:
    return ", ".join(f"`{name}`" for name in model.key)


def _written(model: ModelConfig) -> str:
    if model.sql is not None:
        return f"```sql\n{model.sql.strip()}\n```"
    return f"Read from `{model.table or model.sql_file}`."
