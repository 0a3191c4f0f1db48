"""How a sync looks in the graph: the only place that names keys, groups, kinds and tags."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import dagster as dg

from ..config import (
    FreshnessConfig,
    ModelConfig,
    ModelKind,
    SyncConfig,
    code_version,
    split_qualified,
)

AssetKind = Literal["source_table", "model", "destination", "planner", "audit", "audit_table"]

SYNC_TAG = "pgsync/sync"
MODEL_TAG = "pgsync/model"


@dataclass(frozen=True)
class SyncTranslatorData:
    """Everything that is known about one asset before it has ever run.

    Args:
        kind: which of the assets around a sync this is.
        sync: the sync; None for what syncs share (source tables, tables of the audit), and for a
            model that stands by itself under `models:`.
        connection: name of the connection that holds it; None for a table of the audit, of which
            every source has one.
        table: schema and name of the table, where the asset is one.
        upstream: keys of the assets it is made from, translated already.
        model: the model, of every kind of asset that has one.
    """

    kind: AssetKind
    sync: SyncConfig | None = None
    connection: str | None = None
    table: tuple[str, str] | None = None
    upstream: tuple[dg.AssetKey, ...] = ()
    model: ModelConfig | None = None


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
        if data.kind == "model" and data.model is not None:
            return _model(data.model, data)
        if data.sync is None:
            return _shared(data)
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
            metadata=_stored(schema, table),
        )
    return dg.AssetSpec(
        table_key(data.connection or "", schema, table),
        description=f"A table of `{data.connection}` that models read.",
        group_name="sources",
        kinds={"postgres"},
        metadata=_stored(schema, table),
    )


def _stored(schema: str, table: str) -> dict[str, str]:
    """Where it is, as the page of the asset shows it, to be copied."""
    return {"dagster/table_name": f"{schema}.{table}", "dagster/storage_kind": "postgres"}


def model_key(name: str) -> dg.AssetKey:
    """The key of a model's asset, unless a translator says otherwise.

    Args:
        name: of the model.
    """
    return dg.AssetKey(["models", name])


def _model(model: ModelConfig, data: SyncTranslatorData) -> dg.AssetSpec:
    name = model.name or (data.sync.name if data.sync else "")
    of = "Rows" if model.is_frame else f"Rows of `{data.connection}`"
    told = model.description or f"{of} by {_key(model)}."
    return dg.AssetSpec(
        model_key(name),
        deps=data.upstream,
        description=f"{told}\n\n{_written(model)}",
        group_name=model.group or "models",
        kinds=_KINDS.get(model.kind, {"postgres", "sql"}),
        code_version=code_version(model),
        tags={MODEL_TAG: name, **model.tags},
        owners=list(model.owners),
        metadata={"pgsync/key": list(model.key)},
    )


_KINDS: dict[ModelKind, set[str]] = {
    "dbt": {"dbt", "postgres"},
    "asset": {"pandas", "postgres"},
    "python": {"python", "postgres"},
    "file": {"file", "postgres"},
}
"""What the UI draws on a model, by its kind; on every other one, that it is SQL."""


def _destination(sync: SyncConfig, data: SyncTranslatorData) -> dg.AssetSpec:
    schema, table = split_qualified(sync.table)
    told = sync.description or f"Rows of the model `{sync.model_name}`, changed ones only."
    key, group = table_key(sync.destination, schema, table), sync.group or sync.destination
    return _of_sync(sync, data, key, told, group).replace_attributes(
        freshness_policy=_freshness(sync.freshness),
        metadata={
            **_stored(schema, table),
            "pgsync/mode": sync.mode,
            "pgsync/engine": sync.engine,
            "pgsync/delete": sync.delete_behavior,
            "pgsync/batch_size": sync.batch_size,
        },
    )


def _freshness(wanted: FreshnessConfig | None) -> dg.FreshnessPolicy | None:
    """By the newest materialisation, which is a run that succeeded; of any partition."""
    if wanted is None:
        return None
    return dg.FreshnessPolicy.time_window(wanted.within, wanted.warn_within)


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
        tags={SYNC_TAG: sync.name, **sync.tags},
        owners=list(sync.owners),
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
    return f"Read from {_WHERE.get(model.kind, _table)(model)}."


def _table(model: ModelConfig) -> str:
    return f"`{model.table}`"


_WHERE: dict[ModelKind, Callable[[ModelConfig], str]] = {
    "dbt": lambda model: f"the dbt model `{model.dbt.model if model.dbt else ''}`, {_table(model)}",
    "asset": lambda model: f"the value of the asset `{model.asset}`",
    "python": lambda model: f"the function `{model.python}`",
    "file": lambda model: f"the file `{model.file.path if model.file else ''}`",
}
"""In words, by kind of the model."""
