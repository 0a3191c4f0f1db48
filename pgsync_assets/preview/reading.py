"""The transaction of a preview: every statement has only the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg import sql

from ..sql import statement

Found = TypeVar("Found")
LEAST_MS = 50  # 0 would be for ever


class Reading:
    """A transaction at the source that has to end in time.

    Args:
        connection: in a read-only transaction.
        timeout_s: for all statements together, in seconds.
    """

    def __init__(self, connection: psycopg.Connection[Any], timeout_s: float) -> None:
        self.connection = connection
        self.notes: list[str] = []
        self.seconds: dict[str, float] = {}
        self._timeout_s = timeout_s
        self._end = time.monotonic() + timeout_s

    def attempt(self, what: str, do: Callable[[], Found], share: float = 1.0) -> Found | None:
        """Does something, or notes that there was no time for it.

        Args:
            what: for the note, as in `the key`.
            do: executes statements on the connection.
            share: of the time that is left, which it may take.

        Returns:
            What it returned; None where it was cut off.
        """
        begun = time.monotonic()
        left_ms = max(int((self._end - begun) * share * 1000), LEAST_MS)
        try:
            with self.connection.transaction():
                limit = {"statement_timeout": f"{left_ms}ms"}
                self.connection.execute(statement(__package__, "timeout.sql"), limit)
                return do()
        except psycopg.errors.QueryCanceled:
            self.notes.append(
                f"{what}: left out, as it was not there within {left_ms / 1000:.3g} s of the "
                f"{self._timeout_s:g} s for all"
            )
            return None
        finally:
            self.seconds[what] = time.monotonic() - begun

    def rows(self, query: sql.Composed) -> list[tuple[Any, ...]]:
        """Rows of one statement: by protocol it is one, wherever the model's SQL is executed."""
        return self.connection.execute(query, binary=True).fetchall()
