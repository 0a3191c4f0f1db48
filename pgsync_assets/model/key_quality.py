"""What a model's rows are worth: without a key, with a shared one, in no partition."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from ..config import ModelConfig, Slice
from ..connect import READ_ONLY, Session
from ..sql import column, column_list
from .query import rows
from .slice import condition


@dataclass(frozen=True)
class KeyQuality:
    """What a model returns now.

    Args:
        rows: all rows.
        missing: rows where a column of the key is NULL.
        repeated: rows whose key another row has too.
        outside: rows that are in no partition, today or later.
    """

    rows: int
    missing: int
    repeated: int
    outside: int


def key_quality(session: Session, model: ModelConfig, covered: Slice | None = None) -> KeyQuality:
    """Counts the rows of a model by their key. Reads the whole model and moves nothing.

    Args:
        session: on the source.
        model: of a table, or with its SQL loaded.
        covered: what all partitions hold together; None: every row.

    Raises:
        PgsyncError: PostgreSQL refused the statement.
    """
    with session.transaction("counting the rows of the model", READ_ONLY) as connection:
        # binary=True: one statement only, by protocol, wherever the model's own SQL is executed.
        row = connection.execute(_query(model, covered), binary=True).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY has one row
    return KeyQuality(*(int(count) for count in row))


def _query(model: ModelConfig, covered: Slice | None) -> sql.Composed:
    missing = sql.SQL(" OR ").join(
        sql.SQL("{} IS NULL").format(column(name, "model")) for name in model.key
    )
    within = sql.SQL("true") if covered is None else condition(covered, "model")
    columns = dict.fromkeys((*model.key, *([] if covered is None else covered.columns)))
    return sql.SQL(
        "SELECT coalesce(sum(size), 0), coalesce(sum(size) FILTER (WHERE missing), 0), "
        "coalesce(sum(size) FILTER (WHERE size > 1 AND NOT missing), 0), "
        "coalesce(sum(outside), 0) "
        "FROM (SELECT count(*) AS size, ({missing}) AS missing,"
        " count(*) FILTER (WHERE ({within}) IS NOT TRUE) AS outside"
        " FROM ({rows}) AS model GROUP BY {key}) AS keys"
    ).format(
        missing=missing,
        within=within,
        rows=rows(model, tuple(columns)),
        key=column_list(model.key, "model"),
    )
