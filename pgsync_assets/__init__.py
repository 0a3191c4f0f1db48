"""Reverse ETL for PostgreSQL, as Dagster assets.

What a project writes against is named here and loaded when it is first used, so that
`import pgsync_assets.sync` costs neither Dagster nor an SSH library. `dg` finds the components by
the same names: `pgsync_assets.PgSyncComponent`.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .assets import (
        JumpHost,
        PgAlertsComponent,
        PgColumnsComponent,
        PgConnectionsComponent,
        PgMaintenanceComponent,
        PgPlansApprovedComponent,
        PgScheduleComponent,
        PgSequenceComponent,
        PgSourceChangedComponent,
        PgSyncComponent,
        PgSyncTranslator,
        PostgresConnection,
        PostgresWriter,
        ReverseTunnel,
        SshTunnel,
        SyncRunConfig,
        SyncStep,
        SyncTranslatorData,
        after_upstream,
        build_sync_definitions,
        sync_assets,
    )
    from .config import ConnectionConfig, ModelConfig, SyncConfig

__version__ = "0.1.0"

__all__ = [
    "ConnectionConfig",
    "JumpHost",
    "ModelConfig",
    "PgAlertsComponent",
    "PgColumnsComponent",
    "PgConnectionsComponent",
    "PgMaintenanceComponent",
    "PgPlansApprovedComponent",
    "PgScheduleComponent",
    "PgSequenceComponent",
    "PgSourceChangedComponent",
    "PgSyncComponent",
    "PgSyncTranslator",
    "PostgresConnection",
    "PostgresWriter",
    "ReverseTunnel",
    "SshTunnel",
    "SyncConfig",
    "SyncRunConfig",
    "SyncStep",
    "SyncTranslatorData",
    "after_upstream",
    "build_sync_definitions",
    "sync_assets",
]

_IN_CONFIG = ("ConnectionConfig", "ModelConfig", "SyncConfig")

# What is logged goes where the application that uses us sends it; our own commands print.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = import_module(".config" if name in _IN_CONFIG else ".assets", __name__)
    return getattr(room, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
