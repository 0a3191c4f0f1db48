"""The Dagster face: resources, assets, components. The only room that imports Dagster."""

from .approved_sensor import build_approved_sensor
from .automation import after_upstream
from .components import (
    PgAlertsComponent,
    PgColumnsComponent,
    PgConnectionsComponent,
    PgMaintenanceComponent,
    PgPlansApprovedComponent,
    PgScheduleComponent,
    PgSequenceComponent,
    PgSourceChangedComponent,
    PgSyncComponent,
)
from .connection_tests import build_connection_tests
from .resources import PostgresConnection
from .run_config import SyncRunConfig
from .source_sensor import build_source_sensor
from .step import SyncStep
from .sync_decorator import build_sync_definitions, sync_assets
from .sync_schedule import build_sync_schedule
from .translator import PgSyncTranslator, SyncTranslatorData
from .tunnels import JumpHost, ReverseTunnel, SshTunnel
from .writer import PostgresWriter

__all__ = [
    "JumpHost",
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
    "SyncRunConfig",
    "SyncStep",
    "SyncTranslatorData",
    "after_upstream",
    "build_approved_sensor",
    "build_connection_tests",
    "build_source_sensor",
    "build_sync_definitions",
    "build_sync_schedule",
    "sync_assets",
]
