"""Columns of models and views, followed by the text of their SQL and by PostgreSQL's answer.

Where both know something, PostgreSQL wins: it says what a name means, which columns there are, and
of which column of a table a column of the model is an unchanged copy. What computes the others only
the text knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..config import ModelConfig, bases_of
from .parse import parsed, read, tree_of
from .source import Catalog, Known, Origin, Returned, Table, made_of, relation_source
from .tables import named_tables
from .trace import Names, Traced, trace

By = Literal["sql text", "PostgreSQL"]


@dataclass(frozen=True)
class ModelLineage:
    """What a model is made of.

    Args:
        columns: of the model, each with where it comes from; none where they are not known.
        tables: relations that it reads by itself.
        bases: models that it reads by name.
        notes: where text and PostgreSQL differ, in sentences.
    """

    columns: tuple[Traced, ...]
    tables: tuple[Table, ...]
    bases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns if column.name is not None)


class Lineage:
    """Follows columns of models and views back.

    Args:
        catalog: PostgreSQL's answer; None: the text alone.
        default_schema: of names that are written without one, where PostgreSQL was not asked.
    """

    def __init__(self, catalog: Catalog | None = None, default_schema: str = "public") -> None:
        self.catalog = catalog
        self.default_schema = default_schema
        self._models: dict[str, ModelLineage] = {}
        self._views: dict[Table, tuple[Traced, ...]] = {}

    @property
    def by(self) -> By:
        """Who says so."""
        return "sql text" if self.catalog is None else "PostgreSQL"

    def known(self, table: Table) -> Known | None:
        """What PostgreSQL knows of a relation; None where it was not asked, or has none."""
        return self.catalog.relations.get(table) if self.catalog else None

    def model(self, model: ModelConfig) -> ModelLineage:
        """Where the columns of a model come from.

        Args:
            model: with what stands in its files.
        """
        name = model.name or ""
        if name not in self._models:
            self._models[name] = self._of_query(model) if model.sql else self._one_to_one(model)
        return self._models[name]

    def same(self, model: ModelConfig, column: str) -> tuple[Origin, ...]:
        """What a column of a model is by its name alone; nothing for a query.

        Args:
            model: of a table, or whose rows are loaded.
            column: of it.
        """
        own = None if model.sql else made_of(model)
        return ((own, column),) if own and self.existing((own, column)) else ()

    def view(self, table: Table) -> tuple[Traced, ...]:
        """Where the columns of a view come from, in its order; empty where that is not known.

        Args:
            table: any relation.
        """
        if table not in self._views:
            known = self.known(table)
            definition = known.definition if known else None
            made = self._of_view(definition) if definition else ()
            fits = known is not None and len(made) == len(known.columns)
            self._views[table] = tuple(self._existing(made)) if fits else ()
        return self._views[table]

    def _of_view(self, definition: str) -> tuple[Traced, ...]:
        """In what PostgreSQL writes every name has its schema."""
        catalog = self.catalog or Catalog()
        same = {table: table for table in catalog.relations}
        names = Names({}, same, "", catalog.schema)
        return trace(read(lambda: parsed(definition), None), names) or ()

    def names(self, models: dict[str, tuple[str, ...]]) -> Names:
        """What names in SQL stand for.

        Args:
            models: columns of models that it may read by name.
        """
        if self.catalog is None:
            return Names(models, None, self.default_schema, {})
        return Names(models, self.catalog.resolved, "", self.catalog.schema)

    def existing(self, origin: Origin) -> bool:
        """Whether there is such a column, as far as is known.

        Args:
            origin: a column of anything.
        """
        source, column = origin
        if source.kind != "relation" or self.catalog is None:
            return True
        known = self.known(source.table)
        return known is not None and column in known.columns

    def _existing(self, columns: tuple[Traced, ...]) -> Iterator[Traced]:
        for one in columns:
            kept = tuple(origin for origin in one.origins if self.existing(origin))
            yield Traced(one.name, kept, one.expression)

    def _one_to_one(self, model: ModelConfig) -> ModelLineage:
        """A table or a DataFrame: each column is one of it."""
        own = made_of(model)
        tables, notes = self._tables(model)
        known = self.known(own.table) if own and own.kind == "relation" else None
        returned = self._returned(model)
        names = tuple(one.name for one in returned or ()) or model.columns
        if names is None:
            names = known.columns if known else ()
        columns = tuple(Traced(name, self.same(model, name)) for name in names)
        return ModelLineage(columns, tables, (), notes)

    def _of_query(self, model: ModelConfig) -> ModelLineage:
        bases = {str(base.name): self.model(base).names for base in bases_of(model)}
        known = {name: bases.get(name, ()) for name in model.uses}
        traced = trace(read(lambda: tree_of(model), None), self.names(known)) or ()
        tables, notes = self._tables(model)
        returned = self._returned(model)
        if returned is None:
            columns = tuple(one for one in traced if one.name is not None)
            return ModelLineage(tuple(self._existing(columns)), tables, tuple(known), notes)
        columns = tuple(_joined(returned, traced, has_bases=bool(known)))
        notes += tuple(_differences(returned, traced))
        return ModelLineage(tuple(self._existing(columns)), tables, tuple(known), notes)

    def _returned(self, model: ModelConfig) -> tuple[Returned, ...] | None:
        return self.catalog.returned.get(model.name or "") if self.catalog else None

    def _tables(self, model: ModelConfig) -> tuple[tuple[Table, ...], tuple[str, ...]]:
        """The relations that it names, and where PostgreSQL takes a name for something else."""
        if model.is_frame:
            return (), ()
        if self.catalog is None:
            return named_tables(model, self.default_schema), ()
        written = named_tables(model, "")
        resolved = {name: self.catalog.resolved.get(name) for name in written}
        notes = tuple(
            _other_name(name, found, self.default_schema) for name, found in resolved.items()
        )
        found = {table for table in resolved.values() if table is not None}
        plain = {one.origin[0] for one in self._returned(model) or () if one.origin}
        if not bases_of(model):  # SQL that sqlglot does not understand has tables all the same
            found |= plain & self.catalog.relations.keys()
        return tuple(sorted(found)), tuple(filter(None, notes))


def _joined(
    returned: tuple[Returned, ...], traced: tuple[Traced, ...], has_bases: bool
) -> Iterator[Traced]:
    by_name = {one.name: one for one in traced}
    in_order = len(traced) == len(returned)
    for position, one in enumerate(returned):
        text = traced[position] if in_order else by_name.get(one.name)
        if one.origin is not None and not (has_bases and text and text.origins):
            table, column = one.origin
            yield Traced(one.name, ((relation_source(table), column),))
        else:
            yield Traced(one.name, *(_computed(text) if text else ((), "")))


def _computed(text: Traced) -> tuple[tuple[Origin, ...], str | None]:
    return text.origins, text.expression


def _differences(returned: tuple[Returned, ...], traced: tuple[Traced, ...]) -> Iterator[str]:
    if len(returned) != len(traced):
        return
    for one, text in zip(returned, traced, strict=True):
        if one.origin is None or any(source.kind == "model" for source, _ in text.origins):
            continue
        origin = relation_source(one.origin[0]), one.origin[1]
        if text.origins and origin not in text.origins:
            told = ", ".join(f"{source.title}.{column}" for source, column in text.origins)
            yield (
                f"{one.name}: PostgreSQL says {origin[0].title}.{origin[1]}, the text "
                f"seems to say {told}"
            )


def _other_name(written: Table, found: Table | None, default_schema: str) -> str | None:
    schema, name = written
    if found is None:
        spelled = f"{schema}.{name}" if schema else name
        return f"{spelled} is no relation that the role finds, or a temporary one"
    if schema or found[0] == default_schema:
        return None
    return f"{name} is {found[0]}.{name} by the search_path"
