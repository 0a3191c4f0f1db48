"""The destination table as its catalog describes it, and whether it can take our rows.

Everything is read from pg_catalog: information_schema hides unique indexes, and columns without
privilege (trap 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..config import split_qualified
from ..connect import READ_ONLY, Session
from ..errors import DestinationError
from ..model import Definition, Equality, Relation, definitions, equalities
from ..outcome import Column
from ..sql import relation, statement
from .kind import Kind, kind_of
from .layers import Layer, Row, read_layers
from .publications import Published, read_published


@dataclass(frozen=True)
class TargetColumn:
    """A column of the destination.

    Args:
        column: name, type and nullability.
        is_generated: computed by PostgreSQL, or by a view; cannot be written (trap 17).
        is_identity_always: GENERATED ALWAYS AS IDENTITY: can be inserted, not updated (trap 18).
        has_default: a row may be inserted without it.
        base_type: schema and name of its type under any domain; that of an array is the name of
            its elements behind an underscore.
        modifier: the type's modifier under any domain; -1 for none.
        equality: schema of the type's equality operator.
        missing: rights that our role lacks on it, of INSERT, UPDATE, SELECT.
        plain: type under any domain, as a cast in a model spells it.
        definition: what its type is made of.
        type_oid: its type; a domain is not its base.
        key: when two of its values are one key; None where no unique index has it.
        closed_sequence: schema and name of one that its default draws from and our role may not.
    """

    column: Column
    is_generated: bool
    is_identity_always: bool
    has_default: bool
    base_type: tuple[str, str]
    modifier: int
    equality: str
    missing: tuple[str, ...]
    plain: str
    definition: Definition
    type_oid: int
    key: Equality | None = None
    closed_sequence: tuple[str, ...] | None = None

    @property
    def base(self) -> str:
        """`schema.type` under any domain, to be compared with PostgreSQL's own types."""
        return ".".join(self.base_type)


@dataclass(frozen=True)
class UniqueIndex:
    """A unique index, or an exclusion constraint.

    Args:
        name: of it.
        columns: its key, in its order; of an expression those that it reads.
        obstacle: why rows cannot be matched by it; None where they can.
        is_inferred: ON CONFLICT on its columns (and its predicate) takes it into account, whatever
            the obstacle.
        predicate: which rows it has, as `pg_get_expr` writes it; None for all.
        predicate_columns: that it reads.
        nulls_not_distinct: it has one row at most with NULL in a column, too.
    """

    name: str
    columns: tuple[str, ...]
    obstacle: str | None
    is_inferred: bool
    predicate: str | None = None
    predicate_columns: tuple[str, ...] = ()
    nulls_not_distinct: bool = False

    def __str__(self) -> str:
        nulls = " NULLS NOT DISTINCT" if self.nulls_not_distinct else ""
        among = f" WHERE {self.predicate}" if self.predicate else ""
        return f"({', '.join(self.columns)}){nulls}{among}"


@dataclass(frozen=True)
class Target:
    """A destination table.

    Args:
        schema: its schema.
        table: its name.
        may_delete: our role has DELETE.
        may_use_schema: our role has USAGE on the schema.
        may_use_temporary: our role may create temporary tables in the database.
        may_use_staging: our role may create tables in the schema for that.
        is_owned: it belongs to our role, which is no superuser.
        database: name of the database.
        user: our role.
        columns: by name.
        indexes: unique indexes and exclusion constraints, the primary key first; of a view, those
            of the table behind it.
        staging: name of the schema for tables that would be temporary else, where there is one.
        layers: what a row passes: the relation itself, and what is behind it if it is a view.
        published: of the tables that hold the rows, those with no replica identity.
    """

    schema: str
    table: str
    may_delete: bool
    may_use_schema: bool
    may_use_temporary: bool
    may_use_staging: bool
    is_owned: bool
    database: str
    user: str
    columns: dict[str, TargetColumn]
    indexes: tuple[UniqueIndex, ...]
    staging: str | None
    layers: tuple[Layer, ...]
    published: tuple[Published, ...]

    @property
    def kind(self) -> Kind:
        """What sort of relation it is."""
        return kind_of(self.layers)

    @property
    def stage_schema(self) -> str | None:
        """Where a batch lands first; None for a temporary table, which costs less."""
        return None if self.may_use_temporary else self.staging

    @property
    def relation(self) -> sql.Composable:
        """`"schema"."table"`."""
        return relation(self.schema, self.table)

    @property
    def name(self) -> str:
        """`schema.table`, for messages."""
        return f"{self.schema}.{self.table}"

    def grant(self, rights: str, on: sql.Composable | None = None) -> str:
        """The GRANT that gives our role rights, on the table by default, ready to be pasted."""
        template = sql.SQL("GRANT {} ON {} TO {};")
        words = sql.SQL(rights), on or self.relation, sql.Identifier(self.user)
        return template.format(*words).as_string(None)

    def alter(self, verb: str, name: str, more: str) -> str:
        """An ALTER TABLE .. COLUMN, ready to be pasted.

        Args:
            verb: `ADD` or `ALTER`.
            name: of the column.
            more: what follows.
        """
        template = sql.SQL("ALTER TABLE {} {} COLUMN {} {}")
        parts = self.relation, sql.SQL(verb), sql.Identifier(name), sql.SQL(more)
        return template.format(*parts).as_string(None)


_FACTS = (
    "may_delete",
    "may_use_schema",
    "may_use_temporary",
    "may_use_staging",
    "is_owned",
    "database",
    "user",
)


def read_target(session: Session, name: str) -> Target:
    """Reads a destination table from the catalog.

    Args:
        session: on the destination.
        name: `schema.table`.

    Raises:
        DestinationError: there is no such table; tables of similar name are listed.
    """
    with session.transaction(f"describing table {name}", READ_ONLY) as connection:
        target = find_target(session, connection, name)
        if target is None:
            raise no_table(session, connection, name)
        return target


def find_target(session: Session, connection: psycopg.Connection[Any], name: str) -> Target | None:
    """Reads a table from the catalog; None where there is no such table.

    Args:
        session: on the destination.
        connection: a transaction of it.
        name: `schema.table`.
    """
    schema, table = split_qualified(name)
    staging = session.config.schemas.staging
    named = {"schema": schema, "table": table, "staging": staging}
    row = _one(connection, "target_relation.sql", named)
    if row is None:
        return None
    facts: dict[str, Any] = dict(zip(_FACTS, row[1:], strict=True))
    layers = read_layers(connection, row[0], facts["user"])
    indexes = _indexes(connection, layers)
    return Target(
        schema=schema,
        table=table,
        columns=_columns(connection, layers, indexes),
        indexes=indexes,
        staging=staging,
        layers=layers,
        published=read_published(connection, layers[-1].oid),
        **facts,
    )


def _indexes(
    connection: psycopg.Connection[Any], layers: tuple[Layer, ...]
) -> tuple[UniqueIndex, ...]:
    """Unique indexes of the table that holds the rows, if the target shows all their columns."""
    shown = {stored: name for name, stored in layers[-1].shown.items()}
    rows = _all(connection, "target_indexes.sql", {"relation": layers[-1].oid})
    found = tuple(
        UniqueIndex(i[0], tuple(shown[n] for n in i[1]), i[2], i[3], i[4], tuple(i[5]), i[6])
        for i in rows
        if shown.keys() >= set(i[1])
    )
    return found if len(layers) == 1 else tuple(map(_behind_a_view, found))


def _behind_a_view(index: UniqueIndex) -> UniqueIndex:
    """ON CONFLICT on a view would need the predicate in the view's own words."""
    if index.predicate is None:
        return index
    obstacle = index.obstacle or "it is partial, which cannot be said through a view"
    return UniqueIndex(index.name, index.columns, obstacle, is_inferred=False)


def _columns(
    connection: psycopg.Connection[Any],
    layers: tuple[Layer, ...],
    indexes: tuple[UniqueIndex, ...],
) -> dict[str, TargetColumn]:
    rows = list(layers[0].columns.values())
    keys = {name for index in indexes for name in index.columns}
    if not kind_of(layers).has_indexes:  # any column may be the key
        keys = {row[0] for row in rows}
    equality = _key_equality(connection, [row for row in rows if row[0] in keys])
    made_of = definitions(connection, [row[12] for row in rows])
    return {
        row[0]: _column(row, layers[-1].stored(row[0]), parts, equality.get(row[0]))
        for row, parts in zip(rows, made_of, strict=True)
    }


def own_model(target: Target, columns: Sequence[str], key: Sequence[str]) -> Relation:
    """What a model would be whose columns have the types of a table's own.

    Args:
        target: the table.
        columns: names of the model's columns; one that the table does not have is text.
        key: those that identify a row.
    """

    def type_of(name: str) -> str:
        return target.columns[name].plain if name in target.columns else "text"

    found = [target.columns.get(name) for name in key]
    return Relation(
        columns=tuple(Column(name, type_of(name)) for name in columns),
        definitions=tuple(
            target.columns[name].definition if name in target.columns else () for name in columns
        ),
        key=tuple(key),
        key_operators=tuple(c.equality if c else "pg_catalog" for c in found),
        key_equality=tuple((c.key if c else None) or Equality(True) for c in found),
        unique_key=False,
    )


def no_table(session: Session, connection: psycopg.Connection[Any], name: str) -> DestinationError:
    """The error for a table that is not there; lists those of similar name.

    Args:
        session: on the destination.
        connection: a transaction of it.
        name: `schema.table`.
    """
    schema, table = split_qualified(name)
    similar = _all(connection, "target_like.sql", {"schema": schema, "table": table})
    hint = f"; similar: {', '.join(row[0] for row in similar)}" if similar else ""
    return DestinationError(
        f"{session.name}: there is no table {schema}.{table}{hint}",
        "create it first, or let the sync do so (create_table: true), or correct `table`",
    )


def _key_equality(
    connection: psycopg.Connection[Any], columns: Sequence[Row]
) -> dict[str, Equality]:
    """When two values are one key, for columns by which rows may be found."""
    if not columns:
        return {}
    types, modifiers, collations = zip(*(one[12:15] for one in columns), strict=True)
    found = equalities(connection, types, modifiers, collations)
    return dict(zip((one[0] for one in columns), found, strict=True))


def _column(row: Row, stored: Row | None, parts: Definition, key: Equality | None) -> TargetColumn:
    """A column as it is named, with the nature of the one that holds its values."""
    real = row if stored is None else stored
    rights = zip(("INSERT", "UPDATE", "SELECT"), row[9:12], strict=True)
    return TargetColumn(
        Column(row[0], row[1], real[2]),
        is_generated=stored is None or real[3],
        is_identity_always=real[4] == "a",
        has_default=row[5] or real[5],
        base_type=tuple(row[6]),
        modifier=row[7],
        equality=row[8],
        missing=tuple(right for right, held in rights if not held),
        plain=row[15],
        definition=parts,
        type_oid=row[12],
        key=key,
        closed_sequence=tuple(real[16]) if real[16] else None,
    )


def _all(
    connection: psycopg.Connection[Any], name: str, values: dict[str, Any]
) -> list[tuple[Any, ...]]:
    return connection.execute(statement(__package__, name), values).fetchall()


def _one(
    connection: psycopg.Connection[Any], name: str, values: dict[str, Any]
) -> tuple[Any, ...] | None:
    return connection.execute(statement(__package__, name), values).fetchone()
