"""What the user wrote: frozen pydantic models. This room does no I/O."""

from .audit import AuditConfig, AuditLevel, KeepConfig, Shows
from .base import Config, Identifier, Name, SecretName
from .code_version import code_version
from .connection import ConnectionConfig, Schemas, SslMode
from .cursor import CursorConfig
from .dbt import DbtRef, DbtRelation
from .duration import Duration
from .engine import ENGINES, PLATFORM, Engine, Place, StateKind
from .extras import HooksConfig, StampsConfig
from .frame import FileConfig, FileFormat
from .freshness import FreshnessConfig
from .guard import GuardConfig, Limit, exceeds
from .history import HistoryConfig
from .keep import FOR_EVER, KeepFor
from .mode import DeleteBehavior, Mode, ModeTraits
from .model import ModelConfig, ResolvedModel, bases_of
from .model_kind import KINDS, MODEL_KINDS, KindTraits, ModelKind
from .models import placed, resolved_models
from .parameter import ParameterConfig
from .partition import Bucket, Interval, Partition, Slice, Values
from .partition_kind import PartitionKind, StaticKind
from .partitions import PartitionsConfig
from .preview import PreviewConfig
from .qualified_name import QualifiedName, qualified, split_qualified
from .retention import KEPT, Kept, RetentionConfig, Times
from .schedule import ScheduleConfig
from .sequence import OnError, SequenceStep, repeated
from .shared_tables import SharedTable, shared_tables
from .static_partitions import HashPartitions, ListPartitions, RangePartitions
from .sync import DuplicateKeys, SyncConfig
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
    "KEPT",
    "KINDS",
    "MODEL_KINDS",
    "PLACES",
    "PLATFORM",
    "AnyTunnel",
    "AuditConfig",
    "AuditLevel",
    "KeepConfig",
    "FOR_EVER",
    "KeepFor",
    "Kept",
    "Shows",
    "Bucket",
    "Config",
    "ConnectionConfig",
    "CursorConfig",
    "DbtRef",
    "DbtRelation",
    "DeleteBehavior",
    "DuplicateKeys",
    "Duration",
    "Engine",
    "FileConfig",
    "FileFormat",
    "FreshnessConfig",
    "GuardConfig",
    "HashPartitions",
    "HistoryConfig",
    "HooksConfig",
    "Identifier",
    "Interval",
    "KindTraits",
    "Limit",
    "ListPartitions",
    "Mode",
    "ModeTraits",
    "ModelConfig",
    "ModelKind",
    "Name",
    "OnError",
    "ParameterConfig",
    "Partition",
    "PartitionKind",
    "PartitionsConfig",
    "Place",
    "PreviewConfig",
    "QualifiedName",
    "RangePartitions",
    "ResolvedModel",
    "RetentionConfig",
    "ReverseTunnel",
    "ReverseTunnelConfig",
    "ReverseTunnelRef",
    "ScheduleConfig",
    "Schemas",
    "SecretName",
    "SequenceStep",
    "Slice",
    "SshServer",
    "SslMode",
    "StampsConfig",
    "StateKind",
    "StaticKind",
    "SharedTable",
    "SyncConfig",
    "TimeWindows",
    "Times",
    "bases_of",
    "code_version",
    "exceeds",
    "TunnelConfig",
    "UsedAs",
    "Uses",
    "ValueConfig",
    "Values",
    "is_static",
    "placed",
    "repeated",
    "resolved_models",
    "qualified",
    "shared_tables",
    "split_qualified",
    "uses_of",
]
