"""Syncs that run one step after the other, and what a failure means for the steps after it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from .base import Name, ShortConfig

OnError = Literal["stop", "continue"]


class SequenceStep(ShortConfig):
    """One or several syncs, which run side by side. Written short, the name of one sync."""

    syncs: tuple[Name, ...] = Field(
        min_length=1, description="Names of syncs; several run at the same time."
    )
    on_error: OnError = Field(
        default="stop",
        description="When one of these syncs fails: `stop` the sequence, or `continue` with the "
        "next step. The others of the same step are not interrupted.",
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"syncs": [value]} if isinstance(value, str) else value


Steps = Annotated[tuple[SequenceStep, ...], Field(min_length=1)]
"""The steps of a sequence, in their order."""


def repeated(steps: tuple[SequenceStep, ...]) -> list[str]:
    """Names of syncs that stand more than once in a sequence.

    Args:
        steps: of the sequence.
    """
    names = [name for step in steps for name in step.syncs]
    return sorted({name for name in names if names.count(name) > 1})
