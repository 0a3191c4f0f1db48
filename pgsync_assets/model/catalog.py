"""What the catalogue says about the table of a model: its columns, and that it is one."""

from __future__ import annotations

from typing import Any

import psycopg

from ..config import ModelConfig, split_qualified
from ..errors import ModelError
from ..sql import statement
from .parameters import of

Connection = psycopg.Connection[Any]

_KINDS = {
    "S": "a sequence",
    "i": "an index",
    "I": "the index of a partitioned table",
    "c": "a composite type",
    "t": "the TOAST table of another one",
}
_REMEDY = "name a table, a view, a materialized view, a partitioned or a foreign table"


def check_lasting(model: ModelConfig) -> None:
    """A temporary table is there for the session that made it only.

    Args:
        model: any.

    Raises:
        ModelError: its table is a temporary one.
    """
    if model.table is None:
        return
    schema, _ = split_qualified(model.table)
    if schema == "pg_temp" or schema.startswith("pg_temp_"):
        raise ModelError(
            f"{of(model)}table {model.table} is a temporary table, which belongs to one session",
            "create it without TEMPORARY, or write its SELECT as the model's sql",
        )


def no_table(connection: Connection, model: ModelConfig) -> ModelError | None:
    """The error for a name that is no table, nor anything like one.

    Args:
        connection: a transaction on the source.
        model: any.
    """
    if model.table is None:
        return None
    schema, table = split_qualified(model.table)
    query = statement(__package__ or "", "relation_kind.sql")
    row = connection.execute(query, {"schema": schema, "table": table}).fetchone()
    kind = _KINDS.get(row[0]) if row else None
    return ModelError(f"{of(model)}{model.table} is {kind}", _REMEDY) if kind else None


def nullable_columns(connection: Connection, model: ModelConfig) -> dict[str, bool]:
    """The columns of a table, and whether they may be NULL; of a query PostgreSQL does not say.

    Args:
        connection: a transaction on the source.
        model: any.
    """
    if model.table is None:
        return {}
    schema, table = split_qualified(model.table)
    query = statement(__package__ or "", "nullable_columns.sql")
    rows = connection.execute(query, {"schema": schema, "table": table}).fetchall()
    return dict(rows)
