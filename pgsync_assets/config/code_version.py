"""A short fingerprint of what is sent, so that the UI marks what changed since the last run.

Only what decides which values a run would send, and where to, is part of it: an asset whose owner
or batch size is another one now is as much in step as before.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .model import ModelConfig
from .sync import SyncConfig

SENT = frozenset(
    {
        *("source", "model", "destination", "table", "drift", "mode", "delete", "deleted_column"),
        *("columns", "values", "lossy", "on_duplicate_key", "cursor", "partitions", "hooks"),
        "stamps",
    }
)
"""Fields of a sync that decide what a run would send, or what it does at the destination."""

NOT_SENT = frozenset(
    {
        *("name", "create_table", "engine", "state", "audit"),  # where, and how much, is kept
        *("batch_size", "batch_bytes", "sleep_ms", "statement_timeout_s", "lock_timeout_s"),
        *("max_row_bytes", "max_rejected_rows", "retry_rejected", "guard"),  # what is let through
        *("schedule", "freshness", "description", "tags", "owners", "group"),
    }
)
"""Every other one; a test asks of a new field to which of both it belongs."""

ASKED_BESIDE = frozenset({"source", "key"})
"""Fields of a model that decide what it is, beside those that say which rows it has."""

NOT_ASKED = frozenset(
    {
        *("name", "ref", "depends_on", "description", "column_descriptions"),
        *("tags", "owners", "group", "preview"),
    }
)
"""Fields of a model that decide nothing about its rows."""


def code_version(config: ModelConfig | SyncConfig) -> str:
    """Fingerprint of a model or a sync: 12 hexadecimal digits.

    Args:
        config: what the user wrote; comments, order and defaults make no difference.
    """
    decides = _of_sync(config) if isinstance(config, SyncConfig) else _of_model(config)
    text = json.dumps(decides, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _of_sync(sync: SyncConfig) -> dict[str, Any]:
    written = sync.model_dump(mode="json", include=set(SENT - {"model"}), exclude_defaults=True)
    resolved = {"delete": sync.delete_behavior, "columns": sync.explicit_mapping}
    return written | resolved | {"model": _of_model(sync.model)}


def _of_model(model: ModelConfig) -> dict[str, Any]:
    beside = model.model_dump(mode="json", include=set(ASKED_BESIDE), exclude_defaults=True)
    return beside | {"asked": model.asked}
