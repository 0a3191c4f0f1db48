"""How good a model's key is: rows without one, and rows that share one."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from ..config import ModelConfig
from ..connect import READ_ONLY, Session
from ..sql import column, column_list
from .query import rows


@dataclass(frozen=True)
class KeyQuality:
    """What a model returns now.

    Args:
        rows: all rows.
        missing: rows where a column of the key is NULL.
        repeated: rows whose key another row has too.
    """

    rows: int
    missing: int
    repeated: int


def key_quality(session: Session, model: ModelConfig) -> KeyQuality:
    """Counts the rows of a model by their key. Reads the whole model and moves nothing.

    Args:
        session: on the source.
        model: of a table, or with its SQL loaded.

    Raises:
        PgsyncError: PostgreSQL refused the statement.
    """
    with session.transaction("counting the rows of the model", READ_ONLY) as connection:
        # binary=True: one statement only, by protocol, wherever the model's own SQL is executed.
        row = connection.execute(_query(model), binary=True).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY has one row
    return KeyQuality(*(int(count) for count in row))


def _query(model: ModelConfig) -> sql.Composed:
    missing = sql.SQL(" OR ").join(
        sql.SQL("{} IS NULL").format(column(name, "model")) for name in model.key
    )
    return sql.SQL(
        "SELECT coalesce(sum(size), 0), coalesce(sum(size) FILTER (WHERE missing), 0), "
        "coalesce(sum(size) FILTER (WHERE size > 1 AND NOT missing), 0) "
        "FROM (SELECT count(*) AS size, ({}) AS missing FROM ({}) AS model GROUP BY {}) AS keys"
    ).format(missing, rows(model, model.key), column_list(model.key, "model"))
