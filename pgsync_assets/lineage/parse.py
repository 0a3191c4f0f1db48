"""SQL as a tree, in bounded time and without an error: lineage is a picture.

What sqlglot does not understand has no lineage and runs all the same; PostgreSQL alone decides
whether SQL is right.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.optimizer.scope import traverse_scope

from ..config import ModelConfig, split_qualified
from ..config.placeholders import without_values

LONGEST_SQL = 250_000
"""Characters; half a second is needed for as many."""
MOST_WORK = 2_000_000
"""Depths of all columns of a tree together: sqlglot climbs up from each. Two seconds."""

DIALECT = "postgres"
VALUE_MODEL = "\0model"
"""The relation that a value is computed over: no other can be called so."""
Found = TypeVar("Found")
_log = logging.getLogger(__name__)


def read(text: Callable[[], Found], otherwise: Found) -> Found:
    """What is read out of SQL, or nothing where it cannot be read.

    Args:
        text: reads it.
        otherwise: what is known then.
    """
    try:
        return text()
    except Exception as error:  # a parser of another's, on anybody's SQL: of any type
        _log.info("no lineage for a query: %s", type(error).__name__)
        return otherwise


def tree_of(model: ModelConfig) -> Any:
    """The query of a model, with names as PostgreSQL folds them; None where there is none.

    Args:
        model: of a table, or with `sql` filled in.

    Raises:
        Exception: of any type, where sqlglot does not understand it.
    """
    if model.sql is not None:
        return parsed(without_values(model.sql, model.parameters))
    if model.table is None:
        return None
    schema, name = split_qualified(model.table)
    names: list[Any] = [exp.column(column, quoted=True) for column in model.columns or ()]
    query = exp.select(*names or ["*"]).from_(exp.table_(name, schema, quoted=True))
    if model.where is not None and len(model.where) <= LONGEST_SQL:
        where = without_values(model.where, model.parameters)
        query = query.where(exp.condition(where, dialect=DIALECT))
    return folded(query)


def parsed(query: str) -> Any:
    """A statement as a tree.

    Args:
        query: one statement.

    Raises:
        ValueError: it is too long, or no query.
        Exception: of any type, where sqlglot does not understand it.
    """
    if len(query) > LONGEST_SQL:
        raise ValueError("too long")
    tree: Any = sqlglot.parse_one(query, dialect=DIALECT)
    while isinstance(tree, exp.Subquery):
        tree = tree.this
    if not isinstance(tree, exp.Query):
        raise ValueError("no query")
    return folded(tree)


def value_tree(expression: str) -> Any:
    """An expression over the columns of a model, as a query.

    Args:
        expression: SQL.

    Raises:
        Exception: of any type, where sqlglot does not understand it.
    """
    one = exp.alias_(exp.condition(expression, dialect=DIALECT), "value")
    model = exp.table_(exp.to_identifier(VALUE_MODEL, quoted=True), alias="model")
    return folded(exp.select(one).from_(model))


def folded(tree: Any) -> Any:
    """With names as PostgreSQL folds them, and parameters as they are written.

    Args:
        tree: of a query; it is changed.
    """
    for parameter in list(tree.find_all(exp.Placeholder)):
        parameter.replace(exp.var(f":{parameter.name}"))
    return normalize_identifiers(tree, dialect=DIALECT)


def real_tables(tree: Any) -> Iterator[exp.Table]:
    """Names that stand for no CTE or sub-select, each place once: scopes resolve those to others.

    Args:
        tree: of a query.
    """
    found = {
        id(source): source
        for scope in traverse_scope(tree)
        for source in scope.sources.values()
        if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier)
    }
    yield from found.values()


def is_affordable(tree: Any) -> bool:
    """Whether its columns can be followed in bounded time.

    Args:
        tree: of a query.
    """
    work, waiting = 0, [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        work += depth if isinstance(node, exp.Column) else 0
        if work > MOST_WORK:
            return False
        waiting.extend((part, depth + 1) for part in node.iter_expressions())
    return True
