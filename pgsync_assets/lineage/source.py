"""What a column can come from, and what is known of the relations among it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..config import ModelConfig, split_qualified

Table = tuple[str, str]
"""Schema and name."""

SourceKind = Literal["relation", "model", "asset", "function", "file"]


@dataclass(frozen=True, order=True)
class Source:
    """Something with columns that others are made of.

    Args:
        kind: a relation of the source's database, a model of the project, or what a DataFrame
            comes from.
        name: of it, as stored.
        schema: of a relation; empty for all else.
    """

    kind: SourceKind
    name: str
    schema: str = ""

    @property
    def table(self) -> Table:
        """Schema and name of a relation."""
        return self.schema, self.name

    @property
    def title(self) -> str:
        """What a reader calls it."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


Origin = tuple[Source, str]
"""A column, and what it is a column of."""


def relation_source(table: Table) -> Source:
    """A relation as a source.

    Args:
        table: schema and name.
    """
    return Source("relation", table[1], table[0])


def model_source(name: str) -> Source:
    """A model as a source.

    Args:
        name: of it.
    """
    return Source("model", name)


def made_of(model: ModelConfig) -> Source | None:
    """What the rows of a model are, one to one; None for a query, which has its own text.

    Args:
        model: any, with what stands in its files.
    """
    if model.asset is not None:
        return Source("asset", model.asset)
    if model.python is not None:
        return Source("function", model.python)
    if model.file is not None:
        return Source("file", model.file.path)
    return relation_source(split_qualified(model.table)) if model.table is not None else None


@dataclass(frozen=True)
class Known:
    """A relation as PostgreSQL knows it.

    Args:
        kind: what it is, in words, as in `materialized view`.
        columns: in their order.
        definition: query of a view, in which every relation has its schema; None for all else.
        uses: of a view, the relations behind it and which of their columns it uses at all.
    """

    kind: str
    columns: tuple[str, ...]
    definition: str | None = None
    uses: Mapping[Table, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Returned:
    """A column that a model returns, by PostgreSQL.

    Args:
        name: of it.
        origin: the column of a relation that it is, unchanged; None where it is computed.
    """

    name: str
    origin: tuple[Table, str] | None = None


@dataclass(frozen=True)
class Catalog:
    """PostgreSQL's own answer: what it takes the names in a model's SQL for.

    Args:
        relations: those that are read, and all that is behind views among them.
        resolved: relations by schema and name as written; the schema is empty where none is
            written. What is missing here does not exist, or is temporary.
        returned: columns of each model, by its name; a model that cannot be described is missing.
    """

    relations: Mapping[Table, Known] = field(default_factory=dict)
    resolved: Mapping[Table, Table] = field(default_factory=dict)
    returned: Mapping[str, tuple[Returned, ...]] = field(default_factory=dict)

    @property
    def schema(self) -> dict[str, dict[str, dict[str, str]]]:
        """Columns by schema and name, in the form of sqlglot."""
        found: dict[str, dict[str, dict[str, str]]] = {}
        for (schema, name), known in self.relations.items():
            found.setdefault(schema, {})[name] = dict.fromkeys(known.columns, "text")
        return found
