"""What a model's rows are worth: without a key, with a shared one, in no partition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..config import ModelConfig, Slice
from ..connect import READ_ONLY, Session
from ..outcome import InvalidKey, InvalidKeys
from ..sql import COMMA, column, column_list
from .query import rows
from .slice import condition

SAMPLE_KEYS = 20


@dataclass(frozen=True)
class KeyQuality:
    """What a model returns now.

    Args:
        rows: all rows.
        invalid: those whose key identifies no row.
        outside: rows that are in no partition, today or later.
    """

    rows: int
    invalid: InvalidKeys
    outside: int


def key_quality(session: Session, model: ModelConfig, covered: Slice | None = None) -> KeyQuality:
    """Counts the rows of a model by their key. Reads the whole model and moves nothing.

    It is read a second time where there are such keys, to show some.

    Args:
        session: on the source.
        model: of a table, or with its SQL loaded.
        covered: what all partitions hold together; None: every row.

    Raises:
        PgsyncError: PostgreSQL refused the statement.
    """
    with session.transaction("counting the rows of the model", READ_ONLY) as connection:
        return quality_in(connection, model, covered)


def quality_in(
    connection: psycopg.Connection[Any], model: ModelConfig, covered: Slice | None = None
) -> KeyQuality:
    """As `key_quality`, in a transaction that is open.

    Args:
        connection: on the source.
        model: see `key_quality`.
        covered: see `key_quality`.
    """
    # binary=True: one statement only, by protocol, wherever the model's own SQL is executed.
    row = connection.execute(_counts(model, covered), binary=True).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY has one row
    total, missing, repeated, outside = map(int, row)
    keys = connection.execute(_sample(model), binary=True) if missing or repeated else ()
    sample = [InvalidKey(dict(zip(model.key, k[:-1], strict=True)), k[-1]) for k in keys]
    return KeyQuality(total, InvalidKeys(missing, repeated, tuple(sample)), outside)


def _counts(model: ModelConfig, covered: Slice | None) -> sql.Composed:
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
        missing=_missing(model),
        within=within,
        rows=rows(model, tuple(columns)),
        key=column_list(model.key, "model"),
    )


def _sample(model: ModelConfig) -> sql.Composed:
    """The most frequent such keys; of those that are one for PostgreSQL, one is shown."""
    return sql.SQL(
        "SELECT {}, count(*) FROM ({}) AS model GROUP BY {}"
        " HAVING {} OR count(*) > 1 ORDER BY count(*) DESC LIMIT {}"
    ).format(
        COMMA.join(sql.SQL("{}::text").format(column(name, "model")) for name in model.key),
        rows(model, model.key),
        column_list(model.key, "model"),
        _missing(model),
        sql.Literal(SAMPLE_KEYS),
    )


def _missing(model: ModelConfig) -> sql.Composable:
    return sql.SQL(" OR ").join(
        sql.SQL("{} IS NULL").format(column(name, "model")) for name in model.key
    )
