"""How long `hightouch_audit` keeps what happened, where a sync does not say so itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from .audit import KeepConfig
from .base import Config
from .duration import Duration
from .keep import FOR_EVER, KeepFor

Kept = Literal["runs", "changelog", "statements"]
KEPT: tuple[Kept, ...] = ("runs", "changelog", "statements")
"""What is kept for a time of its own."""

Times = Mapping[Kept, dt.timedelta | None]
"""How long; None for ever."""

_ANY = TypeAdapter(KeepFor)


class RetentionConfig(Config):
    """How long the audit is kept; `audit: {keep: ..}` of a sync goes before it. -1: for ever."""

    runs: KeepFor = Field(
        default=dt.timedelta(days=400),
        description="Runs in `sync_runs`; the last one and the last that succeeded stay.",
    )
    changelog: KeepFor = Field(
        default=dt.timedelta(days=90),
        description="Rows of runs in `sync_changelog`, and what the planner knows of runs that "
        "have ended; rows that are refused now stay, back to the first attempt.",
    )
    statements: KeepFor = Field(
        default=dt.timedelta(days=14),
        description="What was sent, batch by batch, in `sync_batches` and `sync_statements`.",
    )
    at_most: Duration = Field(
        default=dt.timedelta(minutes=15),
        description="A pass over all databases stops after this time; the next one goes on.",
    )

    def times(
        self,
        asked: KeepConfig | Mapping[str, Any],
        idle: dt.timedelta | None = None,
    ) -> Times:
        """How long what is of a sync is kept.

        Args:
            asked: what the sync says: of the project, or as its last run wrote it down.
            idle: for how long the sync has not run, where the project has none of its name. It may
                be another project's: our times are not for it while it runs.
        """
        said = asked.model_dump() if isinstance(asked, KeepConfig) else asked
        return {kept: self._time(kept, _known(said.get(kept)), idle) for kept in KEPT}

    def _time(
        self, kept: Kept, asked: dt.timedelta | int | None, idle: dt.timedelta | None
    ) -> dt.timedelta | None:
        time = getattr(self, kept) if asked is None else asked
        if not isinstance(time, dt.timedelta):
            return None
        is_others = asked is None and idle is not None and idle <= time
        return None if is_others else time


def _known(said: Any) -> dt.timedelta | int | None:
    """A time, as it was written down; one that this version cannot read keeps for ever."""
    try:
        return said if said is None else _ANY.validate_python(said)
    except ValidationError:
        return FOR_EVER
