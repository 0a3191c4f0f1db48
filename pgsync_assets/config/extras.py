"""What a sync does at the destination beside writing rows: statements of its owner, and stamps."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from .base import Config, Identifier

Statement = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class HooksConfig(Config):
    """Statements that run at the destination, each list in a transaction of its own."""

    before: tuple[Statement, ...] = Field(
        default=(), description="Before the first batch of a run that has something to write."
    )
    after: tuple[Statement, ...] = Field(default=(), description="After its last batch.")


class StampsConfig(Config):
    """Columns of the destination that say of each row when and by which run it was written."""

    synced_at: Identifier | None = Field(
        default=None, description="A timestamp: the time of the batch, by the destination's clock."
    )
    run_id: Identifier | None = Field(
        default=None, description="A number or a text: the run, as in `sync_runs`."
    )
