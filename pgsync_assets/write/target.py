"""The destination table as its catalog describes it, and whether it can take our rows.

Everything is read from pg_catalog: information_schema hides unique indexes, and columns without
privilege (trap 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from ..config import split_qualified
from ..connect import READ_ONLY, Session
from ..errors import DestinationError
from ..model import Definition, Equality, definitions, equalities
from ..outcome import Column
from ..sql import relation, statement


@dataclass(frozen=True)
class TargetColumn:
    """A column of the destination.

    Args:
        column: name, type and nullability.
        is_generated: computed by PostgreSQL; cannot be written (trap 17).
        is_identity_always: GENERATED ALWAYS AS IDENTITY: can be inserted, not updated (trap 18).
        has_default: a row may be inserted without it.
        base: `schema.type` under any domain.
        modifier: the type's modifier under any domain; -1 for none.
        equality: schema of the type's equality operator.
        missing: rights that our role lacks on it, of INSERT, UPDATE, SELECT.
        plain: type under any domain, as a cast in a model spells it.
        definition: what its type is made of.
        key: when two of its values are one key; None where no unique index has it.
        closed_sequence: schema and name of one that its default draws from and our role may not.
    """

    column: Column
    is_generated: bool
    is_identity_always: bool
    has_default: bool
    base: str
    modifier: int
    equality: str
    missing: tuple[str, ...]
    plain: str
    definition: Definition
    key: Equality | None = None
    closed_sequence: tuple[str, ...] | None = None


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
        kind: `relkind` of pg_class.
        has_row_security: policies apply to our role: writes could vanish silently (trap 25).
        has_rules: it has rules (trap 3).
        may_delete: our role has DELETE.
        may_use_schema: our role has USAGE on the schema.
        may_use_temporary: our role may create temporary tables in the database.
        may_use_staging: our role may create tables in the schema for that.
        database: name of the database.
        user: our role.
        columns: by name.
        indexes: unique indexes and exclusion constraints, the primary key first.
        staging: name of the schema for tables that would be temporary else, where there is one.
    """

    schema: str
    table: str
    kind: str
    has_row_security: bool
    has_rules: bool
    may_delete: bool
    may_use_schema: bool
    may_use_temporary: bool
    may_use_staging: bool
    database: str
    user: str
    columns: dict[str, TargetColumn]
    indexes: tuple[UniqueIndex, ...]
    staging: str | None

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
    "kind",
    "has_row_security",
    "has_rules",
    "may_delete",
    "may_use_schema",
    "may_use_temporary",
    "may_use_staging",
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
    key = {"relation": row[0]}
    columns = _all(connection, "target_columns.sql", key)
    found = _all(connection, "target_indexes.sql", key)
    indexes = tuple(
        UniqueIndex(i[0], tuple(i[1]), i[2], i[3], i[4], tuple(i[5]), i[6]) for i in found
    )
    equality = _key_equality(connection, columns, indexes)
    made_of = definitions(connection, [row[12] for row in columns])
    facts: dict[str, Any] = dict(zip(_FACTS, row[1:], strict=True))
    return Target(
        schema=schema,
        table=table,
        columns={
            row[0]: _column(row, parts, equality.get(row[0]))
            for row, parts in zip(columns, made_of, strict=True)
        },
        indexes=indexes,
        staging=staging,
        **facts,
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
    connection: psycopg.Connection[Any],
    columns: list[tuple[Any, ...]],
    indexes: tuple[UniqueIndex, ...],
) -> dict[str, Equality]:
    """When two values are one key, for the columns of unique indexes."""
    names = {name for index in indexes for name in index.columns}
    asked = {row[0]: row[12:15] for row in columns if row[0] in names}
    if not asked:
        return {}
    types, modifiers, collations = zip(*asked.values(), strict=True)
    found = equalities(connection, types, modifiers, collations)
    return dict(zip(asked, found, strict=True))


def _column(row: tuple[Any, ...], parts: Definition, key: Equality | None) -> TargetColumn:
    rights = zip(("INSERT", "UPDATE", "SELECT"), row[9:12], strict=True)
    return TargetColumn(
        Column(row[0], row[1], row[2]),
        is_generated=row[3],
        is_identity_always=row[4] == "a",
        has_default=row[5],
        base=row[6],
        modifier=row[7],
        equality=row[8],
        missing=tuple(right for right, held in rights if not held),
        plain=row[15],
        definition=parts,
        key=key,
        closed_sequence=tuple(row[16]) if row[16] else None,
    )


def _all(
    connection: psycopg.Connection[Any], name: str, values: dict[str, Any]
) -> list[tuple[Any, ...]]:
    return connection.execute(statement(__package__, name), values).fetchall()


def _one(
    connection: psycopg.Connection[Any], name: str, values: dict[str, Any]
) -> tuple[Any, ...] | None:
    return connection.execute(statement(__package__, name), values).fetchone()
