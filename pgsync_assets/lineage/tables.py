"""The tables and views that SQL names: for Dagster's graph, the grants, and to ask PostgreSQL."""

from __future__ import annotations

from ..config import ModelConfig, SyncConfig, bases_of, split_qualified
from .parse import VALUE_MODEL, read, real_tables, tree_of, value_tree
from .source import Table


def source_tables(model: ModelConfig, default_schema: str = "public") -> tuple[Table, ...]:
    """The tables and views that a model names by itself and not through its bases, sorted.

    Args:
        model: with `sql` filled in where it has a `sql_file`.
        default_schema: schema of names that are written without one.

    Returns:
        Those of the graph; none for a model whose rows an asset or a file makes.
    """
    return () if model.traits.is_made_by_asset else named_tables(model, default_schema)


def read_tables(model: ModelConfig, default_schema: str = "public") -> tuple[Table, ...]:
    """All that a model's role has to read, through its bases too, sorted.

    Args:
        model: with what stands in its files.
        default_schema: schema of names that are written without one.
    """
    if model.is_frame:
        return ()
    found = set(named_tables(model, default_schema))
    for base in bases_of(model):
        found.update(read_tables(base, default_schema))
    return tuple(sorted(found))


def named_tables(model: ModelConfig, default_schema: str) -> tuple[Table, ...]:
    """The tables and views in the text of a model, sorted; not the models that it uses.

    Args:
        model: with `sql` filled in where it has a `sql_file`.
        default_schema: schema of names that are written without one.
    """
    own = {split_qualified(model.table)} if model.table is not None else set()
    nothing: set[Table] = set()
    found = read(lambda: _named(model, default_schema), nothing)
    return tuple(sorted(own | found))


def value_tables(sync: SyncConfig, default_schema: str = "") -> tuple[Table, ...]:
    """The tables and views in the values of a sync, sorted: their expressions may have sub-selects.

    Args:
        sync: any.
        default_schema: schema of names that are written without one.
    """
    texts = (value.sql for value in sync.values.values() if value.sql is not None)
    return tuple(sorted({table for text in texts for table in _of_value(text, default_schema)}))


def _of_value(expression: str, default_schema: str) -> set[Table]:
    nothing: set[Table] = set()
    return read(lambda: _in_value(expression, default_schema), nothing)


def _in_value(expression: str, default_schema: str) -> set[Table]:
    tables = real_tables(value_tree(expression))
    return {(t.db or default_schema, t.name) for t in tables if t.name != VALUE_MODEL}


def _named(model: ModelConfig, default_schema: str) -> set[Table]:
    tree = tree_of(model)
    return {
        (table.db or default_schema, table.name)
        for table in (real_tables(tree) if tree else ())
        if table.db or table.name not in model.uses
    }
