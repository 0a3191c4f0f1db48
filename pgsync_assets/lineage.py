"""Where a model's rows come from, read out of its SQL. Never an error: lineage is a picture.

A statement that sqlglot does not understand has no upstream in the graph and runs all the same;
PostgreSQL alone decides whether SQL is right.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.optimizer.scope import traverse_scope

from .config import ModelConfig, split_qualified

Table = tuple[str, str]
"""Schema and name."""

_log = logging.getLogger(__name__)


def source_tables(model: ModelConfig, default_schema: str = "public") -> tuple[Table, ...]:
    """The tables and views that a model names, sorted.

    Args:
        model: with `sql` filled in where it has a `sql_file`.
        default_schema: schema of names that are written without one.
    """
    if model.table is not None:
        return (split_qualified(model.table),)
    try:
        tree = _parse(model)
        found = {_named(table, default_schema) for table in _tables(tree)} if tree else set()
    except (SqlglotError, RecursionError) as error:
        _log.info("no lineage for a model: %s", type(error).__name__)
        return ()
    return tuple(sorted(found))


def column_sources(
    model: ModelConfig, columns: tuple[str, ...], default_schema: str = "public"
) -> dict[str, tuple[tuple[Table, str], ...]]:
    """For each column of a model the columns of tables that it is computed from.

    Args:
        model: with `sql` filled in where it has a `sql_file`.
        columns: names of the model's columns, as PostgreSQL says.
        default_schema: schema of names that are written without one.

    Returns:
        What is known; a column whose origin cannot be told from the text is left out.
    """
    if model.table is not None:
        table = split_qualified(model.table)
        return {name: ((table, name),) for name in columns}
    found = {}
    for name in columns:
        origins = tuple(sorted(set(_column_origins(model, name, default_schema))))
        if origins:
            found[name] = origins
    return found


def _parse(model: ModelConfig) -> Any:
    if model.sql is None:
        return None
    return normalize_identifiers(
        sqlglot.parse_one(model.sql, dialect="postgres"), dialect="postgres"
    )


def _tables(tree: Any) -> Iterator[exp.Table]:
    """Real tables only: a scope resolves names of CTEs and subqueries to other scopes."""
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
                yield source


def _named(table: exp.Table, default_schema: str) -> Table:
    return (table.db or default_schema, table.name)


def _column_origins(
    model: ModelConfig, column: str, default_schema: str
) -> Iterator[tuple[Table, str]]:
    quoted = exp.to_identifier(column, quoted=True).sql(dialect="postgres")
    try:
        root = lineage(quoted, _parse(model), schema={}, dialect="postgres")
    except (SqlglotError, ValueError, RecursionError):
        return
    for node in root.walk():
        if not node.downstream and isinstance(node.expression, exp.Table):
            yield _named(node.expression, default_schema), _leaf_name(node)


def _leaf_name(node: Node) -> str:
    """A leaf is named `alias.column`."""
    return str(exp.to_column(node.name, dialect="postgres").name)
