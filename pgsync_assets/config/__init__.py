"""What the user wrote: frozen pydantic models. This room does no I/O."""

from .base import Config, Identifier, Name, SecretName
from .connection import ConnectionConfig, Schemas, SslMode, TunnelConfig
from .model import ModelConfig, QualifiedName, split_qualified
from .partition import Bucket, Interval, Partition, Slice, Values
from .partition_kind import PartitionKind, StaticKind
from .partitions import PartitionsConfig
from .static_partitions import HashPartitions, ListPartitions, RangePartitions
from .sync import AuditLevel, DeleteBehavior, Engine, GuardConfig, Mode, SyncConfig
from .time_windows import TimeWindows

__all__ = [
    "AuditLevel",
    "Bucket",
    "Config",
    "ConnectionConfig",
    "DeleteBehavior",
    "Engine",
    "GuardConfig",
    "HashPartitions",
    "Identifier",
    "Interval",
    "ListPartitions",
    "Mode",
    "ModelConfig",
    "Name",
    "Partition",
    "PartitionKind",
    "PartitionsConfig",
    "QualifiedName",
    "RangePartitions",
    "Schemas",
    "SecretName",
    "Slice",
    "SslMode",
    "StaticKind",
    "SyncConfig",
    "TimeWindows",
    "TunnelConfig",
    "Values",
    "split_qualified",
]
