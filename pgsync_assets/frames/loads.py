"""Loads of a model: each is a table of its own in the planner's schema, and never changes.

The table and its row in `frames` commit together: a crash leaves neither, and no reader ever sees
a load half. A table that is replaced in place would look empty to a reader whose snapshot is older.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..config import ModelConfig
from ..connect import READ_ONLY, Endpoint, Session, is_migrated, is_row_level, tried
from ..errors import Contention, ModelError
from ..failpoints import failpoint
from ..plan import await_turn, lock_key, prepare
from ..sql import COMMA, column, column_list, relation, statement
from ..write.reject import refusal
from .columns import Into, columns_of
from .names import check_names
from .recognise import rows_of
from .rows import Rows

LOCK = "\0frame"  # no sync has such a name
DROP_WAIT = "2s"
KEPT = 2  # loads: a run that began before the newest may still read the one before
SPEAKS_OF_FORM = ("22P04",)
"""A line of a CSV file has other columns than its header, or a quote too few."""
NOT_AS_KEY = ("23502", "23505", "42704", "54000")
"""Why a key gets no index: it is NULL or repeated, its type has none, a value is too long."""


@dataclass(frozen=True)
class Load:
    """Rows of a model, as they were loaded once.

    Args:
        number: names the table.
        model: name of the model.
        table: where the rows are on the platform, as `model.table` spells it.
        rows: how many.
        columns: type of each in PostgreSQL, by name, in their order.
        loaded_at: by the platform's clock.
        by: who loaded it.
    """

    number: int
    model: str
    table: str
    rows: int
    columns: dict[str, str]
    loaded_at: dt.datetime
    by: str


def load(platform: Endpoint, model: ModelConfig, frame: Any, *, by: str) -> Load:
    """Loads a frame as the newest rows of a model: all of it, or nothing.

    Args:
        platform: the database that keeps the state of engine standard.
        model: whose rows they are; it has a name.
        frame: see `recognise.rows_of`.
        by: who loads it.

    Raises:
        ModelError: a value would not arrive as it is, or the frame has no such columns.
        PrivilegeError: the planner's schema is not there and may not be made.
        PgsyncError: the platform cannot be reached.
    """
    with _about(model):
        given = rows_of(frame)
        check_names(model, given.names)
        types = given.types(model.types)
        if given.is_stream:
            return _load(platform, model, given, types, by)
        return tried(lambda: _load(platform, model, given, types, by))


@contextmanager
def _about(model: ModelConfig) -> Iterator[None]:
    """Errors about rows say whose they are."""
    try:
        yield
    except ModelError as error:
        told = f"model {model.name!r}: {error.message}"
        raise ModelError(told, error.remedy) from error.__cause__


def newest(platform: Endpoint, model: str) -> Load | None:
    """The newest load of a model; None where there is none.

    Args:
        platform: the database that keeps the state of engine standard.
        model: its name.

    Raises:
        PgsyncError: the platform cannot be reached.
    """
    schema = platform.config.schemas.planner
    with platform.session(f"pgsync/{model} load") as session:
        if not is_migrated(session, schema):
            return None
        with session.transaction("looking for the rows", READ_ONLY) as connection:
            if not knows_loads(connection, schema):
                return None
            query = statement(__package__, "newest_frame.sql", planner=schema)
            row = connection.execute(query, {"model": model}).fetchone()
            return _of_row(schema, row) if row else None


def knows_loads(connection: psycopg.Connection[Any], schema: str) -> bool:
    """Whether a planner is of a version that knows loads.

    Args:
        connection: in a transaction on its database.
        schema: name of its schema, which is there.
    """
    query = statement(__package__, "frames_known.sql")
    row = connection.execute(query, {"schema": schema}).fetchone()
    return bool(row and row[0])


def _load(
    platform: Endpoint, model: ModelConfig, rows: Rows, types: dict[str, str], by: str
) -> Load:
    schema = platform.config.schemas.planner
    name = str(model.name)
    with platform.session(f"pgsync/{name} load") as session:
        prepare(session, schema)
        with session.transaction(f"loading the model {name}") as connection:
            await_turn(connection, lock_key(schema, LOCK, name))
            failpoint("load begun")
            done = _loaded(connection, schema, model, rows, types, by)
            failpoint("load complete")
        failpoint("load committed")
        _drop_old(session, schema, name)
    return done


def _loaded(
    connection: psycopg.Connection[Any],
    schema: str,
    model: ModelConfig,
    rows: Rows,
    types: dict[str, str],
    by: str,
) -> Load:
    into = columns_of(connection, types)
    known = json.dumps([[one.name, one.type] for one in into])
    begin = statement(__package__, "begin_frame.sql", planner=schema)
    begun = {"model": model.name, "by": by, "columns": known}
    (number,) = _one(connection, begin, begun)
    table = relation(schema, f"frame_{number}")
    _create(connection, table, into)
    count = _copy(connection, table, rows, into)
    failpoint("rows copied")
    _index(connection, table, model.key)
    connection.execute(sql.SQL("ANALYZE {}").format(table))
    end = statement(__package__, "end_frame.sql", planner=schema)
    return _of_row(schema, _one(connection, end, {"number": number, "row_count": count}))


def _create(
    connection: psycopg.Connection[Any], table: sql.Composable, into: Sequence[Into]
) -> None:
    # Types come from format_type, never from a user.
    typed = [sql.SQL("{} {}").format(column(one.name), sql.SQL(one.type)) for one in into]
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, COMMA.join(typed)))


def _copy(
    connection: psycopg.Connection[Any],
    table: sql.Composable,
    rows: Rows,
    into: Sequence[Into],
) -> int:
    names = tuple(one.name for one in into)
    target = sql.SQL("{} ({})").format(table, column_list(names))
    try:
        return rows.copy(connection, into, target)
    except psycopg.Error as error:
        if not is_row_level(error) and error.sqlstate not in SPEAKS_OF_FORM:
            raise
        why = refusal(error, names)
        # What it says of the form of a line is about no value.
        is_form = error.sqlstate in SPEAKS_OF_FORM
        reason = error.diag.message_primary if is_form else why.reason
        place = f"a {rows.unit}" if why.line is None else f"{rows.unit} {why.line:,}"
        raise ModelError(f"{place}: {reason}") from None


def _index(
    connection: psycopg.Connection[Any], table: sql.Composable, key: tuple[str, ...]
) -> None:
    """A key that an index proves needs no copy to be counted; else the run counts, and tells."""
    query = sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(table, column_list(key))
    try:
        with connection.transaction():
            connection.execute(query)
    except psycopg.Error as error:
        if error.sqlstate not in NOT_AS_KEY:
            raise


def _drop_old(session: Session, schema: str, name: str) -> None:
    """Drops all loads but the newest two; one that is still read is left to the next load."""
    query = statement(__package__, "old_frames.sql", planner=schema)
    with session.transaction("looking for old rows") as connection:
        old = connection.execute(query, {"model": name, "kept": KEPT}).fetchall()
    for (number,) in old:
        with suppress(Contention):
            drop_load(session, schema, number)


def drop_load(session: Session, schema: str, number: int) -> None:
    """Drops a load: its table, and that it was there.

    Args:
        session: on the platform.
        schema: of the planner.
        number: of the load.

    Raises:
        Contention: somebody reads it.
    """
    with session.transaction("dropping old rows") as connection:
        wait = statement(__package__, "lock_timeout.sql")
        connection.execute(wait, {"lock_timeout": DROP_WAIT})
        forget = statement(__package__, "forget_frame.sql", planner=schema)
        connection.execute(forget, {"number": number})
        failpoint("old load forgotten")
        table = relation(schema, f"frame_{number}")
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
    failpoint("old load dropped")


def _one(
    connection: psycopg.Connection[Any], query: sql.Composed, values: dict[str, Any]
) -> tuple[Any, ...]:
    row = connection.execute(query, values).fetchone()
    assert row is not None  # noqa: S101 - RETURNING
    return tuple(row)


def _of_row(schema: str, row: tuple[Any, ...]) -> Load:
    number, model, rows, columns, loaded_at, by = row
    table = sql.Identifier(schema, f"frame_{number}").as_string(None)
    return Load(number, model, table, rows, dict(columns), loaded_at, by)
