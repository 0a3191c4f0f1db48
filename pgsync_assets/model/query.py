"""The model as a relation inside our statements: always a sub-select, always one statement."""

from __future__ import annotations

from pathlib import Path

from psycopg import sql

from ..config import ModelConfig, Partition, split_qualified
from ..errors import ConfigurationError
from ..sql import all_of, column_list, relation
from .computed import computed_by, computed_list
from .slice import predicate


def load_sql_file(model: ModelConfig, base: Path) -> ModelConfig:
    """Replaces `sql_file` by the statement in it.

    Args:
        model: as written.
        base: folder that the path is relative to: where the YAML file lies.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    if model.sql_file is None:
        return model
    path = base / model.sql_file
    try:
        statement = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"sql_file {path}: cannot be read ({type(error).__name__})",
            "the path is relative to the YAML file that names it",
        ) from None
    return model.model_copy(update={"sql": statement, "sql_file": None})


def select(model: ModelConfig) -> sql.Composable:
    """The model's statement, with the columns that its sync computes.

    Args:
        model: of a table, or with its SQL loaded.

    Raises:
        ConfigurationError: its `sql_file` was not loaded.
    """
    computed = computed_by(model)
    if not computed:
        return _own(model)
    return sql.SQL("SELECT model.*, {} FROM (\n{}\n) AS model").format(
        computed_list(computed), _own(model)
    )


def _own(model: ModelConfig) -> sql.Composable:
    if model.table is not None:
        return sql.SQL("SELECT * FROM {}").format(relation(*split_qualified(model.table)))
    if model.sql is None:
        raise ConfigurationError(f"sql_file {model.sql_file} was not loaded")
    # The owner's own SQL, taken as it is: one statement is enforced by the wire protocol.
    return sql.SQL(model.sql)


def rows(
    model: ModelConfig,
    columns: tuple[str, ...],
    partition: Partition | None = None,
    past: sql.Composable | None = None,
) -> sql.Composable:
    """`SELECT columns FROM (model) AS model`, cut to a partition and to what lies past a cursor.

    As a sub-select it cannot change data (SQLSTATE 0A000). A line break stands before the closing
    bracket: a trailing `--` comment of the model would swallow it.

    Args:
        model: of a table, or with its SQL loaded.
        columns: the columns wanted, in this order.
        partition: only its rows.
        past: a further condition on `model`.
    """
    query = sql.SQL("SELECT {} FROM (\n{}\n) AS model").format(
        column_list(columns, "model"), select(model)
    )
    conditions = [
        *([predicate(partition, "model")] if partition else []),
        *([past] if past else []),
    ]
    if not conditions:
        return query
    return sql.SQL("{} WHERE {}").format(query, all_of(conditions))
