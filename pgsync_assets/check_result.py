"""One line of a check: a plain value that every face shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckState = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True)
class CheckResult:
    """One line of a check.

    Args:
        name: what was tried.
        state: `warning`: it works, but somebody should know; `skipped`: it was not tried.
        detail: what was found, or why it was not tried.
        remedy: what to do about it.
        seconds: how long it took.
    """

    name: str
    state: CheckState
    detail: str
    remedy: str | None = None
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Nobody has to act."""
        return self.state != "failed"
