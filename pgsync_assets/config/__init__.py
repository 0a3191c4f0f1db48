"""What the user wrote: frozen pydantic models. This room does no I/O."""

from .base import Config, Identifier, Name, SecretName
from .connection import ConnectionConfig, Schemas, SslMode, TunnelConfig
from .model import ModelConfig, QualifiedName, split_qualified
from .partitions import Partition, PartitionsConfig
from .sync import AuditLevel, DeleteBehavior, DuplicateKeys, Engine, GuardConfig, Mode, SyncConfig

__all__ = [
    "AuditLevel",
    "Config",
    "ConnectionConfig",
    "DeleteBehavior",
    "DuplicateKeys",
    "Engine",
    "GuardConfig",
    "Identifier",
    "Mode",
    "ModelConfig",
    "Name",
    "Partition",
    "PartitionsConfig",
    "QualifiedName",
    "Schemas",
    "SecretName",
    "SslMode",
    "SyncConfig",
    "TunnelConfig",
    "split_qualified",
]
