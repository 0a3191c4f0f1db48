"""Rows travel as bytes: what one server's COPY sends, the other's COPY receives.

No value becomes a Python object on this road, so every value of every type arrives as it is
(trap 48), and memory stays flat: one buffer, however large the table.

Reading uses libpq's own calls (`psycopg.pq`), which cost 0.3 us a row; psycopg's `Copy.read` costs
2 us, and a million rows took 1.3 times as long with it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any

import psycopg
from psycopg import pq, sql

from ..errors import UnexpectedError
from ..failpoints import failpoint
from ..sql import statement
from .copy_format import TEXT, Format
from .failures import translated
from .server import UNKNOWN_BYTES

Buffer = bytes | memoryview
BUFFER = 256 * 1024  # bytes; larger ones gain nothing (measured), smaller ones cost system calls


def pump(
    source: psycopg.Connection[Any],
    query: sql.Composable,
    destination: psycopg.Connection[Any],
    target: sql.Composable,
    *,
    reading: str = "the plan",
    form: Format = TEXT,
    told: Callable[[int], None] | None = None,
    expected: int | None = None,
) -> tuple[int, int]:
    """Copies the rows of a query into a relation of another server.

    Args:
        source: in a transaction with pinned settings.
        query: the rows to send.
        destination: in a transaction with pinned settings.
        target: relation and column list to copy into, in the order of the query.
        reading: what the query reads, for messages.
        form: how the rows are spelled on their way.
        told: is told how many rows have been sent so far, chunk by chunk.
        expected: rows that the query has to have.

    Returns:
        Rows that the destination counted, and bytes sent.

    Raises:
        PgsyncError: what went wrong at the source.
        UnexpectedError: the source sent other than `expected` rows; the COPY was abandoned.
        psycopg.Error: what the destination answered; the caller knows whether a row is to blame.
    """
    copy_out = sql.SQL("COPY ({}) TO STDOUT{}").format(query, form.option).as_bytes(source)
    copy_in = sql.SQL("COPY {} FROM STDIN{}").format(target, form.option)
    sent = 0
    # A savepoint at the source: where the destination refuses midway, reading is cancelled.
    with source.transaction(), _as_stored(source), destination.cursor() as into:
        with (
            closing(_chunks(source, copy_out, reading, expected)) as chunks,
            into.copy(copy_in) as writer,
        ):
            for chunk, messages in chunks:
                writer.write(chunk)
                sent += len(chunk)
                if told is not None:
                    told(max(messages - form.trailers, 0))
                failpoint("chunk sent")
        return into.rowcount, sent


@contextmanager
def _as_stored(source: psycopg.Connection[Any]) -> Iterator[None]:
    """A database in SQL_ASCII does not know what its bytes mean: who receives them judges.

    Its server would check them against our UTF8, and one row stop the whole COPY; the other server
    says which row it is. No value becomes a Python object meanwhile.
    """
    if source.info.parameter_status("server_encoding") != UNKNOWN_BYTES:
        yield
        return
    told = statement(__package__ or "", "client_encoding.sql")
    source.execute(told, {"encoding": UNKNOWN_BYTES})
    yield  # after an error the savepoint takes it back
    source.execute(told, {"encoding": "UTF8"})


def _chunks(
    source: psycopg.Connection[Any], copy_out: bytes, reading: str, expected: int | None
) -> Generator[tuple[Buffer, int], None, None]:
    """The rows of a COPY TO STDOUT, in pieces of about BUFFER bytes; messages so far with each."""
    with translated(f"reading {reading}", source):
        pgconn = source.pgconn
        pgconn.send_query(copy_out)
        _expect(source, pq.ExecStatus.COPY_OUT)
        try:
            yield from _copied(pgconn)
        except GeneratorExit:
            # The reader gave up: end the statement, so that the savepoint can be rolled back.
            source.cancel_safe()
            _drain(pgconn)
            raise
        sent = _expect(source, pq.ExecStatus.COMMAND_OK).command_tuples
        _drain(pgconn)
        if expected is not None and sent != expected:
            raise UnexpectedError(
                f"reading {reading}: {sent} rows came, {expected} were planned",
                "nothing of this batch was written; please report it",
            )


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


def _expect(source: psycopg.Connection[Any], status: pq.ExecStatus) -> pq.abc.PGresult:
    result = _answer(source.pgconn)
    if result is None or result.status != status:
        if result is not None and result.status == pq.ExecStatus.FATAL_ERROR:
            _drain(source.pgconn)
            raise psycopg.errors.error_from_result(result)
        raise psycopg.OperationalError("the COPY was not answered")
    return result


def _drain(pgconn: pq.abc.PGconn) -> None:
    while (result := _answer(pgconn)) is not None:
        if result.status == pq.ExecStatus.COPY_OUT:
            for _ in _copied(pgconn):
                pass


def _answer(pgconn: pq.abc.PGconn) -> pq.abc.PGresult | None:
    """The next result. libpq is asked only when it is there: it would wait holding Python's lock,
    and the threads of a tunnel in this process could not bring the answer."""
    while pgconn.flush():
        _await(pgconn, EVENT_READ | EVENT_WRITE)
    while pgconn.is_busy():
        _await(pgconn)
    return pgconn.get_result()


def _await(pgconn: pq.abc.PGconn, events: int = EVENT_READ) -> None:
    # Not select(): it cannot watch a socket whose number is 1024 or more.
    with DefaultSelector() as selector:
        selector.register(pgconn.socket, events)
        selector.select()
    pgconn.consume_input()
