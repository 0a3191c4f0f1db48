"""A sync: from a model to a destination table, and how."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import ByteSize, Field, SerializeAsAny, field_validator, model_validator

from ..errors import ConfigurationError
from .audit import AuditConfig
from .base import Bytes, Config, Identifier, Name, Seconds
from .cursor import CursorConfig
from .engine import ENGINES, Engine, EngineTraits, StateKind
from .extras import HooksConfig, StampsConfig
from .freshness import FreshnessConfig
from .guard import GuardConfig, Limit
from .labels import Group, Owners, Tags
from .mode import MODES, DeleteBehavior, Mode, ModeTraits
from .model import ModelConfig
from .partition import Partition
from .partitions import PartitionsConfig
from .qualified_name import QualifiedName
from .schedule import ScheduleConfig
from .values import ValueConfig

DuplicateKeys = Literal["reject", "fail"]
Drift = Literal["fail", "add_columns", "ignore"]

MOST_ROW_BYTES = 480 * 2**20
"""bytea doubles as text, and PostgreSQL makes nothing of 1 GiB in one piece (MaxAllocSize)."""


class SyncConfig(Config):
    """One sync as written in YAML."""

    name: Name = Field(description="Name of the sync; its rows in the audit carry it.")
    source: Name = Field(
        default="",
        description="Name of the connection that the model is read from. Required, but for a model "
        "of `models:`, which has its own, and one that is loaded (`asset`, `python`, `file`).",
    )
    model: SerializeAsAny[ModelConfig] = Field(
        description="What to send; or the name of a model of `models:`."
    )
    destination: Name = Field(description="Name of the connection that is written to.")
    table: QualifiedName = Field(description="The destination table, schema.table.")
    create_table: bool = Field(
        default=False,
        description="Create the table, and its schema, where it is missing: columns and types of "
        "the model, its key as primary key. A table that is there is never changed by this.",
    )
    drift: Drift = Field(
        default="fail",
        description="What happens where the model has a column that the table does not have: the "
        "run fails, the column is added to the table (`add_columns`), or it is not sent "
        "(`ignore`).",
    )
    engine: Engine = Field(
        default="lightning",
        description="Where changes are found and what was sent is kept: in schemas of ours at the "
        "source (lightning), or on the platform's PostgreSQL (standard: the source is only read). "
        "Change it at any time, in either direction: nothing is sent again. A model that is loaded "
        "(`asset`, `python`, `file`) always has standard.",
    )
    state: StateKind | None = Field(
        default=None,
        description="What is kept of each row: its columns in full (`rows`, the default of "
        "lightning), or its key and a digest (`digest`, a third of the space; always in standard).",
    )
    mode: Mode = Field(
        default="upsert",
        description="Rows are inserted, or update the row with the same key (`upsert`); are only "
        "inserted, each key once (`insert`); only update rows that are there (`update`); or "
        "`upsert`, and what left the model is deleted (`mirror`).",
    )
    delete: DeleteBehavior | None = Field(
        default=None,
        description="A row that left the model stays at the destination (`do_nothing`, the "
        "default), is deleted there (`delete_row`, always in mode mirror), is marked in "
        "`deleted_column` until it returns (`soft_delete`), or has its mapped columns set to NULL "
        "but those of the key (`clear_fields`).",
    )
    deleted_column: Identifier | None = Field(
        default=None,
        description="For `soft_delete`: a timestamp, which gets the time of the removal, or a "
        "boolean, which becomes true. A row that returns gets NULL, or false.",
    )
    columns: dict[Identifier, Identifier] | tuple[Identifier, ...] | None = Field(
        default=None,
        description="model column: destination column. A list maps by name; "
        "default: every column of the model, by name.",
    )
    values: dict[Identifier, ValueConfig] = Field(
        default={},
        description="destination column: what it gets beside the mapped columns, computed at the "
        "source; see values below.",
    )
    lossy: tuple[Identifier, ...] = Field(
        default=(),
        description="Columns of the model that may be rounded or cut: they are cast to the type of "
        "their destination column at the source. Any other column that might not arrive exactly "
        "is refused.",
    )
    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=50_000, description="Most rows of a destination transaction."
    )
    batch_bytes: Bytes = Field(
        default=ByteSize(128 * 2**20),
        description="Most bytes of rows in a destination transaction, as in `64MiB`; wide rows "
        "then travel in smaller batches. A single row may be larger.",
    )
    max_row_bytes: Annotated[Bytes, Field(le=MOST_ROW_BYTES)] = Field(
        default=ByteSize(64 * 2**20),
        description="A row of more bytes is refused before it is sent, by itself: texts and bytea "
        "are measured as they are, anything else as text. At most `480MiB`: as text, PostgreSQL "
        "makes no row of 1 GiB.",
    )
    statement_timeout_s: Seconds | None = Field(
        default=None,
        description="Longest time of one statement of a batch at the destination, in seconds; "
        "default: none.",
    )
    lock_timeout_s: Seconds | None = Field(
        default=None,
        description="Longest wait of a batch for a lock at the destination, in seconds; default: "
        "that of the connection. Then the run begins again behind the last batch that is in.",
    )
    sleep_ms: Annotated[int, Field(ge=0, le=600_000)] = Field(
        default=0, description="Pause between batches, in milliseconds."
    )
    max_rejected_rows: Limit = Field(
        default=1_000,
        description="More refused rows than this stop the run; a share (`1%`) is one of the rows "
        "that the run sends. What is in by then stays.",
    )
    retry_rejected: bool = Field(
        default=True,
        description="Rows that the destination refused are tried again by the next run; or "
        "(`false`) they are parked, whatever becomes of their values, until `pgsync-assets "
        "rejected SYNC --retry` releases them. Every run says how many there are.",
    )
    on_duplicate_key: DuplicateKeys = Field(
        default="reject",
        description="Rows of the model whose key occurs more than once, or is NULL: they are "
        "rejected one by one and the others go on, or the run fails before its first write.",
    )
    audit: AuditConfig = Field(
        default=AuditConfig(),
        description="What is written down of its rows: `off`, `failures_only`, `keys` or `full`; "
        "or a mapping with that as its level. See audit below.",
    )
    guard: GuardConfig = Field(
        default=GuardConfig(), description="What a plan may do before somebody looks at it."
    )
    cursor: CursorConfig | None = Field(
        default=None,
        description="Compare only rows past a cursor between full comparisons; default: the whole "
        "model at every run.",
    )
    partitions: PartitionsConfig | None = Field(
        default=None, description="Slices of the model that run on their own; one of four kinds."
    )
    hooks: HooksConfig = Field(
        default=HooksConfig(),
        description="Statements that run at the destination before the first and after the last "
        "batch of a run that has something to write.",
    )
    stamps: StampsConfig = Field(
        default=StampsConfig(),
        description="Columns of the table that say when and by which run a row was written.",
    )
    schedule: ScheduleConfig | None = Field(
        default=None,
        description="When it runs by itself; default: when somebody, or something else, starts it.",
    )
    freshness: FreshnessConfig | None = Field(
        default=None, description="How long ago its last success may be."
    )
    description: str | None = Field(default=None, description="Shown on the asset.")
    tags: Tags = {}
    owners: Owners = ()
    group: Group | None = Field(
        default=None,
        description="Group of the destination's asset; default: the name of its connection.",
    )

    @field_validator("columns")
    @classmethod
    def _mapped_once(
        cls, value: dict[str, str] | tuple[str, ...] | None
    ) -> dict[str, str] | tuple[str, ...] | None:
        targets = list(value.values()) if isinstance(value, dict) else list(value or ())
        repeated = sorted({name for name in targets if targets.count(name) > 1})
        if repeated:
            raise ValueError(f"mapped more than once: {', '.join(repeated)}")
        if value is not None and not targets:
            raise ValueError("columns is empty; leave it out to map every column by name")
        return value

    @model_validator(mode="after")
    def _has_source(self) -> SyncConfig:
        if not self.source and self.model.traits.has_source:
            raise ValueError("source is missing: the connection that the model is read from")
        if self.model.source is not None and self.model.source != self.source:
            raise ValueError("model.source: name it as the source of the sync")
        return self

    @model_validator(mode="after")
    def _values_beside_columns(self) -> SyncConfig:
        by_name = dict(zip(self.model.key, self.model.key, strict=True))
        taken = {*(self.explicit_mapping or by_name).values(), self.deleted_column}
        if both := sorted(self.values.keys() & taken):
            raise ValueError(f"values: something else goes to {', '.join(both)} already")
        if keys := [name for name in self.lossy if name in self.model.key]:
            raise ValueError(
                f"lossy: {', '.join(keys)}: two keys could become one; cast the key in the model"
            )
        return self

    @model_validator(mode="after")
    def _rows_have_names(self) -> SyncConfig:
        if keys := [name for name in self.audit.omitted if name in self.model.key]:
            raise ValueError(
                f"audit: values: {', '.join(keys)} is of the key, which names a row: write hash "
                "in place of omit"
            )
        return self

    @model_validator(mode="after")
    def _state_of_engine(self) -> SyncConfig:
        if self.state is not None and self.state not in self.traits.holds:
            raise ValueError(
                f"state: {self.state} is not kept by engine {self.engine}; "
                f"it keeps {' or '.join(self.traits.holds)}"
            )
        return self

    @model_validator(mode="after")
    def _delete_of_mode(self) -> SyncConfig:
        allowed = self.mode_traits.deletes
        if self.delete is not None and self.delete not in allowed:
            raise ValueError(
                f"delete: {self.delete} is not for mode {self.mode}, which has {', '.join(allowed)}"
            )
        if (self.delete == "soft_delete") != (self.deleted_column is not None):
            raise ValueError("delete: soft_delete and deleted_column belong together")
        if self.deleted_column in (self.explicit_mapping or {}).values():
            raise ValueError(
                f"deleted_column: a column of the model is mapped to {self.deleted_column} too"
            )
        return self

    @model_validator(mode="after")
    def _cursor_of_one_state(self) -> SyncConfig:
        if self.cursor and self.partitions and not self.partitions_run_at_once:
            raise ValueError(
                "cursor: partitions that are no function of the key share one state, and with it "
                "one cursor; leave one of both out"
            )
        return self

    @property
    def traits(self) -> EngineTraits:
        """What its engine means."""
        return ENGINES[self.engine]

    @property
    def mode_traits(self) -> ModeTraits:
        """What its mode means."""
        return MODES[self.mode]

    @property
    def delete_behavior(self) -> DeleteBehavior:
        """What happens at the destination to a row that left the model."""
        return self.delete or self.mode_traits.deletes[0]

    @property
    def deletes(self) -> bool:
        """Whether something happens at the destination to a row that left the model."""
        return self.delete_behavior != "do_nothing"

    @property
    def holds(self) -> StateKind:
        """What its state holds of a row."""
        return self.state or self.traits.holds[0]

    @property
    def model_name(self) -> str:
        """Name of the model: its own, or the sync's."""
        return self.model.name or self.name

    @property
    def explicit_mapping(self) -> dict[str, str] | None:
        """Model column -> destination column as written, or None where all map by name."""
        if self.columns is None or isinstance(self.columns, dict):
            return self.columns
        return {name: name for name in self.columns}

    @property
    def partitions_run_at_once(self) -> bool:
        """Whether partitions may run side by side: the matching key alone decides on them.

        Else a row could move while both of its partitions run; they take turns.
        """
        return self.partitions is not None and self.partitions.is_of_key(self.model.key)

    def all_partitions(self, until: dt.datetime) -> list[Partition]:
        """All partitions, in their order; empty for a sync without.

        Args:
            until: now, with its time zone; windows that begin later are not there yet.
        """
        if self.partitions is None:
            return []
        return list(self.partitions.partitions(self.model.key, until))

    def partition_named(self, name: str) -> Partition:
        """One partition.

        Args:
            name: Dagster's partition key.

        Raises:
            ConfigurationError: the sync has no partitions, or none of this name.
        """
        if self.partitions is None:
            raise ConfigurationError(
                f"the sync {self.name!r} has no partitions", "leave --partition out"
            )
        return self.partitions.partition_named(self.model.key, name)
