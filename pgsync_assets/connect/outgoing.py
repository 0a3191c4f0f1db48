"""Rows that a server sends (COPY TO STDOUT), asked for when they are needed, or before.

Reading uses libpq's own calls (`psycopg.pq`), which cost 0.3 us a row; psycopg's `Copy.read` costs
2 us, and a million rows took 1.3 times as long with it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any

import psycopg
from psycopg import pq, sql

from ..errors import UnexpectedError
from .copy_format import Format
from .failures import translated
from .server import UNKNOWN_BYTES
from .watch import CANCEL_S

Buffer = bytes | memoryview
BUFFER = 256 * 1024  # bytes; larger ones gain nothing (measured), smaller ones cost system calls

_ENCODING = "SELECT pg_catalog.set_config('client_encoding', {}, true);"
_UNDONE = b"ROLLBACK TO SAVEPOINT pgsync_rows; RELEASE SAVEPOINT pgsync_rows"


class Outgoing:
    """A query whose rows another server receives.

    It has a savepoint: where the other one refuses midway, reading is given up, and the transaction
    goes on. Savepoint, COPY and release are one message.

    Args:
        source: in a transaction with pinned settings; nothing else is asked there meanwhile.
        query: the rows.
        form: how the rows are spelled on their way.
        reading: what the query reads, for messages.
        expected: rows that the query has to have.
    """

    def __init__(
        self,
        source: psycopg.Connection[Any],
        query: sql.Composable,
        form: Format,
        reading: str = "the plan",
        expected: int | None = None,
    ) -> None:
        self._source = source
        self._reading = reading
        self._expected = expected
        self._is_asked = False
        parts = sql.SQL("SAVEPOINT pgsync_rows; {} COPY ({}) TO STDOUT{}; {} {}").format(
            self._as(UNKNOWN_BYTES),
            query,
            form.option,
            self._as("UTF8"),
            sql.SQL("RELEASE SAVEPOINT pgsync_rows"),
        )
        self._message = parts.as_bytes(source)

    def _as(self, encoding: str) -> sql.Composable:
        """A database in SQL_ASCII does not know what its bytes mean: who receives them judges.

        Its server would check them against our UTF8, and one row stop the whole COPY; the other
        server says which row it is. No value becomes a Python object meanwhile.
        """
        if self._source.info.parameter_status("server_encoding") != UNKNOWN_BYTES:
            return sql.SQL("")
        return sql.SQL(_ENCODING).format(sql.Literal(encoding))

    def ask(self) -> None:
        """Lets the server begin, unless it has. What the sockets hold comes by itself.

        Raises:
            PgsyncError: it cannot be asked.
        """
        if self._is_asked:
            return
        with translated(f"reading {self._reading}", self._source):
            self._source.pgconn.send_query(self._message)
            _flush(self._source.pgconn)
        self._is_asked = True

    def chunks(self) -> Generator[tuple[Buffer, int], None, None]:
        """The rows, in pieces of about BUFFER bytes; messages so far with each.

        Raises:
            PgsyncError: what went wrong there.
            UnexpectedError: other than `expected` rows came.
        """
        self.ask()
        pgconn = self._source.pgconn
        with translated(f"reading {self._reading}", self._source):
            try:
                _result(pgconn, pq.ExecStatus.COPY_OUT)
                yield from _copied(pgconn)
                sent = _result(pgconn, pq.ExecStatus.COMMAND_OK).command_tuples
                _rest(pgconn)
                self._is_asked = False
            except psycopg.Error:
                self._undo()
                raise
        if self._expected is not None and sent != self._expected:
            raise UnexpectedError(
                f"reading {self._reading}: {sent} rows came, {self._expected} were planned",
                "nothing of this batch was written; please report it",
            )

    def close(self) -> None:
        """Ends it, wherever it is: nobody wants its rows any more."""
        if self._is_asked:
            with suppress(psycopg.Error):  # who does not hear of it is read to the end, or cut
                self._source.cancel_safe(timeout=CANCEL_S)
            with translated(f"reading {self._reading}", self._source):
                self._undo()

    def _undo(self) -> None:
        """The transaction as it was before."""
        self._is_asked = False
        pgconn = self._source.pgconn
        with suppress(psycopg.Error):  # the session is lost: what is told is how it was
            _drain(pgconn)
            if pgconn.transaction_status == pq.TransactionStatus.INERROR:
                pgconn.send_query(_UNDONE)
                _rest(pgconn)


class Ahead:
    """Rows that were asked for before they are needed: those of one query, or of none."""

    def __init__(self) -> None:
        self._rows: Outgoing | None = None
        self._which: object = None

    def ask(self, which: object, rows: Outgoing) -> None:
        """Lets them set out.

        Args:
            which: what tells them from other rows.
            rows: they.
        """
        self._rows, self._which = rows, which
        rows.ask()

    def take(self, which: object) -> Outgoing | None:
        """The rows that are asked for, if it is these; others are given up.

        Args:
            which: as it was asked.
        """
        if self._which != which:
            self.close()
        rows, self._rows = self._rows, None
        return rows

    def close(self) -> None:
        """Nobody wants them any more."""
        rows, self._rows = self._rows, None
        if rows is not None:
            rows.close()


def _copied(pgconn: pq.abc.PGconn) -> Generator[tuple[Buffer, int], None, None]:
    buffer = bytearray()
    messages = 0
    while True:
        size, row = pgconn.get_copy_data(1)
        if size > 0:
            if size >= BUFFER:  # handed on as it is: two more copies of 100 MB are 200 MB
                if buffer:
                    yield bytes(buffer), messages
                    buffer.clear()
                messages += 1  # PostgreSQL sends one for each row
                yield row, messages
                continue
            messages += 1
            buffer += row
            if len(buffer) >= BUFFER:
                yield bytes(buffer), messages
                buffer.clear()
        elif size == 0:
            _await(pgconn)
        else:
            break
    if buffer:
        yield bytes(buffer), messages


def _result(pgconn: pq.abc.PGconn, status: pq.ExecStatus) -> pq.abc.PGresult:
    """The next result of a status."""
    while (result := _answer(pgconn)) is not None:
        _check(result)
        if result.status == status:
            return result
    raise psycopg.OperationalError("the COPY was not answered")


def _rest(pgconn: pq.abc.PGconn) -> None:
    while (result := _answer(pgconn)) is not None:
        _check(result)


def _check(result: pq.abc.PGresult) -> None:
    if result.status == pq.ExecStatus.FATAL_ERROR:
        raise psycopg.errors.error_from_result(result)


def _drain(pgconn: pq.abc.PGconn) -> None:
    while (result := _answer(pgconn)) is not None:
        if result.status == pq.ExecStatus.COPY_OUT:
            for _ in _copied(pgconn):
                pass


def _answer(pgconn: pq.abc.PGconn) -> pq.abc.PGresult | None:
    """The next result. libpq is asked only when it is there: it would wait holding Python's lock,
    and the threads of a tunnel in this process could not bring the answer."""
    _flush(pgconn)
    while pgconn.is_busy():
        _await(pgconn)
    return pgconn.get_result()


def _flush(pgconn: pq.abc.PGconn) -> None:
    while pgconn.flush():
        _await(pgconn, EVENT_READ | EVENT_WRITE)


def _await(pgconn: pq.abc.PGconn, events: int = EVENT_READ) -> None:
    # Not select(): it cannot watch a socket whose number is 1024 or more.
    with DefaultSelector() as selector:
        selector.register(pgconn.socket, events)
        selector.select()
    pgconn.consume_input()
