"""What the user wrote: frozen pydantic models. This room does no I/O."""

from .base import Config, Identifier, Name, SecretName
from .connection import ConnectionConfig, Schemas, SslMode, TunnelConfig
from .cursor import CursorConfig
from .engine import ENGINES, PLATFORM, Engine, Place, StateKind
from .model import ModelConfig, QualifiedName, split_qualified
from .partitions import Partition, PartitionsConfig
from .sync import AuditLevel, DeleteBehavior, DuplicateKeys, GuardConfig, Mode, SyncConfig

__all__ = [
    "ENGINES",
    "PLATFORM",
    "AuditLevel",
    "Config",
    "ConnectionConfig",
    "CursorConfig",
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
    "Place",
    "QualifiedName",
    "Schemas",
    "SecretName",
    "SslMode",
    "StateKind",
    "SyncConfig",
    "TunnelConfig",
    "split_qualified",
]
