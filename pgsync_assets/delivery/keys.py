"""Rows whose key is NULL or occurs twice, wherever they stand: found before the first write.

Two of them in one statement are an error, in two batches the last one would win by chance
(trap 6). The destination's own equality decides, in a stage that holds nothing but keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from ..connect import is_row_level
from ..plan.keys import ROW
from ..sql import column, column_list
from ..write import Into, Job
from .spool import Spool, send

MISSING = "a key column is NULL"
REPEATED = "the key occurs more than once among the rows"
AT_ONCE = 50_000  # rows that are copied together


def refuse_invalid_keys(job: Job, spool: Spool, key: tuple[str, ...]) -> None:
    """Refuses rows that no key tells apart; all rows of a repeated key.

    Args:
        job: what is to be written where.
        spool: its rows.
        key: the columns that identify a row; none: rows stand for themselves.

    Raises:
        TooManyRejectedRows: more than the limit; nothing was written by this try.
        PgsyncError: what PostgreSQL answered.
    """
    refused = spool.refused(0, spool.count)
    last = refused[-1].reason if refused else ""
    if key:
        stage = job.into.stage
        doing = f"looking for repeated keys for {job.target.name}"
        with job.ledger.session.transaction(doing) as connection:
            connection.execute(stage.create(job.target, key))
            _fill(job, spool, connection, key)
            with connection.cursor(name="pgsync_invalid_keys") as found:
                for row, is_missing in found.execute(_invalid(job.into, key)):
                    last = MISSING if is_missing else REPEATED
                    spool.refuse(row, last)
                    if job.exceeds(spool.refusals):
                        break
            if not stage.is_temporary:
                connection.execute(stage.drop())
    if job.exceeds(spool.refusals):
        raise job.too_many(last)


def _fill(
    job: Job, spool: Spool, connection: psycopg.Connection[Any], key: tuple[str, ...]
) -> None:
    """Copies the keys of all rows to the stage."""
    places = [job.mapping.sources.index(name) for name in key]
    into = sql.SQL("{} ({})").format(job.into.stage.relation, column_list((ROW, *key)))
    for first in range(0, spool.count, AT_ONCE):
        _copy(spool, connection, places, into, first, min(first + AT_ONCE, spool.count))


def _copy(
    spool: Spool,
    connection: psycopg.Connection[Any],
    places: list[int],
    into: sql.Composable,
    first: int,
    last: int,
) -> None:
    """A key that its type cannot read is nobody's twin: its row is refused when it is written."""
    if first >= last:
        return

    def lines() -> Iterator[bytes]:
        for number, line in spool.lines(first, last):
            values = line[:-1].split(b"\t")
            yield b"\t".join([b"%d" % number, *(values[place] for place in places)]) + b"\n"

    try:
        with connection.transaction():
            send(lines(), connection, into)
    except psycopg.Error as error:
        if not is_row_level(error):
            raise
        if last - first > 1:
            middle = (first + last) // 2
            _copy(spool, connection, places, into, first, middle)
            _copy(spool, connection, places, into, middle, last)


def _invalid(into: Into, key: tuple[str, ...]) -> sql.Composed:
    """Numbers of the rows that are refused, and whether a NULL is the reason."""
    needed = [n for n in key if n not in into.nullable]
    missing = [sql.SQL("{} IS NULL").format(column(name)) for name in needed]
    return sql.SQL(
        "SELECT {row}, is_missing FROM (SELECT {row}, {missing} AS is_missing,"
        " count(*) OVER (PARTITION BY {key}) AS times FROM {keys}) AS counted"
        " WHERE is_missing OR times > 1 ORDER BY {row}"
    ).format(
        row=column(ROW),
        missing=sql.SQL(" OR ").join([sql.SQL("false"), *missing]),
        key=column_list(key),
        keys=into.stage.relation,
    )
