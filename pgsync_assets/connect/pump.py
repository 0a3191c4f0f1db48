"""Rows travel as bytes: what one server's COPY sends, the other's COPY receives.

No value becomes a Python object on this road, so every value of every type arrives as it is
(trap 48), and memory stays flat: one buffer, however large the table.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
from psycopg import sql

from ..failpoints import failpoint
from .copy_format import TEXT, Format
from .outgoing import Outgoing


def pump(
    source: psycopg.Connection[Any],
    query: sql.Composable,
    destination: psycopg.Connection[Any],
    target: sql.Composable,
    *,
    reading: str = "the plan",
    form: Format = TEXT,
    told: Callable[[int], None] | None = None,
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

    Returns:
        Rows that the destination counted, and bytes sent.

    Raises:
        PgsyncError: what went wrong at the source.
        psycopg.Error: what the destination answered; the caller knows whether a row is to blame.
    """
    rows = Outgoing(source, query, form, reading)
    return hand_on(rows, destination, target, form=form, told=told)


def hand_on(
    rows: Outgoing,
    destination: psycopg.Connection[Any],
    target: sql.Composable,
    *,
    form: Format = TEXT,
    told: Callable[[int], None] | None = None,
) -> tuple[int, int]:
    """Copies rows that may be on their way already; else see `pump`.

    Raises:
        UnexpectedError: other rows came than were expected; the COPY was abandoned.
    """
    copy_in = sql.SQL("COPY {} FROM STDIN{}").format(target, form.option)
    sent = 0
    with destination.cursor() as into:
        with closing(rows), closing(rows.chunks()) as chunks, into.copy(copy_in) as writer:
            for chunk, messages in chunks:
                writer.write(chunk)
                sent += len(chunk)
                if told is not None:
                    told(max(messages - form.trailers, 0))
                failpoint("chunk sent")
        return into.rowcount, sent
