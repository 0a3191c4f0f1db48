"""A sync: from a model to a destination table, and how."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, field_validator

from ..errors import ConfigurationError
from .base import Config, Identifier, Name
from .model import ModelConfig, QualifiedName
from .partition import Partition
from .partitions import PartitionsConfig

Engine = Literal["lightning"]
Mode = Literal["upsert"]
DeleteBehavior = Literal["do_nothing", "delete_row"]
AuditLevel = Literal["off", "failures_only", "keys", "full"]


class GuardConfig(Config):
    """What a plan may do before somebody has to look at it."""

    allow_empty_model: bool = Field(
        default=False, description="Go on when the model is empty and rows would be removed."
    )
    max_removed_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        default=50.0, description="Most rows that one run may remove, in percent of the state."
    )


class SyncConfig(Config):
    """One sync as written in YAML."""

    name: Name = Field(description="Name of the sync; its rows in the audit carry it.")
    source: Name = Field(description="Name of the connection that the model is read from.")
    model: ModelConfig = Field(description="What to send.")
    destination: Name = Field(description="Name of the connection that is written to.")
    table: QualifiedName = Field(description="The destination table, schema.table; it exists.")
    engine: Engine = Field(
        default="lightning", description="Where changes are found: in the source's own schemas."
    )
    mode: Mode = Field(
        default="upsert", description="Rows are inserted, or update the row with the same key."
    )
    delete: DeleteBehavior = Field(
        default="do_nothing",
        description="A row that left the model stays at the destination, or is deleted there.",
    )
    columns: dict[Identifier, Identifier] | tuple[Identifier, ...] | None = Field(
        default=None,
        description="model column: destination column. A list maps by name; "
        "default: every column of the model, by name.",
    )
    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=50_000, description="Rows per destination transaction."
    )
    sleep_ms: Annotated[int, Field(ge=0, le=600_000)] = Field(
        default=0, description="Pause between batches, in milliseconds."
    )
    max_rejected_rows: Annotated[int, Field(ge=0)] = Field(
        default=1_000, description="More refused rows than this stop the run."
    )
    audit: AuditLevel = Field(
        default="keys",
        description="What sync_changelog and sync_snapshot hold: nothing, refused rows, the key "
        "of every changed row, or its values too.",
    )
    guard: GuardConfig = Field(
        default=GuardConfig(), description="What a plan may do before somebody looks at it."
    )
    partitions: PartitionsConfig | None = Field(
        default=None, description="Slices of the model that run on their own; one of four kinds."
    )
    description: str | None = Field(default=None, description="Shown on the asset.")

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
