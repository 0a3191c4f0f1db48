"""A certificate's fingerprint, as people copy it from one place to another."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_HEX = re.compile(r"[0-9a-f]{64}|(?:[0-9a-f]{2}:){31}[0-9a-f]{2}")


def fingerprint(text: str) -> str:
    """The SHA-256 of a certificate as 64 digits of hex in small letters.

    Args:
        text: with or without colons, in any case, with or without `SHA256:` in front.

    Raises:
        ValueError: it is something else.
    """
    found = text.strip().lower().removeprefix("sha256:")
    if not _HEX.fullmatch(found):
        raise ValueError(
            "should be a SHA-256 fingerprint, 64 digits of hex with or without colons; "
            "`pgsync-assets certificate NAME` shows it"
        )
    return found.replace(":", "")


Fingerprint = Annotated[str, AfterValidator(fingerprint)]
"""SHA-256 of a certificate."""
