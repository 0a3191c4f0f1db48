"""Rows travel as bytes: what one server's COPY sends, the other's COPY receives.

No value becomes a Python object on this road, so every value of every type arrives as it is
(trap 48), and memory stays flat: one buffer, however large the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from ..connect import translated

BUFFER = 256 * 1024  # bytes; larger ones gain nothing (measured), smaller ones cost system calls


def pump(
    source: psycopg.Connection[Any],
    select: sql.Composable,
    destination: psycopg.Connection[Any],
    target: sql.Composable,
) -> tuple[int, int]:
    """Copies the rows of a query into a relation of another server.

    Args:
        source: in a transaction with pinned settings.
        select: the query.
        destination: in a transaction with pinned settings.
        target: relation and column list to copy into, in the order of the query.

    Returns:
        Rows that the destination counted, and bytes sent.

    Raises:
        PgsyncError: what went wrong at the source.
        psycopg.Error: what the destination answered; the caller knows whether a row is to blame.
    """
    copy_out = sql.SQL("COPY ({}) TO STDOUT").format(select)
    copy_in = sql.SQL("COPY {} FROM STDIN").format(target)
    sent = 0
    # A savepoint at the source: where the destination refuses midway, reading is cancelled.
    with source.transaction(), destination.cursor() as into:
        with into.copy(copy_in) as writer:
            for chunk in _chunks(source, copy_out):
                writer.write(chunk)
                sent += len(chunk)
        return into.rowcount, sent


def _chunks(source: psycopg.Connection[Any], copy_out: sql.Composable) -> Iterator[bytes]:
    buffer = bytearray()
    with (
        translated("reading the plan", source),
        source.cursor() as cursor,
        cursor.copy(copy_out) as reader,
    ):
        for row in reader:
            buffer += row
            if len(buffer) >= BUFFER:
                yield bytes(buffer)
                buffer.clear()
    if buffer:
        yield bytes(buffer)
