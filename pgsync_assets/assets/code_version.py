"""A short fingerprint of configuration, so that the UI marks what changed since the last run."""

from __future__ import annotations

import hashlib
import json

from ..config import Config


def code_version(config: Config) -> str:
    """Fingerprint of a model or a sync: 12 hexadecimal digits.

    Args:
        config: what the user wrote; comments, order and defaults make no difference.
    """
    text = json.dumps(config.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
