"""What the batches of a run send, statement by statement, for whoever wants to look at it later.

Plain data: nothing is sent or stored from here. A statement is its text as it was sent, which has
no value of a row in it, as those travel by COPY; numbers of rows, of the plan, may be in it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import psycopg
from psycopg import sql

from ..connect import spoken
from ..errors import PgsyncError

Status = Literal["committed", "rolled_back", "unknown"]

KEPT_OF_BATCH = 1_000
KEPT_OF_RUN = 10_000
"""Statements that are kept; the others are counted. Batches in which something was refused have as
many again, so that those that went well before do not use up the room."""

_PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass(slots=True)
class Step:
    """A statement.

    Args:
        action: what it is for, in a word.
        text: as it was sent.
        first: it is about the rows `first < row <= last` of the plan.
        last: see `first`.
        began: in seconds of the monotonic clock.
        seconds: that it took.
        rows: as PostgreSQL counted them; None where it counts none.
        bytes: of rows that were sent with it; None for none.
        sqlstate: of its refusal.
        error: why it was refused, without values.
    """

    action: str
    text: bytes
    first: int
    last: int
    began: float
    seconds: float = 0.0
    rows: int | None = None
    bytes: int | None = None
    sqlstate: str | None = None
    error: str | None = None


@dataclass(slots=True)
class TracedBatch:
    """A transaction of the destination.

    Args:
        number: of the batch.
        first: it has the rows `first < row <= last` of the plan.
        last: see `first`.
        began: in seconds of the monotonic clock.
        seconds: that it took, with its COMMIT.
        rows: that travelled, removals among them.
        removals: of those.
        rejected: rows that were refused, those that never travelled among them.
        bytes: of rows that were sent, those that were sent again among them.
        status: rolled back until it is known better; unknown where the answer to COMMIT was lost.
        sqlstate: of the error that ended it, where it is PostgreSQL's.
        error: that ended it, without values.
        statements: how many were sent.
        steps: those of them that are kept, in their order.
    """

    number: int
    first: int
    last: int
    began: float
    seconds: float = 0.0
    rows: int = 0
    removals: int = 0
    rejected: int = 0
    bytes: int = 0
    status: Status = "rolled_back"
    sqlstate: str | None = None
    error: str | None = None
    statements: int = 0
    steps: list[Step] = field(default_factory=list)

    @property
    def is_plain(self) -> bool:
        """Whether nothing was refused in it."""
        return self.status == "committed" and not any(one.error for one in self.steps)


class Trace:
    """Takes note of what is sent.

    Args:
        told: is given each batch when it has ended, whatever its end; default: nobody.
    """

    def __init__(self, told: Callable[[TracedBatch], None] | None = None) -> None:
        self._told = told
        self._batch = TracedBatch(0, 0, 0, 0.0)
        self._last = Step("", b"", 0, 0, 0.0)
        self._range = (0, 0)
        self._left = {is_plain: KEPT_OF_RUN for is_plain in (True, False)}

    @contextmanager
    def batch(self, number: int, first: int, last: int) -> Iterator[None]:
        """A transaction, for the length of the block.

        Args:
            number: of the batch; 0: before the first.
            first: it has the rows `first < row <= last`.
            last: see `first`.
        """
        batch = self._batch = TracedBatch(number, first, last, time.monotonic())
        self._range = (first, last)
        try:
            yield
            batch.status = "committed"
        except BaseException as error:
            batch.sqlstate, batch.error = getattr(error, "sqlstate", None), _why(error)
            if self._last.action == "commit":
                batch.status, self._last.error = "unknown", batch.error
            raise
        finally:
            now = time.monotonic()
            batch.seconds = now - batch.began
            if self._last.action == "commit":
                self._last.seconds = now - self._last.began
            self._end(batch)

    @contextmanager
    def part(self, first: int, last: int) -> Iterator[None]:
        """What is sent in the block is about the rows `first < row <= last`."""
        whole, self._range = self._range, (first, last)
        try:
            yield
        finally:
            self._range = whole

    @contextmanager
    def step(self, action: str, text: bytes) -> Iterator[Step]:
        """A statement that is sent in the block, and answered.

        Args:
            action: what it is for, in a word.
            text: as it is sent.
        """
        step = self._step(action, text)
        try:
            yield step
        except Exception as error:
            step.sqlstate, step.error = getattr(error, "sqlstate", None), _why(error)
            raise
        finally:
            step.seconds = time.monotonic() - step.began
            self._batch.bytes += step.bytes or 0

    def travel(self, rows: int, removals: int) -> None:
        """So many rows of the batch travel, and so many of those are removals."""
        self._batch.rows, self._batch.removals = rows, removals

    def counted(self, rows: int) -> int:
        """What the last statement said in its answer: so many rows. Returns it."""
        self._last.rows = rows
        return rows

    def refused(self, reason: str) -> None:
        """Rows are refused for what the last statement said.

        Args:
            reason: without values.
        """
        self._last.error = reason

    def commit(self, rejected: int) -> None:
        """All of the batch is written; what is left is its COMMIT.

        Args:
            rejected: rows of it that were refused.
        """
        self._batch.rejected = rejected
        self._step("commit", b"COMMIT")

    def _step(self, action: str, text: bytes) -> Step:
        self._last = step = Step(action, text, *self._range, began=time.monotonic())
        self._batch.statements += 1
        if self._told is not None and len(self._batch.steps) < KEPT_OF_BATCH:
            self._batch.steps.append(step)
        return step

    def _end(self, batch: TracedBatch) -> None:
        self._last = Step("", b"", 0, 0, 0.0)
        if self._told is None:
            return
        left = self._left[batch.is_plain]
        del batch.steps[left:]
        self._left[batch.is_plain] = left - len(batch.steps)
        self._told(batch)


def shape(query: sql.Composable) -> bytes:
    """The text of a statement that has parameters: their names stand there, as in its file."""
    return _PARAMETER.sub(r":'\1'", query.as_string(None)).replace("%%", "%").encode()


def _why(error: BaseException) -> str:
    if isinstance(error, PgsyncError):
        return error.message
    return spoken(error) if isinstance(error, psycopg.Error) else type(error).__name__
