"""What the user wrote: frozen pydantic models. This room does no I/O."""

from .base import Config, Identifier, Name, SecretName
from .connection import ConnectionConfig, Schemas, SslMode
from .cursor import CursorConfig
from .engine import ENGINES, PLATFORM, Engine, Place, StateKind
from .extras import HooksConfig, StampsConfig
from .guard import GuardConfig, Limit, exceeds
from .mode import DeleteBehavior, Mode, ModeTraits
from .model import ModelConfig, QualifiedName, split_qualified
from .partition import Bucket, Interval, Partition, Slice, Values
from .partition_kind import PartitionKind, StaticKind
from .partitions import PartitionsConfig
from .static_partitions import HashPartitions, ListPartitions, RangePartitions
from .sync import AuditLevel, DuplicateKeys, SyncConfig
from .time_windows import TimeWindows
from .tunnel import (
    AnyTunnel,
    ReverseTunnel,
    ReverseTunnelConfig,
    ReverseTunnelRef,
    SshServer,
    TunnelConfig,
)
from .uses import PLACES, UsedAs, Uses, uses_of
from .values import ValueConfig, is_static

__all__ = [
    "ENGINES",
    "PLACES",
    "PLATFORM",
    "AnyTunnel",
    "AuditLevel",
    "Bucket",
    "Config",
    "ConnectionConfig",
    "CursorConfig",
    "DeleteBehavior",
    "DuplicateKeys",
    "Engine",
    "GuardConfig",
    "HashPartitions",
    "HooksConfig",
    "Identifier",
    "Interval",
    "Limit",
    "ListPartitions",
    "Mode",
    "ModeTraits",
    "ModelConfig",
    "Name",
    "Partition",
    "PartitionKind",
    "PartitionsConfig",
    "Place",
    "QualifiedName",
    "RangePartitions",
    "ReverseTunnel",
    "ReverseTunnelConfig",
    "ReverseTunnelRef",
    "Schemas",
    "SecretName",
    "Slice",
    "SshServer",
    "SslMode",
    "StampsConfig",
    "StateKind",
    "StaticKind",
    "SyncConfig",
    "TimeWindows",
    "exceeds",
    "TunnelConfig",
    "UsedAs",
    "Uses",
    "ValueConfig",
    "Values",
    "is_static",
    "split_qualified",
    "uses_of",
]
