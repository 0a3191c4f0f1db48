"""The lines of a check: what is tried, how long it takes, what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from ..check_result import CheckResult, CheckState
from ..connect import PAUSES_S, tried
from ..errors import PgsyncError, TransientError

Result = TypeVar("Result")
PAUSES_OF_A_TEST_S = PAUSES_S[:2]
"""Three tries: enough for a database that was asleep, and a person waits."""
ORDINALS = ("1st", "2nd", "3rd")


@dataclass(frozen=True)
class Found:
    """What came of a try that did not fail.

    Args:
        detail: what was found.
        state: `ok`, or what it is instead.
        remedy: what to do about it.
    """

    detail: str
    state: CheckState = "ok"
    remedy: str | None = None


Attempt = Callable[[], str | Found]
"""Something to try; a text means that it is fine. Raises an error of ours where it fails."""


class Lines:
    """Collects lines, in the order in which they are tried."""

    def __init__(self) -> None:
        self.results: list[CheckResult] = []

    def tried(self, name: str, attempt: Attempt) -> bool:
        """Adds a line: what the attempt says, or the error that it raised.

        Args:
            name: what is tried.
            attempt: tries it.

        Returns:
            Whether what depends on it can be tried.
        """
        began = time.monotonic()
        try:
            said = attempt()
            found = said if isinstance(said, Found) else Found(said)
        except PgsyncError as error:
            found = Found(error.message, "failed", error.remedy)
        seconds = round(time.monotonic() - began, 3)
        self.results.append(CheckResult(name, found.state, found.detail, found.remedy, seconds))
        return found.state != "failed"

    def skipped(self, names: str | tuple[str, ...], why: str) -> None:
        """Adds lines for what is not tried.

        Args:
            names: of the lines.
            why: as a sentence.
        """
        for name in (names,) if isinstance(names, str) else names:
            self.results.append(CheckResult(name, "skipped", why))


class Patience:
    """Tries again what may pass, and remembers what it took: a database may have been asleep."""

    def __init__(self) -> None:
        self._failures: list[str] = []

    def tried(self, once: Callable[[], Result]) -> Result:
        """Does it, up to three times.

        Args:
            once: what to do.

        Raises:
            TransientError: with the number of tries, where the last one failed, too.
            PgsyncError: what another try would not change, at once.
        """
        began = started = time.monotonic()

        def failed(error: TransientError) -> None:
            which = ORDINALS[len(self._failures)]
            took = f"{time.monotonic() - started:.1f} s"
            self._failures.append(f"the {which} took {took}: {error.message}")

        def timed() -> Result:
            nonlocal started
            started = time.monotonic()
            return once()

        try:
            return tried(timed, PAUSES_OF_A_TEST_S, failed)
        except TransientError as error:
            tries, took = len(self._failures) + 1, time.monotonic() - began
            error.message = f"{tries} attempts in {took:.1f} s: {error.message}"
            raise

    def told(self, found: Found) -> Found:
        """What was found, with what it took to get there.

        Args:
            found: by the try that did not fail.
        """
        if not self._failures or found.state == "failed":
            return found
        tries = ORDINALS[len(self._failures)]
        return replace(
            found,
            state="warning",
            detail=f"{found.detail}; {tries} attempt: {'; '.join(self._failures)}",
            remedy=found.remedy or "if it was asleep: a longer connect_timeout_s lets it wake up",
        )
