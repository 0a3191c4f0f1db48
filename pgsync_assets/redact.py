"""Nothing secret is ever printed: how values that may carry a secret become text."""

from __future__ import annotations

from collections.abc import Iterable

REDACTED = "***"


def redact(text: str, secrets: Iterable[str]) -> str:
    """Replaces every secret in a text.

    Args:
        text: anything that is about to be shown.
        secrets: the values that must not appear; empty strings are passed over. Longer ones are
            replaced first, so that a secret inside another leaves no remains.

    Returns:
        The text with `***` where a secret stood.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return text
