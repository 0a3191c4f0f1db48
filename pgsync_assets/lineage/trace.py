"""Columns of a query, followed back through its CTEs, joins and sub-selects to where they begin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, walk_in_scope
from sqlglot.schema import MappingSchema

from .parse import DIALECT, is_affordable, read, real_tables
from .source import Origin, Source, Table, model_source, relation_source

LONGEST_EXPRESSION = 300
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_NAMED_AS_CALLED = (exp.Avg, exp.Count, exp.Max, exp.Min, exp.Sum)
_COLUMNS = (exp.Column, exp.TableColumn)

Made = tuple[tuple[Origin, ...], Any]
"""Where a column begins, and what computes it; None where it is one column, unchanged."""
# No name in PostgreSQL has a NUL: schemas that stand for what has none.
_MODELS, _NOWHERE = "\0models", "\0nowhere"


@dataclass(frozen=True)
class Traced:
    """A column of a query.

    Args:
        name: of it, as PostgreSQL names it; None where only PostgreSQL knows.
        origins: the columns that its value is made of, sorted.
        expression: what computes it; None where it is one column, unchanged.
    """

    name: str | None
    origins: tuple[Origin, ...] = ()
    expression: str | None = None

    @property
    def is_copy(self) -> bool:
        """Whether it is another column, unchanged."""
        return self.expression is None and bool(self.origins)


@dataclass(frozen=True)
class Names:
    """What the names in a query stand for.

    Args:
        models: columns of the models that it reads by name; empty where they are not known.
        resolved: relations by schema and name as written; None: each is what is written.
        default_schema: of names without one, where `resolved` is None.
        schema: columns by schema and relation, in the form of sqlglot; empty where not known.
    """

    models: Mapping[str, tuple[str, ...]]
    resolved: Mapping[Table, Table] | None
    default_schema: str
    schema: Mapping[str, Mapping[str, Mapping[str, str]]]


def trace(tree: Any, names: Names) -> tuple[Traced, ...] | None:
    """The columns of a query.

    Args:
        tree: of the query; it is changed.
        names: what its names stand for.

    Returns:
        In their order; None where they cannot be followed, or are not known (`*`).
    """
    return read(lambda: _trace(tree, names), None)


def _trace(tree: Any, names: Names) -> tuple[Traced, ...] | None:
    if tree is None or not is_affordable(tree):
        return None
    written = [(_name(one), one) for one in _selects(tree)]
    for table in real_tables(tree):
        schema, name = _place(table, names)
        table.set("this", _identifier(name))
        table.set("db", _identifier(schema))
    scope = build_scope(_qualified(tree, names))
    return tuple(_Tracer(names).columns(scope, written)) if scope else None


def _identifier(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=_PLAIN.fullmatch(name) is None)


def _place(table: exp.Table, names: Names) -> Table:
    if not table.db and table.name in names.models:
        return _MODELS, table.name
    if names.resolved is None:
        return table.db or names.default_schema, table.name
    return names.resolved.get((table.db, table.name), (_NOWHERE, table.name))


def _qualified(tree: Any, names: Names) -> Any:
    """With every column's table written, and `*` spelt out, as far as is known."""
    models = {name: dict.fromkeys(columns, "text") for name, columns in names.models.items()}
    known = {schema: dict(tables) for schema, tables in names.schema.items()}
    if any(models.values()):
        known[_MODELS] = {name: columns for name, columns in models.items() if columns}
    for schema in (known, {}) if known else ({},):
        try:
            return _qualify(tree.copy(), schema, is_deep=True)
        except SqlglotError:  # it wants to know all tables, or none, and of sub-selects all
            continue
    return _qualify(tree.copy(), {}, is_deep=False)


def _qualify(tree: Any, known: dict[str, Any], is_deep: bool) -> Any:
    return qualify(
        tree,
        dialect=DIALECT,
        schema=MappingSchema(known, dialect=DIALECT, normalize=False),
        expand_alias_refs=False,
        qualify_columns=is_deep,
        validate_qualify_columns=False,
        allow_partial_qualification=True,
        quote_identifiers=False,
        identify=False,
    )


def _selects(tree: Any) -> list[Any]:
    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    return list(tree.selects) if isinstance(tree, exp.Select) else []


def _name(selected: Any) -> str | None:
    """The name that PostgreSQL gives to what is selected (FigureColname); None for others."""
    if isinstance(selected, (exp.Alias, exp.Column)):
        return str(selected.output_name) or None
    if isinstance(selected, exp.Cast):
        return _name(selected.this) or None
    if isinstance(selected, (exp.Paren, exp.Bracket, exp.Collate, exp.Window, exp.Filter)):
        return _name(selected.this)
    if isinstance(selected, exp.Anonymous):
        return str(selected.name).lower()
    if isinstance(selected, _NAMED_AS_CALLED):
        return str(selected.sql_name()).lower()
    return None


class _Tracer:
    """Follows the columns of one query.

    Args:
        names: what its names stand for.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._known: dict[tuple[int, int], Made] = {}

    def columns(self, scope: Any, written: list[tuple[str | None, Any]]) -> Iterator[Traced]:
        """The columns that a scope returns.

        Args:
            scope: of the whole query.
            written: name and text of what it selects, as sqlglot found them; fewer where
                there was a `*`.
        """
        selected = _selects(scope.expression)
        for position, one in enumerate(selected):
            if one.is_star:
                raise ValueError("columns of * are not known")
            name, text = written[position] if len(written) == len(selected) else (None, None)
            if name is None and not str(one.output_name).startswith("_col_"):
                name = str(one.output_name) or None
            origins, expression = self._output(scope, position)
            if expression is not None and not isinstance(one.unalias(), exp.Column):
                expression = text or expression
            shown = None if expression is None else _shown(expression)
            yield Traced(name, tuple(sorted(set(origins))), shown)

    def _output(self, scope: Any, position: int) -> Made:
        """Where a column of a scope begins, and what computes it."""
        found = [self._selected(part, position) for part in _branches(scope)]
        expressions = [expression for _, expression in found if expression is not None]
        origins = tuple(origin for branch, _ in found for origin in branch)
        return origins, expressions[0] if expressions else None

    def _selected(self, scope: Any, position: int) -> Made:
        # By the text: where a recursive CTE reads itself, its first part has another scope.
        asked = id(scope.expression), position
        if asked not in self._known:
            self._known[asked] = (), None  # it adds nothing to itself
            self._known[asked] = self._made(scope, position)
        return self._known[asked]

    def _made(self, scope: Any, position: int) -> Made:
        selected = _selects(scope.expression)
        if position >= len(selected):
            return (), exp.var("")
        one = selected[position].unalias()
        if isinstance(one, exp.Column) and not one.is_star:
            return self._column(scope, one)
        return tuple(self._inside(scope, one)), one

    def _inside(self, scope: Any, node: Any) -> Iterator[Origin]:
        """All that an expression is made of; of its sub-selects, what they return."""
        below = {id(inner.expression): inner for inner in scope.subquery_scopes}
        for part in walk_in_scope(node):
            if isinstance(part, _COLUMNS):
                yield from self._column(scope, part)[0]
            elif id(part) in below and not isinstance(part.parent, exp.Exists):
                inner = below[id(part)]
                for position in range(len(_selects(part))):
                    yield from self._output(inner, position)[0]

    def _column(self, scope: Any, column: Any) -> Made:
        written = str(column.text("table"))
        at: Any = scope
        while at is not None:
            alias = written or self._alias_of(at, column.name)
            if alias in at.sources and (alias or not at.parent):
                is_whole = not written and column.name == alias
                return self._of(at, alias, column.name, is_whole)
            at = at.parent
        return (), column

    def _alias_of(self, scope: Any, name: str) -> str:
        """Of a column without a table: the only one that has it, or the only one at all."""
        # What is in FROM; beside it, every CTE is a source.
        inside = scope.selected_sources or scope.sources
        sources = {alias: scope.sources[alias] for alias in inside if alias in scope.sources}
        having = [alias for alias, one in sources.items() if name in self._columns_of(one)]
        if not having and name in sources:  # a row, or a function that returns one column
            return name
        candidates = having or [a for a, one in sources.items() if self._may_have_any(one)]
        return str(candidates[0]) if len(candidates) == 1 else ""

    def _may_have_any(self, source: Any) -> bool:
        """A table of which no column is known."""
        is_table = isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier)
        return is_table and not self._columns_of(source)

    def _columns_of(self, source: Any) -> Iterable[str]:
        if isinstance(source, Scope):
            return _names_of(source) if _is_query(source) else ()
        if source.db == _MODELS:
            return self._names.models[source.name]
        return self._names.schema.get(source.db, {}).get(source.name, {})

    def _of(self, scope: Any, alias: str, name: str, is_whole: bool) -> Made:
        """A column of something in FROM; or the whole row of it."""
        source = scope.sources[alias]
        if isinstance(source, Scope) and not _is_query(source):
            return self._of_function(source, name)
        columns = list(self._columns_of(source))
        if is_whole and name not in columns and columns:
            found = [self._of(scope, alias, column, False)[0] for column in columns]
            return tuple(origin for one in found for origin in one), exp.column(name)
        renamed = _renamed(scope, alias)
        if name in renamed:
            at = renamed.index(name)
            name = columns[at] if at < len(columns) else ""
        if isinstance(source, Scope):
            return self._output(source, columns.index(name)) if name in columns else _unknown(name)
        if not isinstance(source.this, exp.Identifier):
            return tuple(self._inside(scope, source)), source
        is_known = name and source.db != _NOWHERE and not is_whole
        return (((_source(source), name),), None) if is_known else _unknown(name)

    def _of_function(self, scope: Any, name: str) -> Made:
        """LATERAL, UNNEST and VALUES: of a sub-select its column, of all else the arguments."""
        for inner in scope.subquery_scopes:
            columns = list(scope.expression.alias_column_names or _names_of(inner))
            if name in columns:
                return self._output(inner, columns.index(name))
        found = [
            origin
            for part in walk_in_scope(scope.expression)
            if isinstance(part, exp.Column)
            for origin in self._column(scope, part)[0]
        ]
        return tuple(found), scope.expression


def _is_query(scope: Any) -> bool:
    return isinstance(scope.expression, exp.Query) and not isinstance(scope.expression, exp.UDTF)


def _branches(scope: Any) -> list[Any]:
    """The SELECTs of a UNION, which may be many, and nested on their left."""
    found, waiting = [], [scope]
    while waiting:
        one = waiting.pop()
        if isinstance(one.expression, exp.SetOperation):
            # Inside of a recursive CTE that one itself has no parts.
            waiting.extend(reversed(one.set_operation_scopes))
        else:
            found.append(one)
    return found


def _source(table: exp.Table) -> Source:
    if table.db == _MODELS:
        return model_source(table.name)
    return relation_source((table.db, table.name))


def _unknown(name: str) -> Made:
    return (), exp.column(name)


def _shown(selected: Any) -> str:
    bare = selected.unalias()
    if isinstance(bare.args.get("alias"), exp.TableAlias):
        bare = bare.copy()
        bare.set("alias", None)
    text = " ".join(bare.sql(dialect=DIALECT, comments=False).split())
    return text if len(text) <= LONGEST_EXPRESSION else f"{text[: LONGEST_EXPRESSION - 1]}…"


def _renamed(scope: Any, alias: str) -> list[str]:
    """Names that a relation's columns get in FROM, as in `orders AS o (id, day)`."""
    node = scope.selected_sources.get(alias, (None,))[0]
    return list(node.alias_column_names) if isinstance(node, exp.Table) else []


def _names_of(scope: Any) -> list[str]:
    return list(scope.expression.named_selects)
