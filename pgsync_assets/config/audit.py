"""What is written down of a sync's rows, who may see it, and how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from .base import Config, Identifier, SecretName, ShortConfig
from .keep import KeepFor

AuditLevel = Literal["off", "failures_only", "keys", "full"]
Shows = Literal["include", "hash", "omit"]


class KeepConfig(Config):
    """How long the audit keeps what it has of one sync; -1 for ever."""

    runs: KeepFor | None = Field(
        default=None, description="Runs in `sync_runs`; default: that of the maintenance."
    )
    changelog: KeepFor | None = Field(
        default=None,
        description="Rows of runs in `sync_changelog`; default: that of the maintenance.",
    )
    statements: KeepFor | None = Field(
        default=None,
        description="What was sent, batch by batch, in `sync_batches` and `sync_statements`; "
        "default: that of the maintenance.",
    )


class AuditConfig(ShortConfig):
    """What `hightouch_audit` holds of a sync. The level alone may be written in its place."""

    level: AuditLevel = Field(
        default="keys",
        description="What sync_changelog and sync_snapshot hold: nothing, refused rows, the key "
        "of every changed row, or its values too.",
    )
    values: dict[Identifier, Shows] = Field(
        default={},
        description="column of the model: how its values are written down. As they are (`include`, "
        "the default; only level `full` holds any but those of the key), as a keyed hash (`hash`), "
        "or not at all (`omit`; not for a column of the key, which names the row).",
    )
    hash_key: SecretName | None = Field(
        default=None,
        description="$NAME of the variable with the key of the hash (HMAC-SHA-256): who does not "
        "have it cannot try values out. Required where a column is hashed.",
    )
    server_detail: bool = Field(
        default=False,
        description="A reason of a refused row ends with what the server said of its values "
        "(DETAIL), too. Only with level `full`, and no column hashed or omitted.",
    )
    keep: KeepConfig = Field(default=KeepConfig(), description="How long; see keep below.")

    @model_validator(mode="after")
    def _kept_from_whom(self) -> AuditConfig:
        hashed = [name for name, how in self.values.items() if how == "hash"]
        if hashed and self.hash_key is None:
            raise ValueError(
                f"values: {', '.join(hashed)}: a hash needs a key; name its variable as "
                "hash_key: $NAME, and make one with: openssl rand -hex 32"
            )
        hidden = [name for name, how in self.values.items() if how != "include"]
        if self.server_detail and (hidden or self.level != "full"):
            raise ValueError(
                "server_detail: what the server says of a row holds values of any column; it is "
                "for level full with every column included"
                + (f", and these are not: {', '.join(hidden)}" if hidden else "")
            )
        return self

    @property
    def omitted(self) -> list[str]:
        """Columns whose values are not written down."""
        return [name for name, how in self.values.items() if how == "omit"]

    @model_validator(mode="before")
    @classmethod
    def _short(cls, written: Any) -> Any:
        if isinstance(written, str):
            return {"level": written}
        return dict(written) if isinstance(written, Mapping) else written
