"""What a plan may do before somebody has to look at it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StrictInt, StrictStr

from .base import Config

_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,4})?) ?%")
HALF = "50%"


def _rows_or_percent(value: int | str) -> int | str:
    is_fine = bool(_PERCENT.fullmatch(value)) if isinstance(value, str) else value >= 0
    if not is_fine:
        raise ValueError("should be a number of rows, as in 100, or a share of them, as in 10%")
    return value


Limit = Annotated[StrictInt | StrictStr, AfterValidator(_rows_or_percent)]
"""Rows (`100`), or percent of the rows that the state has (`10%`)."""


def exceeds(count: int, limit: Limit | None, of: int) -> bool:
    """Whether a number of rows is above a limit.

    Args:
        count: the rows.
        limit: at most so many; None: any number.
        of: rows that a percentage is of. Of none, no percentage is exceeded.
    """
    if limit is None:
        return False
    if isinstance(limit, int):
        return count > limit
    share = _PERCENT.fullmatch(limit)
    return bool(of and share and 100 * count > float(share[1]) * of)


class GuardConfig(Config):
    """What a plan may do before somebody has to look at it. Rows (`100`) or percent (`10%`)."""

    allow_empty_model: bool | None = Field(
        default=None,
        description="Go on when the model is empty and the state has rows. Default: not where the "
        "sync deletes; elsewhere nothing is lost.",
    )
    max_removed: Limit | None = Field(
        default=None,
        description="Most rows that one run may remove. Default: `50%` where the sync deletes; "
        "elsewhere removed rows stay at the destination, and any number may.",
    )
    max_changed: Limit | None = Field(
        default=None,
        description="Most rows that one run may change; a full resync that was asked for may "
        "send any number. Default: any number.",
    )
    max_added: Limit | None = Field(
        default=None, description="Most rows that one run may add. Default: any number."
    )

    def resolved(self, *, deletes: bool) -> GuardConfig:
        """With the defaults for a sync that deletes, or does not.

        Args:
            deletes: whether rows that leave the model leave the destination.
        """
        defaults = {"allow_empty_model": False, "max_removed": HALF} if deletes else {}
        missing = {name for name in defaults if getattr(self, name) is None}
        return self.model_copy(update={name: defaults[name] for name in missing})
