"""The model as a relation inside our statements: always a sub-select, always one statement."""

from __future__ import annotations

from psycopg import sql

from ..config import ModelConfig, Partition, bases_of, split_qualified
from ..config.placeholders import without_end
from ..errors import ConfigurationError, ModelError
from ..sql import all_of, column_list, relation
from .bases import with_bases
from .computed import computed_by, computed_list
from .parameters import of, placed
from .slice import predicate


def select(model: ModelConfig) -> sql.Composable:
    """The model's statement, with the models that it uses and the columns that its sync computes.

    Args:
        model: of a table, or with its SQL loaded.

    Raises:
        ConfigurationError: its `sql_file` was not loaded, or a variable of a parameter is not set.
        ModelError: its SQL or its `where` does not end by itself.
    """
    query = with_bases(model, own) if bases_of(model) else own(model)
    computed = computed_by(model)
    if not computed:
        return query
    return sql.SQL("SELECT model.*, {} FROM (\n{}\n) AS model").format(
        computed_list(computed), query
    )


def own(model: ModelConfig) -> sql.Composable:
    """The statement of a model alone.

    Args:
        model: of a table, or with its SQL loaded.

    Raises:
        ConfigurationError: see `select`.
        ModelError: see `select`.
    """
    if model.table is not None:
        return _of_table(model, model.table)
    if model.is_frame:
        raise ModelError(
            "its rows were never loaded",
            "a plan or a run loads those of a function or a file; an asset's are loaded where its "
            "model is materialized, under models/",
        )
    found = own_sql(model)
    if found is None:
        raise ConfigurationError(f"{of(model)}{model.traits.noun} was not loaded")
    return found


def written(model: ModelConfig) -> str:
    """A model as a reader would write it: parameters by their names, without values.

    Args:
        model: of a table, or with its SQL loaded.
    """
    if model.table is None or not (model.columns or model.where):
        return (model.sql or f"TABLE {model.table}").strip()
    columns = sql.SQL("*") if model.columns is None else column_list(model.columns)
    where = sql.SQL("\nWHERE {}").format(sql.SQL(model.where)) if model.where else sql.SQL("")
    query = sql.SQL("SELECT {}\nFROM {}{}").format(columns, sql.SQL(model.table), where)
    return query.as_string(None).strip()


def own_sql(model: ModelConfig) -> sql.Composed | None:
    """The owner's own SQL, with its parameters; one semicolon at its end is left out.

    Args:
        model: any; None comes back for one that is a table.
    """
    if model.sql is None:
        return None
    return placed(model, without_end(model.sql), "the SQL of the model")


def own_where(model: ModelConfig) -> sql.Composed | None:
    """The owner's own condition on a table, with its parameters.

    Args:
        model: any; None comes back for one without a condition.
    """
    return None if model.where is None else placed(model, model.where, "model.where")


def _of_table(model: ModelConfig, table: str) -> sql.Composable:
    columns = sql.SQL("*") if model.columns is None else column_list(model.columns)
    query = sql.SQL("SELECT {} FROM {}").format(columns, relation(*split_qualified(table)))
    where = own_where(model)
    # A line break stands before the bracket: a trailing `--` comment would swallow it.
    return query if where is None else sql.SQL("{} WHERE (\n{}\n)").format(query, where)


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
