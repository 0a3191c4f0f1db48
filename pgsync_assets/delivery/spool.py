"""The rows of a delivery in a file of their own, numbered, until they are in.

One pass over what the user gave; then any range is read as often as a batch needs. The file has
no name: nobody else can open it, and a killed process leaves none. Memory holds the place of every
thousandth row, and the refused ones.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from bisect import bisect_right, insort
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any

import psycopg
from psycopg import sql

from ..connect import TEXT
from ..failpoints import failpoint
from ..write import Reject

STEP = 1000  # rows between two known places
BUFFER = 256 * 1024  # bytes, as in connect.pump
ADDED = b"a"  # operation of a staged row
_SPECIAL = re.compile(rb"[\\\t\n\r]")
_ESCAPES = {b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r"}


def field(text: bytes | None) -> bytes:
    """A value in the text format of COPY.

    Args:
        text: of the value; None for NULL.
    """
    if text is None:
        return b"\\N"
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text)


class Spool:
    """Rows as lines of COPY's text format, in a temporary file.

    Args:
        batch_size: most rows of a batch.
        batch_bytes: after this many, no further row of a batch.
    """

    form = TEXT

    def __init__(self, batch_size: int, batch_bytes: int) -> None:
        self._batch_size = batch_size
        self._batch_bytes = batch_bytes
        self._file = TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._places = array("Q")
        self._size = 0
        self._digest = hashlib.sha256()
        self._ends: list[int] = []
        self._in_batch = 0  # bytes
        self._numbers: list[int] = []
        self._refused: dict[int, Reject] = {}
        self.count = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def digest(self) -> str:
        """Of all rows, in their order."""
        return self._digest.hexdigest()

    @property
    def batch_ends(self) -> tuple[int, ...]:
        """Last row of each batch."""
        return (*self._ends, self.count) if self.count else ()

    @property
    def refusals(self) -> int:
        """Rows that never travel."""
        return len(self._numbers)

    def add(self, line: bytes) -> None:
        """Adds a row.

        Args:
            line: without its end.
        """
        if self.count % STEP == 0:
            self._places.append(self._size)
        line += b"\n"
        begun = self.count - (self._ends[-1] if self._ends else 0)
        if begun == self._batch_size or self._in_batch >= self._batch_bytes:
            self._ends.append(self.count)
            self._in_batch = 0
        self._file.write(line)
        self._digest.update(line)
        self._size += len(line)
        self._in_batch += len(line)
        self.count += 1

    def refuse(self, row: int, reason: str, column: str | None = None) -> None:
        """Lets a row stay here.

        Args:
            row: its number.
            reason: in our own words.
            column: that is to blame, if one is.
        """
        if row not in self._refused:
            insort(self._numbers, row)
            self._refused[row] = Reject(row, None, None, column, reason)

    def refused(self, first: int, last: int) -> list[Reject]:
        """Those of the rows `first < row <= last` that stay here, and why."""
        places = slice(bisect_right(self._numbers, first), bisect_right(self._numbers, last))
        return [self._refused[row] for row in self._numbers[places]]

    @contextmanager
    def opened(self) -> Iterator[Spool]:
        """Ready to be read: it always is."""
        yield self

    def lines(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Number and line, its end included, of the rows `first < row <= last` that travel."""
        if first >= last:
            return
        refused = {reject.plan_row for reject in self.refused(first, last)}
        begin = first // STEP
        self._file.seek(self._places[begin])
        rows = islice(self._file, first - begin * STEP, last - begin * STEP)
        for number, line in enumerate(rows, first + 1):
            if number not in refused:
                yield number, line

    def copy(
        self,
        first: int,
        last: int,
        stamps: tuple[str, ...],
        destination: psycopg.Connection[Any],
        into: sql.Composable,
        *,
        staged: bool,
    ) -> tuple[int, int]:
        """Copies rows, as `write.rows.Reader` says."""
        end = b"".join(b"\t" + field(stamp.encode()) for stamp in stamps) + b"\n"

        def stamped() -> Iterator[bytes]:
            for number, line in self.lines(first, last):
                head = b"%d\t%s\t" % (number, ADDED) if staged else b""
                yield head + (line[:-1] + end if stamps else line)

        return send(stamped(), destination, into)

    def ahead(self, first: int, last: int, *, staged: bool) -> None:
        """The file is here."""


def send(
    lines: Iterator[bytes], destination: psycopg.Connection[Any], into: sql.Composable
) -> tuple[int, int]:
    """Copies lines into a relation.

    Args:
        lines: of COPY's text format, with their ends.
        destination: a transaction.
        into: relation and column list.

    Returns:
        Rows that the destination counted, and bytes sent.
    """
    sent = 0
    buffer = bytearray()
    with destination.cursor() as cursor:
        with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(into)) as copy:
            for line in lines:
                buffer += line
                if len(buffer) >= BUFFER:
                    copy.write(bytes(buffer))
                    sent += len(buffer)
                    buffer.clear()
                    failpoint("chunk sent")
            copy.write(bytes(buffer))
            failpoint("chunk sent")
        return cursor.rowcount, sent + len(buffer)
